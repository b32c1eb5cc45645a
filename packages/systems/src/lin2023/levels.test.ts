import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Laterality, ManifestRow } from '@mammoscope/imaging';
import type { Detected } from '../detection/detections.ts';
import { imageDecision } from './decisions.ts';
import { frocOf } from './froc.ts';
import {
  breastCases,
  classFigures,
  imageCases,
  judgeBreasts,
  type LevelCase,
  lesionCases,
  measureLevel,
} from './levels.ts';
import { classIndex, type LesionClass, PRESETS } from './recipe.ts';
import type { ScoredFilm } from './score-films.ts';

const box = (score: number, name: LesionClass, at: Detected['box'] = [0, 0, 10, 10]): Detected => ({
  box: at,
  class: classIndex(name),
  score,
});

/** A film of a patient's breast with candidates, those above 0.3 as boxes, and malignant lesions where told. */
function film(
  patientId: string,
  laterality: Laterality | undefined,
  candidates: readonly Detected[],
  lesions: ScoredFilm['lesions'] = [],
): ScoredFilm {
  const boxes = candidates.filter(({ score }) => score > 0.3);
  return {
    film: {
      path: `${patientId}-${laterality}-${candidates.length}-${lesions.length}.png`,
      patientId,
      ...(laterality ? { laterality } : {}),
      lesions: [],
      malignant: lesions.some(({ label }) => label === 'malignant'),
      row: { line: 2 } as ManifestRow,
    },
    ...{ width: 100, height: 100, cropPx: [0, 0, 100, 100], lesions, candidates, boxes },
    decision: imageDecision(boxes, candidates),
  };
}

test('table 2, breast level of the test set: its counts give its accuracy, precision, sensitivity and F1', () => {
  // 213 benign and 225 malignant breasts (table 1), sensitivities of 0.6667 and 0.7778
  const figures = classFigures({ tn: 142, fp: 71, tp: 175, fn: 50 });
  const shown = Object.values(figures).map(({ precision, sensitivity, f1 }) =>
    [precision, sensitivity, f1].map((value) => value?.toFixed(4)),
  );
  assert.deepEqual(shown, [
    ['0.7396', '0.6667', '0.7012'],
    ['0.7114', '0.7778', '0.7431'],
  ]);
  assert.equal(((142 + 175) / 438).toFixed(4), '0.7237');
  assert.deepEqual(classFigures({ tn: 3, fp: 0, tp: 0, fn: 0 }).malignant, {
    precision: null,
    sensitivity: null,
    f1: null,
  });
});

test('films are joined by patient and breast, two views by the rule; a film without a side is in no breast', () => {
  const malignant = { box: [0, 0, 10, 10], label: 'malignant' } as const;
  const films = [
    film('p1', 'L', [box(0.45, 'malignant')], [malignant]),
    film('p1', 'R', [box(0.2, 'malignant')]),
    film('p1', 'L', [box(0.9, 'benign')]),
    film('p2', undefined, [box(0.9, 'malignant')]),
    film('p3', 'L', [box(0.8, 'malignant'), box(0.6, 'malignant')]),
  ];
  const breasts = judgeBreasts(films, PRESETS.paper);
  assert.deepEqual(
    breasts.map(({ patientId, laterality, views, malignant: truth, decision: { status, rule } }) => [
      ...[patientId, laterality, views.length, truth, status, rule],
    ]),
    [
      ['p1', 'L', 2, true, 'benign', 'malignant view not above one half'],
      ['p1', 'R', 1, false, 'benign', 'one view'],
      ['p3', 'L', 1, false, 'malignant', 'one view'],
    ],
  );
  // Films are ranked by candidates below the threshold too.
  assert.deepEqual(
    imageCases(films).map(({ score, called }) => [score, called]),
    [
      [0.45, true],
      [0.2, false],
      [0, false],
      [0.9, true],
      [0.8, true],
    ],
  );
  assert.deepEqual(
    breastCases(breasts).map(({ positive, called, score }) => [positive, called, score]),
    [
      [true, false, 0.45],
      [false, false, 0.2],
      [false, true, 0.8],
    ],
  );
});

test('lesions that a box overlaps are cases, the others are counted', () => {
  const lesions = [
    { box: [0, 0, 10, 10], label: 'malignant' },
    { box: [50, 50, 60, 60], label: 'benign' },
  ] as const;
  const { cases, unmatched } = lesionCases([film('p1', 'L', [box(0.7, 'benign', [2, 0, 10, 10])], lesions)]);
  assert.deepEqual(
    cases.map(({ positive, called }) => [positive, called]),
    [[true, false]],
  );
  assert.ok(Math.abs((cases[0]?.score ?? 0) - 0.3) < 1e-12);
  assert.equal(unmatched, 1);
});

