import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertClose } from '../../tests/tolerance.ts';
import { type ImageRow, type LevelRule, toLevel } from './levels.ts';
import { bands, rowsOf, subgroups } from './subgroups.ts';

const rows: readonly ImageRow[] = [
  { patient: 'A', laterality: 'L', view: 'CC', lesion: 1, score: 0.6, label: 1 },
  { patient: 'A', laterality: 'L', view: 'MLO', lesion: 1, score: 0.2, label: 1 },
  { patient: 'A', laterality: 'R', view: 'CC', lesion: 1, score: 0.1, label: 0 },
  { patient: 'B', laterality: 'L', view: 'CC', lesion: 1, score: 0.3, label: 0 },
  { patient: 'B', laterality: 'L', view: 'MLO', lesion: 1, score: 0.4, label: 0 },
  { patient: 'A', laterality: 'R', view: 'MLO', lesion: 1, score: 0.2, label: 0 },
];

const scoresOf = (level: 'breast' | 'patient', rule: LevelRule) => toLevel(rows, level, rule).map(({ score }) => score);

test('breasts by each rule, by hand', () => {
  const expected: Readonly<Record<LevelRule, readonly number[]>> = {
    mean: [0.4, 0.15, 0.35],
    highest: [0.6, 0.2, 0.4],
    'malignant-first': [0.6, 0.1, 0.3], // views differ: the malignant one; both benign: the surer, least malignant
    majority: [0.5, 0, 0],
  };
  for (const [rule, values] of Object.entries(expected) as [LevelRule, readonly number[]][]) {
    scoresOf('breast', rule).forEach((score, k) => {
      assertClose(score, values[k] as number, 1e-12, `${rule} ${k}`);
    });
  }
  const breasts = toLevel(rows, 'breast', 'mean');
  assert.deepEqual(
    breasts.map(({ patient, laterality, label, rows: own }) => [patient, laterality, label, own]),
    [
      ['A', 'L', true, [0, 1]],
      ['A', 'R', false, [2, 5]],
      ['B', 'L', false, [3, 4]],
    ],
  );
});

test('both views malignant take the higher; the cut-off moves the vote', () => {
  const pair = [0.7, 0.9].map(
    (score, i): ImageRow => ({ patient: 1, laterality: 'L', view: String(i), score, label: true }),
  );
  assert.equal(toLevel(pair, 'breast', 'malignant-first')[0]?.score, 0.9);
  assert.equal(toLevel(pair, 'breast', 'majority')[0]?.score, 1);
  assert.equal(toLevel(pair, 'breast', 'majority', { cutoff: 0.8 })[0]?.score, 0.5);
  assert.equal(toLevel(pair, 'breast', 'malignant-first', { cutoff: 0.95 })[0]?.score, 0.7);
});

test('a patient is positive where one breast is; images stay as they are; every row is in one group', () => {
  const patients = toLevel(rows, 'patient', 'highest');
  assert.deepEqual(
    patients.map(({ patient, label, score }) => [patient, label, score]),
    [
      ['A', true, 0.6],
      ['B', false, 0.4],
    ],
  );
  const images = toLevel(rows, 'image', 'mean');
  assert.deepEqual(
    images.map(({ score }) => score),
    rows.map(({ score }) => score),
  );
  for (const level of ['image', 'breast', 'lesion', 'patient'] as const) {
    const members = toLevel(rows, level, 'mean').flatMap((row) => row.rows);
    assert.deepEqual(
      members.sort((a, b) => a - b),
      rows.map((_, i) => i),
    );
  }
});

test('one view a breast: every rule but the vote returns the score', () => {
  const single: ImageRow[] = [{ patient: 'C', laterality: 'L', score: 0.37, label: 0 }];
  for (const rule of ['mean', 'highest', 'malignant-first'] as const) {
    assert.equal(toLevel(single, 'breast', rule)[0]?.score, 0.37);
  }
});

test('a missing column, a lesion of two truths, NaN and unknown names are refused', () => {
  const first = rows[0] as ImageRow;
  assert.throws(() => toLevel([{ patient: 'A', score: 0.1, label: 0 }], 'breast', 'mean'), {
    code: 'stats/argument',
    message: /rows\[0\].*laterality/,
  });
  assert.throws(() => toLevel([first, { ...first, view: 'MLO', label: 0 }], 'lesion', 'mean'), {
    code: 'stats/cluster',
    message: /1 positive of 2 rows for patient "A"/,
  });
  assert.throws(() => toLevel([{ ...first, score: Number.NaN }], 'patient', 'mean'), { code: 'stats/score' });
  assert.throws(() => toLevel([{ ...first, label: 2 }], 'patient', 'mean'), { code: 'stats/label' });
  assert.throws(() => toLevel([{ ...first, patient: '' }], 'patient', 'mean'), { code: 'stats/argument' });
  assert.throws(() => toLevel(rows, 'patient', 'median' as LevelRule), { code: 'stats/argument', message: /majority/ });
});

test('subgroups hold every case once, in order, the missing last', () => {
  const vendor = ['GE', 'Siemens', undefined, 'GE', '', 'Fuji'];
  const groups = subgroups(vendor);
  assert.deepEqual(groups, [
    { name: 'Fuji', rows: [5] },
    { name: 'GE', rows: [0, 3] },
    { name: 'Siemens', rows: [1] },
    { name: 'missing', rows: [2, 4] },
  ]);
  assert.deepEqual(
    groups.map((group) => rowsOf([10, 11, 12, 13, 14, 15], group)),
    [[15], [10, 13], [11], [12, 14]],
  );
  assert.deepEqual(
    subgroups([10, 2, 10]).map(({ name }) => name),
    ['2', '10'],
  );
  assert.deepEqual(subgroups(['x', 'x', 'y'], [2, 1, 1]), [
    { name: 'x, 1', rows: [1] },
    { name: 'x, 2', rows: [0] },
    { name: 'y, 1', rows: [2] },
  ]);
  assert.throws(() => subgroups(['x'], [1, 2]), { code: 'stats/length' });
  assert.throws(() => subgroups(), { code: 'stats/argument' });
});

test('bands: an edge belongs above, names sort in order, the missing stays missing', () => {
  const ages = [39, 40, 49.9, 50, 120, null, undefined, Number.NaN, 100];
  const named = bands(ages, [40, 50, 100]);
  assert.deepEqual(named, [
    '<40',
    '40 to <50',
    '40 to <50',
    '50 to <100',
    '>=100',
    undefined,
    undefined,
    undefined,
    '>=100',
  ]);
  assert.deepEqual(
    subgroups(named).map(({ name }) => name),
    ['<40', '40 to <50', '50 to <100', '>=100', 'missing'],
  );
  assert.throws(() => bands(ages, [50, 40]), { code: 'stats/argument' });
  assert.throws(() => bands(ages, []), { code: 'stats/argument' });
});
