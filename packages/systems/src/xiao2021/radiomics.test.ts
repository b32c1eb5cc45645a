import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '@mammoscope/random';
import { auc } from '@mammoscope/stats';
import {
  compareRadiomics,
  RADIOMICS_DOMAINS,
  type RadiomicsRoi,
  radiomicsCases,
  scoreRadiomics,
  trainRadiomics,
} from './radiomics.ts';
import { foldsFor } from './radiomics-scores.ts';

const SIDE = 20;
const DEPTH = 5;

/** A region with specks on a noisy ground; those of malignant lesions are more, and unequal. */
function roi(patient: number, view: number): RadiomicsRoi {
  const random = new RandomStream(7, 'radiomics roi', patient, view);
  const malignant = patient % 2 === 1;
  const slices = Array.from({ length: DEPTH }, () => ({
    width: SIDE,
    height: SIDE,
    data: Float32Array.from({ length: SIDE * SIDE }, () => random.normal(100, 10)),
  }));
  for (let k = 0; k < (malignant ? 9 : 4); k++) {
    const at = random.integer(2, SIDE - 4) * SIDE + random.integer(2, SIDE - 4);
    const peak = random.uniform(malignant ? 40 : 90, malignant ? 160 : 110);
    for (const slice of slices.slice(1, 4))
      for (const step of [0, 1, SIDE, SIDE + 1]) slice.data[at + step] = (slice.data[at + step] as number) + peak;
  }
  return { patientId: `p${patient}`, malignant, slices, focus: 2 };
}

const cohort = async (from: number, to: number) =>
  radiomicsCases(
    Array.from({ length: to - from }, (_, i) => from + i).flatMap((patient) => [roi(patient, 0), roi(patient, 1)]),
  );
const [training, held] = await Promise.all([cohort(0, 24), cohort(24, 44)]);
const options = { seed: 1, folds: 4, trees: 100 };

test('Xiao 2021, Table 6: 2D, 3D and combined features, selected by LASSO and judged by a forest, tell lesions apart', () => {
  const results = compareRadiomics(training, held, options);
  assert.deepEqual(
    results.map(({ model }) => model.domain),
    [...RADIOMICS_DOMAINS],
  );
  const labels = held.map(({ malignant }) => malignant);
  for (const { model, scores } of results) {
    const area = auc(scores, labels);
    assert.ok(area > 0.85, `${model.domain}: AUC ${area}`);
    assert.ok(model.selected.length > 0 && model.selected.length < training.length);
    assert.ok(scores.every((score) => score >= 0 && score <= 1));
  }
  const [plane, volume, combined] = results.map(({ model }) => model);
  assert.ok(plane?.selected.every((name) => /^2d-(focus|mip)_/.test(name)));
  assert.ok(volume?.selected.every((name) => name.startsWith('3d_')));
  assert.equal(combined?.offered, (plane?.offered ?? 0) + (volume?.offered ?? 0));
});

test('scores depend on the seed, and on no other test region', () => {
  const model = trainRadiomics(training, '3d', options);
  assert.deepEqual(scoreRadiomics(model, held), scoreRadiomics(trainRadiomics(training, '3d', options), held));
  assert.deepEqual(scoreRadiomics(model, held.slice(5, 6)), scoreRadiomics(model, held).subarray(5, 6));
  assert.equal(scoreRadiomics(model, []).length, 0);
  const other = trainRadiomics(training, '3d', { ...options, seed: 2 });
  assert.notDeepEqual(scoreRadiomics(other, held), scoreRadiomics(model, held));
});

test('labels that nothing follows give AUCs about a half, or the share of malignant regions where nothing is selected', () => {
  const random = new RandomStream(11, 'shuffled labels');
  const truth = new Map(training.map(({ patientId }) => [patientId, random.chance(0.5)]));
  const shuffled = training.map((each) => ({ ...each, malignant: truth.get(each.patientId) === true }));
  const model = trainRadiomics(shuffled, '3d', options);
  const scores = scoreRadiomics(model, held);
  if (model.forest) {
    const area = auc(
      scores,
      held.map(({ malignant }) => malignant),
    );
    assert.ok(area > 0.1 && area < 0.9, `AUC ${area}`);
  } else assert.ok(scores.every((score) => score === model.malignantShare));
  const none = { ...model, forest: undefined, selected: [], malignantShare: 0.25 };
  assert.deepEqual([...scoreRadiomics(none, held.slice(0, 2))], [0.25, 0.25]);
});

test('a patient on both sides, too few patients for the folds and unlike features are refused', () => {
  assert.throws(() => compareRadiomics(training, training.slice(0, 1), options), {
    code: 'data-unusable',
    message: /patient p0 is among/,
  });
  assert.throws(() => trainRadiomics(training, '2d', { ...options, folds: 13 }), { code: 'stats/classes' });
  const model = trainRadiomics(training, '2d', options);
  assert.throws(() => scoreRadiomics(model, [{ patientId: 'p99', features: {} }]), {
    code: 'data-unusable',
    message: /patient p99 lacks the feature 2d-/,
  });
});

test('cross-validation has ten folds, or as many as the smaller class has patients', () => {
  const patients = (benign: number, malignant: number) =>
    Array.from({ length: benign + malignant }, (_, i) => ({ patientId: `p${i}`, malignant: i >= benign }));
  assert.equal(foldsFor([...patients(12, 30), ...patients(12, 30)]), 10);
  assert.equal(foldsFor([...patients(3, 8), ...patients(3, 8)]), 3);
  assert.equal(foldsFor(patients(8, 4)), 4);
  // a patient with a lesion of each class counts as positive
  assert.equal(foldsFor([...patients(8, 4), { patientId: 'p0', malignant: true }]), 5);
});
