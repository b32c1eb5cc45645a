import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '@mammoscope/random';
import { foldsByPatient, type SplitRow, splitByPatient } from './split.ts';

const fractions = { train: 0.7, val: 0.15, test: 0.15 };

/** A cohort: how many patients have each set of labels, a row a label. */
function cohort(compositions: Readonly<Record<string, number>>): SplitRow[] {
  return Object.entries(compositions).flatMap(([labels, count]) =>
    Array.from({ length: count }, (_, i) =>
      labels.split('+').map((label) => ({ patientId: `${labels}-${i}`, label })),
    ).flat(),
  );
}

/** Patients of a split, of one composition where named. */
function patientsIn(rows: readonly SplitRow[], split: string, composition = ''): number {
  return new Set(
    rows.filter((row) => row.split === split && row.patientId.startsWith(composition)).map((row) => row.patientId),
  ).size;
}

test('no patient is in two splits, shares are kept overall and in every composition', () => {
  const rows = splitByPatient(cohort({ normal: 100, malignant: 40, 'normal+malignant': 60 }), { seed: 1, fractions });
  const perPatient = Map.groupBy(rows, (row) => row.patientId);
  for (const some of perPatient.values()) assert.equal(new Set(some.map((row) => row.split)).size, 1);
  for (const [composition, count] of [
    ['normal-', 100],
    ['malignant-', 40],
    ['normal+malignant-', 60],
    ['', 200],
  ] as const) {
    for (const split of ['train', 'val', 'test'] as const) {
      const got = patientsIn(rows, split, composition);
      assert.ok(Math.abs(got - fractions[split] * count) <= 1.5, `${got} of ${count} ${composition} in ${split}`);
    }
  }
});

test('the seed decides, not the order of rows; rows keep their order and fields', () => {
  const rows = cohort({ normal: 30, malignant: 20 }).map((row, i) => ({ ...row, line: i }));
  const split = (some: readonly SplitRow[], seed: number) =>
    Object.fromEntries(splitByPatient(some, { seed, fractions }).map((row) => [row.patientId, row.split]));
  assert.deepEqual(split(new RandomStream(1).shuffle(rows), 3), split(rows, 3));
  assert.notDeepEqual(split(rows, 4), split(rows, 3));
  assert.deepEqual(
    splitByPatient(rows, { seed: 3, fractions }).map((row) => row.line),
    rows.map((row) => row.line),
  );
});

test('every class reaches every split as soon as it has three patients, whatever the mixture', () => {
  const random = new RandomStream(8, 'split test');
  for (let seed = 0; seed < 60; seed++) {
    const compositions = {
      normal: random.integer(3, 40),
      benign: random.integer(3, 6),
      malignant: random.integer(3, 6),
      'normal+malignant': random.integer(0, 9),
      'benign+malignant': random.integer(0, 3),
    };
    const rows = splitByPatient(cohort(compositions), { seed, fractions });
    for (const split of ['train', 'val', 'test']) {
      const labels = new Set(rows.filter((row) => row.split === split).map((row) => row.label));
      assert.equal(labels.size, 3, `${JSON.stringify(compositions)} ${split}: ${[...labels]}`);
    }
  }
});

test('too few patients of a class is an error that names it', () => {
  const rows = cohort({ normal: 20, malignant: 2 });
  assert.throws(() => splitByPatient(rows, { seed: 1, fractions }), {
    code: 'split-impossible',
    message: /class malignant has 2 patients, too few for one in each of train, val, test/,
  });
  const without = splitByPatient(rows, { seed: 1, fractions: { train: 0.5, val: 0, test: 0.5 } });
  assert.deepEqual([patientsIn(without, 'val'), patientsIn(without, 'test', 'malignant')], [0, 1]);
});

test('rows that carry a split keep it', () => {
  const given = cohort({ normal: 6, malignant: 6 }).map((row, i) => ({
    ...row,
    split: (['train', 'val', 'test'] as const)[i % 3] as 'train',
  }));
  assert.deepEqual(splitByPatient(given, { seed: 1, fractions }), given);
});

