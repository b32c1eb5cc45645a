import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { RandomStream } from '@mammoscope/random';
import { type CohortPatch, drawPatch, drawPatchCohort, drawTissue } from './index.ts';

const sizePx = 60;
const cohort = drawPatchCohort({ patients: 40, seed: 5, sizePx });

/** Mann and Whitney's estimate of the area under the ROC curve. */
function auc(patches: readonly CohortPatch[], score: (plane: Float32Array) => number): number {
  const scores = (label: string) => patches.filter((patch) => patch.label === label).map(({ plane }) => score(plane));
  const [positives, negatives] = [scores('microcalcification'), scores('normal')];
  let wins = 0;
  for (const p of positives) for (const n of negatives) wins += p > n ? 1 : p === n ? 0.5 : 0;
  return wins / (positives.length * negatives.length);
}

/**
 * The fourth-brightest blob of a patch in units of its own noise: a speck-sized blob is the mean of 3 x 3 pixels less
 * the mean of 7 x 7. Dust counts for little, a cluster has at least four specks.
 */
function fourthBlob(plane: Float32Array): number {
  const boxMean = (at: number, reach: number) => {
    let sum = 0;
    for (let dy = -reach; dy <= reach; dy++) {
      for (let dx = -reach; dx <= reach; dx++) sum += plane[at + dy * sizePx + dx] as number;
    }
    return sum / (2 * reach + 1) ** 2;
  };
  const response = new Float32Array(plane.length);
  const inner: number[] = [];
  for (let y = 3; y < sizePx - 3; y++) for (let x = 3; x < sizePx - 3; x++) inner.push(y * sizePx + x);
  for (const at of inner) response[at] = boxMean(at, 1) - boxMean(at, 3);
  const sizes = inner.map((at) => Math.abs(response[at] as number)).sort((a, b) => a - b);
  const noise = sizes[Math.floor(sizes.length / 2)] as number;
  const neighbours = [-sizePx - 1, -sizePx, -sizePx + 1, -1, 1, sizePx - 1, sizePx, sizePx + 1];
  const peaks = inner
    .filter((at) => neighbours.every((step) => (response[at + step] as number) < (response[at] as number)))
    .map((at) => (response[at] as number) / noise);
  return peaks.sort((a, b) => b - a)[3] ?? 0;
}

test('neither mean, maximum nor contrast gives the class away, and counting specks does', () => {
  const mean = (plane: Float32Array) => plane.reduce((a, b) => a + b, 0) / plane.length;
  const variance = (plane: Float32Array) => {
    const centre = mean(plane);
    return plane.reduce((sum, value) => sum + (value - centre) ** 2, 0) / plane.length;
  };
  const areas = [mean, (plane: Float32Array) => Math.max(...plane)].map((score) => auc(cohort, score));
  for (const area of areas) assert.ok(area > 0.4 && area < 0.7, `area ${area}`);
  const spread = auc(cohort, variance);
  assert.ok(spread > 0.4 && spread < 0.75, `area of the variance ${spread}`);
  const specks = auc(cohort, fourthBlob);
  assert.ok(specks > 0.9, `area of the fourth blob ${specks}`);
});

/** A patch in one line, which a failing comparison can print. */
function digest({ plane, ...row }: CohortPatch): string {
  return `${JSON.stringify(row)} ${createHash('sha256').update(new Uint8Array(plane.buffer)).digest('hex')}`;
}

test('a cohort repeats with its seed, and a larger one begins with the same patches', () => {
  const small = drawPatchCohort({ patients: 2, seed: 5, sizePx });
  assert.deepEqual(small.map(digest), cohort.slice(0, small.length).map(digest));
  const other = drawPatchCohort({ patients: 2, seed: 6, sizePx });
  assert.notEqual(other.map(digest)[0], small.map(digest)[0]);
});

test('every patient has both classes, every file its own name, every value is a grey level', () => {
  const patients = Map.groupBy(cohort, (patch) => patch.patientId);
  assert.equal(patients.size, 40);
  for (const patches of patients.values()) {
    assert.equal(new Set(patches.map((patch) => patch.label)).size, 2);
    assert.ok(patches.length >= 4 && patches.length <= 10);
  }
  assert.equal(new Set(cohort.map((patch) => patch.fileName)).size, cohort.length);
  for (const { plane } of cohort) {
    assert.equal(plane.length, sizePx * sizePx);
    assert.ok(plane.every((value) => Number.isInteger(value) && value >= 0 && value <= 255));
  }
});

test('a cluster adds light to otherwise equal tissue', () => {
  const tissue = { ...drawTissue(new RandomStream(1)), exposure: 100, structure: 8, grain: 1 };
  const brightest = (kind: 'normal' | 'microcalcification') =>
    Array.from({ length: 8 }, (_, i) => drawPatch(new RandomStream(2, i), { sizePx, kind, tissue }))
      .map((plane) => plane.toSorted().at(-12) as number)
      .reduce((a, b) => a + b, 0);
  assert.ok(brightest('microcalcification') > brightest('normal') + 8 * 5);
});

test('sizes that make no sense are refused', () => {
  assert.throws(() => drawPatch(new RandomStream(1), { sizePx: 8, kind: 'normal' }), /at least 16 whole pixels, got 8/);
  assert.throws(() => drawPatchCohort({ patients: 0, seed: 1, sizePx }), /at least one patient, got 0/);
});
