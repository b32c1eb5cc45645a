import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Split } from '@mammoscope/imaging';
import type { SplitRow } from '../data/training-images.ts';
import { balancedCopies, classesOf, obstacleTo, SPPNET_MEMBERS } from './sppnet-members.ts';

const row = (line: number, more: Partial<SplitRow> = {}): SplitRow => ({
  ...{ line, patientId: `p${line}`, path: `${line}.png`, absolutePath: `/${line}.png`, modality: 'DM' },
  ...{ label: 'malignant', laterality: 'L', split: 'train', other: {} },
  ...more,
});
const box = [0, 0, 4, 4] as const;

test('a film is one row, malignant where one of its lesions is, and a film without one is benign', () => {
  const rows = [
    row(1, { label: 'benign', box, lesionId: 'a' }),
    row(2, { patientId: 'p1', path: '1.png', absolutePath: '/1.png', box, lesionId: 'b' }),
    row(3, { label: 'normal' }),
    row(4, { label: 'benign', box, split: 'val' }),
  ];
  assert.deepEqual(
    SPPNET_MEMBERS.sppnet
      .rowsOf(rows)
      .map(({ line, label, split, box: own, lesionId }) => [line, label, split, own, lesionId]),
    [
      [1, 'malignant', 'train', undefined, undefined],
      [3, 'benign', 'train', undefined, undefined],
      [4, 'benign', 'val', undefined, undefined],
    ],
  );
});

test('patches are the malignant boxes of known type or receptor; microinvasion goes to either side', () => {
  const rows = [
    row(1, { box, pathology: 'invasive', erStatus: '80%' }),
    row(2, { box, pathology: 'dcis with microinvasion', erStatus: 'negative' }),
    row(3, { box, pathology: 'pure dcis' }),
    row(4, { pathology: 'invasive', erStatus: 'positive' }), // no box
    row(5, { box, label: 'benign', pathology: 'invasive', erStatus: 'positive' }),
    row(6, { box }),
  ];
  const of = (name: 'invasive-or-pure-dcis' | 'invasive-or-dcis' | 'er-status') => {
    const member = SPPNET_MEMBERS[name];
    const own = member.rowsOf(rows);
    return own.map(({ line }, i) => [line, classesOf(member, own)[i]]);
  };
  assert.deepEqual(of('invasive-or-pure-dcis'), [
    [1, 0],
    [2, 0],
    [3, 1],
  ]);
  assert.deepEqual(of('invasive-or-dcis'), [
    [1, 0],
    [2, 1],
    [3, 1],
  ]);
  assert.deepEqual(of('er-status'), [
    [1, 0],
    [2, 1],
  ]);
  assert.throws(() => SPPNET_MEMBERS['er-status'].rowsOf([row(7, { box, erStatus: 'weak' })]), {
    code: 'data-unusable',
    message: /line 7/,
  });
});

test('rows of the rarer class come as often as makes both count alike', () => {
  // Section 3.4, training set: 2245 invasive and 201 DCIS patches.
  const classes = [...new Array(2245).fill(0), ...new Array(201).fill(1)] as (0 | 1)[];
  assert.deepEqual(balancedCopies(classes), [1, 11]);
  assert.deepEqual(balancedCopies([1, 1, 1, 1, 0, 0]), [2, 1]);
});

test('what a member lacks is told: a class in training or validation, or a batch', () => {
  const member = SPPNET_MEMBERS['er-status'];
  const rows = (['train', 'train', 'val', 'val'] as Split[]).map((split, i) =>
    row(i + 1, { split, box, erStatus: i % 2 === 0 ? 'positive' : 'negative' }),
  );
  const obstacle = (own: readonly SplitRow[], batch = 2) => obstacleTo(member, member.rowsOf(own), { batch });
  assert.equal(obstacle(rows), undefined);
  assert.equal(obstacle(rows, 3), '2 training patches do not fill one batch of 3');
  assert.match(
    obstacle(rows.slice(0, 3)) ?? '',
    /of 1 validation patches 1 are of class "ER-positive" and 0 of "ER-negative"/,
  );
  assert.match(obstacle(rows.slice(1)) ?? '', /of 1 training patches 0 are of class "ER-positive"/);
});
