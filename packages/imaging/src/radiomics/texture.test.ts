import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '@mammoscope/random';
import { glcmFeatures } from './glcm.ts';
import { glrlmFeatures } from './glrlm.ts';
import { glszmFeatures } from './glszm.ts';
import { discretise, MAX_LEVELS } from './grey-levels.ts';
import { GREATEST_COARSENESS, ngtdmFeatures } from './ngtdm.ts';
import { volumeOf } from './radiomics-fixture.ts';

const SIZE = [5, 9, 11] as const;
const [DEPTH, HEIGHT, WIDTH] = SIZE;
const LEVELS = 4;

/** Whole numbers from 1 to 4, in clumps, with a mask of about four in five. */
function speckled(seed: number) {
  const random = new RandomStream(seed, 'radiomics texture');
  const length = DEPTH * HEIGHT * WIDTH;
  const values: number[] = [];
  for (let i = 0; i < length; i++)
    values.push(i > 0 && random.chance(0.4) ? (values[i - 1] as number) : random.integer(1, LEVELS));
  const mask = values.map(() => (random.chance(0.8) ? 1 : 0));
  const at = (x: number, y: number, z: number) => {
    const i = (z * HEIGHT + y) * WIDTH + x;
    const within = x >= 0 && y >= 0 && z >= 0 && x < WIDTH && y < HEIGHT && z < DEPTH;
    return within && mask[i] ? (values[i] as number) : 0;
  };
  const levels = discretise(volumeOf(SIZE, values, mask), { method: 'width', width: 1, from: 1 });
  return { at, levels };
}

type Step = readonly [number, number, number];
const around = [-1, 0, 1];
const steps: Step[] = around
  .flatMap((z) => around.flatMap((y) => around.map((x): Step => [x, y, z])))
  .filter(([x, y, z]) => x !== 0 || y !== 0 || z !== 0);
const voxels: Step[] = Array.from({ length: DEPTH * HEIGHT * WIDTH }, (_, i) => [
  i % WIDTH,
  Math.floor(i / WIDTH) % HEIGHT,
  Math.floor(i / (WIDTH * HEIGHT)),
]);

const close = (got: number, expected: number, what: string) =>
  assert.ok(
    Math.abs(got - expected) <= 1e-9 * Math.max(1, Math.abs(expected)),
    `${what}: ${got}, expected ${expected}`,
  );

for (const seed of [1, 2, 3]) {
  test(`pairs, runs and zones of a speckled region as plain loops find them, seed ${seed}`, () => {
    const { at, levels } = speckled(seed);
    let [pairs, contrast] = [0, 0];
    let [runs, squares, shortHigh] = [0, 0, 0];
    for (const [x, y, z] of voxels) {
      const level = at(x, y, z);
      if (level === 0) continue;
      for (const [dx, dy, dz] of steps) {
        const other = at(x + dx, y + dy, z + dz);
        if (other === 0) continue;
        pairs++;
        contrast += (level - other) ** 2;
      }
      // Each run is met from both of its ends.
      for (const [dx, dy, dz] of steps) {
        if (at(x - dx, y - dy, z - dz) === level) continue;
        let length = 1;
        while (at(x + length * dx, y + length * dy, z + length * dz) === level) length++;
        runs++;
        squares += length ** 2;
        shortHigh += level ** 2 / length ** 2;
      }
    }
    close(glcmFeatures(levels).contrast, contrast / pairs, 'contrast');
    const rlm = glrlmFeatures(levels);
    close(rlm.longRunsEmphasis, squares / runs, 'long runs');
    close(rlm.shortRunHighGreyLevelEmphasis, shortHigh / runs, 'short runs of high levels');

    const seen = new Set<string>();
    const sizes: number[] = [];
    for (const start of voxels) {
      const level = at(...start);
      if (level === 0 || seen.has(start.join())) continue;
      const queue = [start];
      seen.add(start.join());
      for (let head = 0; head < queue.length; head++) {
        const [x, y, z] = queue[head] as Step;
        for (const [dx, dy, dz] of steps) {
          const next: Step = [x + dx, y + dy, z + dz];
          if (at(...next) !== level || seen.has(next.join())) continue;
          seen.add(next.join());
          queue.push(next);
        }
      }
      sizes.push(queue.length);
    }
    const szm = glszmFeatures(levels);
    close(szm.largeZoneEmphasis, sizes.reduce((sum, size) => sum + size ** 2, 0) / sizes.length, 'large zones');
    close(szm.smallZoneEmphasis, sizes.reduce((sum, size) => sum + 1 / size ** 2, 0) / sizes.length, 'small zones');
    close(szm.zonePercentage, sizes.length / levels.voxels, 'percentage');
  });

  test(`tone differences of a speckled region as plain loops find them, seed ${seed}`, () => {
    const { at, levels } = speckled(seed);
    const counts = [0, 0, 0, 0, 0];
    const sums = [0, 0, 0, 0, 0];
    for (const [x, y, z] of voxels) {
      const level = at(x, y, z);
      if (level === 0) continue;
      const near = steps.map(([dx, dy, dz]) => at(x + dx, y + dy, z + dz)).filter((value) => value > 0);
      if (near.length === 0) continue;
      const mean = near.reduce((sum, value) => sum + value, 0) / near.length;
      counts[level] = (counts[level] as number) + 1;
      sums[level] = (sums[level] as number) + Math.abs(level - mean);
    }
    const total = counts.reduce((sum, value) => sum + value, 0);
    const weighted = counts.reduce((sum, count, i) => sum + (count / total) * (sums[i] as number), 0);
    close(ngtdmFeatures(levels).coarseness, 1 / weighted, 'coarseness');
  });
}