test('train and test without val: val comes from train patients, test stays', () => {
  const rows = cohort({ normal: 60, malignant: 30 });
  const given = rows.map((row, i) => ({ ...row, split: i % 3 === 0 ? ('test' as const) : ('train' as const) }));
  const split = splitByPatient(given, { seed: 1, fractions: { train: 0.75, val: 0.25, test: 0 } });
  assert.deepEqual(
    split.map((row) => row.split === 'test'),
    given.map((row) => row.split === 'test'),
  );
  assert.deepEqual([patientsIn(split, 'val'), patientsIn(split, 'train')], [15, 45]);
  assert.equal(patientsIn(split, 'val', 'malignant'), 5);
  const kept = splitByPatient(given, { seed: 1, fractions: { train: 1, val: 0, test: 0 } });
  assert.deepEqual(kept, given);
});

test('splits carried in part, a patient in two, and fractions that make no sense are refused', () => {
  const rows = cohort({ normal: 4, malignant: 4 });
  const some = rows.map((row, i) => (i === 0 ? { ...row, split: 'train' as const } : row));
  assert.throws(() => splitByPatient(some, { seed: 1, fractions }), {
    code: 'split-impossible',
    message: /1 of 8 rows/,
  });
  const both = [...rows, ...rows].map((row, i) => ({ ...row, split: i < 8 ? ('train' as const) : ('test' as const) }));
  assert.throws(() => splitByPatient(both, { seed: 1, fractions }), {
    code: 'split-impossible',
    message: /in split train and in test/,
  });
  for (const wrong of [
    { train: 0.5, val: 0.5, test: 0.5 },
    { train: 0, val: 0.5, test: 0.5 },
    { train: 1.5, val: -0.5, test: 0 },
  ]) {
    assert.throws(() => splitByPatient(rows, { seed: 1, fractions: wrong }), { code: 'option-invalid' });
  }
});

test('folds: each patient in one, sizes and compositions within one patient, the same for a seed and any order', () => {
  const rows = cohort({ normal: 43, malignant: 17, 'normal+malignant': 11 });
  const folded = foldsByPatient(rows, { seed: 5, folds: 4 });
  const foldOf = new Map(folded.map(({ patientId, fold }) => [patientId, fold]));
  assert.ok(folded.every(({ patientId, fold }) => foldOf.get(patientId) === fold && fold !== undefined));
  for (const [composition, count] of [
    ['', 71],
    ['normal-', 43],
    ['malignant-', 17],
    ['normal+malignant-', 11],
  ] as const) {
    const sizes = [0, 1, 2, 3].map(
      (fold) => [...foldOf].filter(([id, other]) => other === fold && id.startsWith(composition)).length,
    );
    assert.equal(
      sizes.reduce((a, b) => a + b, 0),
      count,
    );
    assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 2, `${composition} ${sizes}`);
  }
  const shuffled = foldsByPatient(new RandomStream(2).shuffle(rows), { seed: 5, folds: 4 });
  assert.ok(shuffled.every(({ patientId, fold }) => foldOf.get(patientId) === fold));
  const other = foldsByPatient(rows, { seed: 6, folds: 4 });
  assert.ok(other.some(({ patientId, fold }) => foldOf.get(patientId) !== fold));
});

test('patients of the test split are in no fold, and a class with fewer patients than folds is refused', () => {
  const rows = splitByPatient(cohort({ normal: 20, malignant: 9 }), { seed: 1, fractions });
  const folded = foldsByPatient(rows, { seed: 1, folds: 3 });
  assert.ok(folded.every(({ split, fold }) => (split === 'test') === (fold === undefined)));
  const patients = new Set(folded.filter(({ split }) => split !== 'test').map(({ patientId }) => patientId)).size;
  const sizes = [0, 1, 2].map(
    (fold) => new Set(folded.filter((row) => row.fold === fold).map(({ patientId }) => patientId)).size,
  );
  assert.ok(
    sizes.every((size) => Math.abs(size - patients / 3) < 1),
    `${sizes}`,
  );
  assert.throws(() => foldsByPatient(cohort({ normal: 9, malignant: 4 }), { seed: 1, folds: 5 }), {
    code: 'split-impossible',
    message: /class malignant has 4 patients, .*fold 0.*use fewer folds/,
  });
  for (const folds of [1, 2.5]) {
    assert.throws(() => foldsByPatient(rows, { seed: 1, folds }), { code: 'option-invalid' });
  }
});
