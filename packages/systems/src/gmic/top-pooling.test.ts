import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GmicSpec, pooledCount, type SaliencyVolume } from './spec.ts';
import { globalLoss, poolTop, saliencyGradient } from './top-pooling.ts';

const spec = (pooledShare: number, nonlinearity: GmicSpec['nonlinearity'] = 'reluTanh'): GmicSpec => ({
  heightPx: 64,
  widthPx: 64,
  slicesPerRun: 1,
  cropPx: 32,
  patches: 1,
  pooledShare,
  zeta: 0,
  nonlinearity,
  omega: 0.01,
});

/** Two slices of 1 x 4 cells: benign, malignant, benign, malignant. */
const saliency: SaliencyVolume = {
  values: Float32Array.of(0.5, 0.25, 0, 0.25, 0, 0, 0, 0, 0.25, 0.75, 0.25, 0, 0, 1, 0, 0),
  slices: 2,
  rows: 1,
  columns: 4,
};

test('what is pooled is counted from one slice, halves to even, at least one and at most everything', () => {
  const counts = [0.1, 0.5, 0.625, 0.875, 1.5, 2.74].map((share) => pooledCount(spec(share), saliency));
  assert.deepEqual(counts, [1, 2, 2, 4, 6, 8]); // 0.4, 2, 2.5, 3.5, 6, 10.96
});

test('the largest values of each class over all slices, of equal ones the first', () => {
  const { probabilities, cells } = poolTop(saliency, spec(1));
  assert.deepEqual(probabilities, [(0.75 + 0.5 + 0.25 + 0.25) / 4, 0.25]);
  assert.deepEqual(
    cells.map((own) => [...own]),
    [
      [0, 1, 3, 9], // of four values of 0.25 those of the first slice
      [4, 5, 6, 13], // of seven zeros the first three
    ],
  );
});

test('loss and gradient by hand', () => {
  const [beta, labels] = [0.5, [1, 0]];
  const pooled = poolTop(saliency, spec(0.5));
  assert.deepEqual(pooled.probabilities, [0.625, 0.5]);
  const sum = 0.5 + 0.25 + 0.25 + 0.25 + 0.75 + 0.25 + 1;
  const expected = -Math.log(0.625) - Math.log(0.5) + beta * sum;
  assert.ok(Math.abs(globalLoss(saliency, pooled, labels, beta) - expected) < 1e-12);
  // d/dp of -log p is -1/p, of -log(1 - p) is 1/(1 - p); two values are pooled of each class.
  const [benign, malignant] = [-1 / 0.625 / 2, 1 / 0.5 / 2];
  const b = beta;
  assert.deepEqual(
    [...saliencyGradient(saliency, pooled, labels, { beta, nonlinearity: 'reluTanh' })],
    [benign + b, b, 0, b, 0, 0, 0, 0, b, benign + b, b, 0, 0, malignant + b, 0, 0].map(Math.fround),
  );
  // Behind a sigmoid a zero passes its gradient on.
  const all = saliencyGradient(saliency, pooled, labels, { beta, nonlinearity: 'sigmoid' });
  assert.deepEqual([all[2], all[4], all[5]], [b, malignant + b, b]);
});

test('a positive label where nothing is salient costs 100 and asks for nothing that cannot be given', () => {
  const black = { ...saliency, values: new Float32Array(16) };
  const pooled = poolTop(black, spec(1));
  assert.deepEqual(pooled.probabilities, [0, 0]);
  assert.equal(globalLoss(black, pooled, [0, 1], 1), 100);
  for (const nonlinearity of ['reluTanh', 'sigmoid'] as const)
    for (const values of [black, { ...black, values: new Float32Array(16).fill(1) }]) {
      const gradient = saliencyGradient(values, poolTop(values, spec(1)), [0, 1], { beta: 0, nonlinearity });
      assert.ok(gradient.every(Number.isFinite));
    }
});