test('a constant region, one voxel, and voxels that touch nothing have defined values', () => {
  const lonely = new Array<number>(60).fill(0).map((_, i) => (i === 0 || i === 59 ? 1 : 0));
  const single = lonely.map((_, i) => (i === 31 ? 1 : 0));
  const ramp = lonely.map((_, i) => i);
  const cases = [
    volumeOf([3, 4, 5], new Array(60).fill(7)),
    volumeOf([3, 4, 5], ramp, single),
    volumeOf([3, 4, 5], ramp, lonely),
  ].map((region) => discretise(region, { method: 'number', bins: 8 }));
  for (const levels of cases) {
    for (const features of [glcmFeatures, glrlmFeatures, glszmFeatures, ngtdmFeatures]) {
      for (const aggregation of ['2d-averaged', '2d-slice-merged', '2.5d-merged', '3d-averaged', '3d-merged'] as const)
        for (const [name, value] of Object.entries(features(levels, aggregation)))
          assert.ok(Number.isFinite(value), `${name}, ${aggregation}: ${value}`);
    }
  }
  const [constant, one, two] = cases.map((levels) => ({ glcm: glcmFeatures(levels), ngtdm: ngtdmFeatures(levels) }));
  assert.deepEqual(constant, one);
  assert.equal(constant?.glcm.correlation, 1);
  assert.equal(constant?.glcm.angularSecondMoment, 1);
  assert.equal(constant?.ngtdm.coarseness, GREATEST_COARSENESS);
  assert.equal(two?.glcm.angularSecondMoment, 0.5); // levels 1 and 8, each its own neighbour
});

test('fixed numbers of bins follow the definition of IBSI at their edges', () => {
  const levelsOf = (values: number[], bins: number) =>
    [...discretise(volumeOf([1, 1, values.length], values), { method: 'number', bins }).levels].filter(Boolean);
  // floor(N (x - min) / (max - min)) + 1, the maximum in the last bin
  assert.deepEqual(levelsOf([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 10), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10]);
  assert.deepEqual(levelsOf([0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30], 10), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10]);
  assert.deepEqual(levelsOf([-2, -1.1, -1, 2], 4), [1, 1, 2, 4]);
  assert.deepEqual(levelsOf([5, 5], 4), [1, 1]);
});

test('fixed widths of bins begin at the least value or where they are told to', () => {
  const region = volumeOf([1, 1, 4], [10, 34.9, 35, 60]);
  const levels = (from?: number) => {
    const found = discretise(region, { method: 'width', width: 25, ...(from === undefined ? {} : { from }) });
    return [found.count, ...found.levels.filter((level) => level > 0)];
  };
  assert.deepEqual(levels(), [3, 1, 1, 2, 3]);
  assert.deepEqual(levels(0), [3, 1, 2, 2, 3]);
});

test('bins that are no number, no width or too many are refused', () => {
  const region = volumeOf([1, 1, 2], [0, 1e6]);
  for (const bins of [0, 2.5, Number.NaN, MAX_LEVELS + 1])
    assert.throws(() => discretise(region, { method: 'number', bins }), { code: 'option-invalid' });
  for (const width of [0, -1, Number.NaN, 1])
    assert.throws(() => discretise(region, { method: 'width', width }), { code: 'option-invalid' });
  assert.throws(() => discretise(region, { method: 'width', width: 1e5, from: 1 }), { code: 'option-invalid' });
});
