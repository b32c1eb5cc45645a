import { test } from 'node:test';
import { MinimalStandard } from '../../tests/minimal-standard.ts';
import { assertClose, EXACT } from '../../tests/tolerance.ts';
import { symmetricEigen } from './symmetric-eigen.ts';

test('eigenvectors are orthonormal and rebuild the matrix', () => {
  const random = new MinimalStandard(3);
  for (const n of [1, 2, 3, 6]) {
    const b = Array.from({ length: n }, () => Array.from({ length: n }, () => random.uniform() - 0.5));
    const matrix = b.map((row, i) => row.map((value, j) => value + (b[j]?.[i] as number)));
    const { values, vectors } = symmetricEigen(matrix);
    const entry = (i: number, j: number) => (vectors[i] as readonly number[])[j] as number;
    const indices = Array.from({ length: n }, (_, i) => i);
    for (const i of indices) {
      for (const j of indices) {
        const sum = (of: (k: number) => number) => indices.reduce((total, k) => total + of(k), 0);
        const inner = sum((k) => entry(i, k) * entry(j, k));
        assertClose(inner, i === j ? 1 : 0, EXACT, `vectors ${i} and ${j} of ${n}`);
        const rebuilt = sum((k) => (values[k] as number) * entry(k, i) * entry(k, j));
        assertClose(rebuilt, matrix[i]?.[j] as number, EXACT, `entry ${i}, ${j} of ${n}`);
      }
    }
  }
});

test('a singular matrix has an eigenvalue of 0: [[1, 1], [1, 1]] has 0 and 2', () => {
  const { values } = symmetricEigen([
    [1, 1],
    [1, 1],
  ]);
  const [low, high] = values.toSorted((a, b) => a - b) as [number, number];
  assertClose(low, 0, EXACT, 'low');
  assertClose(high, 2, EXACT, 'high');
  assertClose(
    symmetricEigen([
      [0, 0],
      [0, 0],
    ]).values[0] as number,
    0,
    0,
    'zero matrix',
  );
});