test('a level is measured with two patients of each kind, its intervals by patient where some have several cases', () => {
  const of = (patientId: string, positive: boolean, score: number): LevelCase => ({
    ...{ patientId, positive, score, called: score > 0.5 },
  });
  const cases = [of('a', true, 0.9), of('b', true, 0.4), of('c', false, 0.2), of('d', false, 0.6)];
  const level = { level: 'breast', leftOut: 0, cutoff: () => 0.3, seed: 1 } as const;
  const measure = (own: readonly LevelCase[]) => measureLevel({ ...level, models: new Map([['detector', own]]) });
  const metrics = measure(cases);
  assert.equal(metrics?.clusters, undefined);
  const [model] = metrics?.models ?? [];
  assert.equal(model?.auc.auc, 0.75); // 3 of 4 pairs in order
  const { tp, fp, fn, tn } = model?.atCutoff ?? {};
  assert.deepEqual([tp, fp, fn, tn], [1, 1, 1, 1]);
  // Of the cut-offs between these scores 0.9 has the largest Youden index, as 0.4 has; the higher comes first.
  const chosen = measureLevel({ ...level, cutoff: 'test', models: new Map([['detector', cases]]) })?.models[0];
  assert.deepEqual([chosen?.cutoff, chosen?.called, chosen?.atCutoff.tp], [0.9, [true, false, false, false], 1]);
  assert.equal(measure([...cases, of('a', false, 0.1)])?.clusters?.length, 5);
  assert.equal(
    measure([of('a', true, 0.9), of('a', true, 0.8), ...cases.slice(2)]),
    undefined,
    'one malignant patient',
  );
});

test('FROC: a film with 10,000 boxes, films without boxes or lesions, and lesions of both classes', () => {
  const malignant = { box: [10, 10, 30, 30], label: 'malignant' } as const;
  const benign = { box: [60, 60, 80, 80], label: 'benign' } as const;
  const many = Array.from({ length: 10_000 }, (_, i) => box(0.06, 'malignant', [i % 90, 40, (i % 90) + 5, 45]));
  const films = [
    film('p1', 'L', [box(0.9, 'malignant', [10, 10, 30, 28])], [malignant, benign]),
    film('p2', 'L', [box(0.8, 'malignant', [12, 10, 30, 30]), box(0.7, 'benign', [0, 0, 5, 5])], [malignant]),
    film('p3', 'L', []),
    film('p4', 'L', many),
  ];
  const curves = frocOf(films, 1);
  const [one, any] = (['malignant', 'any'] as const).map((kind) =>
    curves.find(({ lesionsOf, size }) => lesionsOf === kind && size === 'all'),
  );
  assert.deepEqual([one?.lesions, one?.volumes], [2, 4]);
  assert.ok(one?.sensitivities.every(({ sensitivity }) => sensitivity === 1));
  // One false positive in four films and two of three lesions found; the third has no box.
  assert.deepEqual([any?.lesions, any?.sensitivities[1]?.sensitivity], [3, 2 / 3]);
  assert.deepEqual(frocOf([film('p3', 'L', [])], 1), []);
});

test('FROC by size: boxes that find lesions of another size do not count, those that find none are false positives of every size', () => {
  const of = (label: LesionClass, at: Detected['box']) => ({ box: at, label });
  const films = [
    // A small lesion is found, a medium one not; one box finds nothing.
    film(
      'p1',
      'L',
      [box(0.9, 'malignant', [0, 0, 20, 20]), box(0.8, 'malignant', [80, 0, 95, 15])],
      [of('malignant', [0, 0, 20, 20]), of('malignant', [30, 30, 80, 80])],
    ),
    // A medium one is found first, by the surest box of all.
    film('p2', 'L', [box(0.95, 'malignant', [20, 20, 80, 80])], [of('malignant', [20, 20, 80, 80])]),
  ];
  const told = frocOf(films, 1)
    .filter(({ lesionsOf }) => lesionsOf === 'malignant')
    .map(({ size, lesions, points }) => [size, lesions, points.map((at) => [at.falsePositives, at.sensitivity])]);
  assert.deepEqual(told, [
    [
      'all',
      3,
      [
        [0, 0],
        [0, 1 / 3],
        [0, 2 / 3],
        [0.5, 2 / 3],
      ],
    ],
    [
      'small',
      1,
      [
        [0, 0],
        [0, 1],
        [0.5, 1],
      ],
    ],
    [
      'medium',
      2,
      [
        [0, 0],
        [0, 0.5],
        [0.5, 0.5],
      ],
    ],
  ]);
});
