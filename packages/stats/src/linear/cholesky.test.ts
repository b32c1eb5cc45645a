import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertClose } from '../../tests/tolerance.ts';
import { inversePositive } from './cholesky.ts';

test('a matrix times its inverse is the identity, up to six rows', () => {
  for (let n = 1; n <= 6; n++) {
    // The Hilbert matrix plus the identity: positive definite and well conditioned
    const matrix = Array.from({ length: n }, (_, i) =>
      Array.from({ length: n }, (__, j) => 1 / (i + j + 1) + Number(i === j)),
    );
    const inverse = inversePositive(matrix);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const product = matrix.reduce(
          (sum, _, k) => sum + (matrix[i]?.[k] as number) * (inverse?.[k]?.[j] as number),
          0,
        );
        assertClose(product, Number(i === j), 1e-13, `${n} rows, ${i}, ${j}`);
      }
    }
  }
});

test('singular and indefinite matrices have none', () => {
  assert.equal(
    inversePositive([
      [1, 1],
      [1, 1],
    ]),
    undefined,
  );
  assert.equal(
    inversePositive([
      [1, 2],
      [2, 1],
    ]),
    undefined,
  );
  assert.equal(inversePositive([[0]]), undefined);
});
