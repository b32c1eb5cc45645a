import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '@mammoscope/random';
import { expose } from './detector.ts';

const grid = { widthPx: 120, heightPx: 120, spacingMm: 0.5 };
const noise = (row: number) => new RandomStream(3, 'noise', row);

/** A plane of one line integral with a square of more in its middle. */
function plane(level: number, more = 0) {
  const values = new Float32Array(grid.widthPx * grid.heightPx).fill(level);
  for (let y = 50; y < 70; y++) for (let x = 50; x < 70; x++) values[y * grid.widthPx + x] = level + more;
  return { grid, values, filled: new Int32Array(grid.heightPx).fill(grid.widthPx) };
}

function moments(values: Float32Array) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length };
}

const quiet = { fluencePerMm2: 1e9, reference: 3, scatterToPrimary: 0, blurMm: 0 };

test('without scatter and with many photons the line integrals come back', () => {
  const image = plane(3, 0.5);
  expose(image, quiet, noise);
  assert.ok(Math.abs((image.values[0] as number) - 3) < 1e-3);
  assert.ok(Math.abs((image.values[60 * 120 + 60] as number) - 3.5) < 1e-3);
});

test('the logarithm has the variance of a Poisson count, 1 / N', () => {
  const image = plane(3);
  expose(image, { ...quiet, fluencePerMm2: 8000 }, noise);
  const { mean, variance } = moments(image.values); // 8000 per mm2 on 0.25 mm2
  assert.ok(Math.abs(mean - 3) < 0.002, `mean ${mean}`);
  assert.ok(Math.abs(variance * 2000 - 1) < 0.05, `variance ${variance}`);
});

test('scatter leaves the level and takes 1 / (1 + SPR) of a small contrast', () => {
  const image = plane(3, 0.02);
  expose(image, { ...quiet, scatterToPrimary: 0.5 }, noise);
  const [outside, inside] = [image.values[60 * 120 + 5] as number, image.values[60 * 120 + 60] as number];
  assert.ok(Math.abs(outside - 3) < 0.002, `level ${outside}`);
  assert.ok(Math.abs((inside - outside) * 1.5 - 0.02) < 0.002, `contrast ${inside - outside}`);
});

test('blur spreads by the standard deviation asked for, and air stays 0', () => {
  const image = plane(0.01);
  image.values[60 * 120 + 60] = 0.03; // so small that exp and log are linear
  image.filled.fill(100);
  expose(image, { ...quiet, fluencePerMm2: 1e15, blurMm: 0.3 }, noise);
  let [sum, second] = [0, 0];
  for (let x = 56; x < 65; x++) {
    for (let y = 56; y < 65; y++) {
      const more = (image.values[y * 120 + x] as number) - 0.01;
      sum += more;
      second += more * ((x - 60) * 0.5) ** 2;
    }
  }
  assert.ok(Math.abs(Math.sqrt(second / sum) - 0.3) < 0.01, `sigma ${Math.sqrt(second / sum)}`);
  assert.equal(image.values[60 * 120 + 110], 0);
});
