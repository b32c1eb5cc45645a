import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '@mammoscope/random';
import { gaussian } from '../breast/breast-fixture.ts';
import { focusSlice } from './focus-slice.ts';

const [SIDE, DEPTH] = [60, 12];

/** Specks that are sharp in one slice and spread, with their sum kept, by the distance from it. */
function cluster(seed: number, noise: number) {
  const random = new RandomStream(seed, 'cluster');
  const focus = 2 + Math.floor(random.uniform() * (DEPTH - 4));
  const specks = Array.from(
    { length: 6 },
    () => [random.uniform(12, 48), random.uniform(12, 48), random.uniform(150, 300)] as const,
  );
  const slices = Array.from({ length: DEPTH }, (_, k) => {
    const sigma = 1 + 0.5 * Math.abs(k - focus);
    const data = Float32Array.from({ length: SIDE * SIDE }, (_, i) => {
      const [x, y] = [i % SIDE, Math.floor(i / SIDE)];
      const light = specks.map(
        ([cx, cy, peak]) => (peak / sigma ** 2) * Math.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * sigma ** 2)),
      );
      return (
        400 + 30 * Math.sin(x / 15 + k / 4) + light.reduce((sum, value) => sum + value, 0) + noise * gaussian(random)
      );
    });
    return { width: SIDE, height: SIDE, data };
  });
  return { slices, focus };
}

test('the focus slice is within one slice of the truth in at least 95 % of clusters', () => {
  const found = Array.from({ length: 40 }, (_, seed) => {
    const { slices, focus } = cluster(seed, 6);
    return Math.abs(focusSlice(slices).slice - focus) <= 1;
  });
  assert.ok(found.filter(Boolean).length >= 38, `${found.filter(Boolean).length} of 40`);
});

test('the mean grey level is that of Eq. 8: of calcifications that are typed by hand', () => {
  const slice = (...squares: (readonly [number, number])[]) => {
    const data = Float32Array.from({ length: SIDE * SIDE }, (_, i) => 10 + (i % 2));
    squares.forEach(([at, value], which) => {
      for (let j = 0; j < 2 + which; j++) for (let k = 0; k < 2; k++) data[(at + j) * SIDE + at + k] = value;
    });
    return { width: SIDE, height: SIDE, data };
  };
  const { slice: best, count, meanGrey } = focusSlice([slice([10, 100]), slice([10, 100], [30, 140]), slice()]);
  assert.deepEqual([best, count], [1, 2]);
  // Xiao et al. 2021, Eq. 8: the sum over all pixels by their number. The first has four pixels, the second six; where one is not
  // to be seen, there are as many pixels of the background, 10 and 11.
  assert.deepEqual(meanGrey, [(4 * 100 + 6 * 10.5) / 10, (4 * 100 + 6 * 140) / 10, 10.5]);
});

test('no slices, unequal ones and regions without calcifications are refused', () => {
  const flat = { width: 20, height: 20, data: new Float32Array(400) };
  assert.throws(() => focusSlice([]), { code: 'option-invalid' });
  assert.throws(() => focusSlice([flat, { width: 10, height: 40, data: flat.data }]), { code: 'option-invalid' });
  assert.throws(() => focusSlice([flat]), { code: 'option-invalid', message: /no calcification stands out/ });
});
