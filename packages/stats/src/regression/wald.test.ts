import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertClose } from '../../tests/tolerance.ts';
import { twoSidedP } from '../distributions/normal.ts';
import { waldTest } from './wald.ts';

test('one estimate: the square of z; two: by the inverse of a 2 x 2 matrix', () => {
  const one = waldTest([1.2], [[0.25]]);
  assertClose(one.chiSquare, 5.76, 1e-12, 'chi-square');
  assertClose(one.p, twoSidedP(2.4), 1e-12, 'p');
  const [[a, b], [, d]] = [
    [0.5, 0.2],
    [0.2, 0.4],
  ] as const;
  const [x, y] = [0.7, -0.3];
  const two = waldTest(
    [x, y],
    [
      [a, b],
      [b, d],
    ],
  );
  assertClose(two.chiSquare, (d * x * x - 2 * b * x * y + a * y * y) / (a * d - b * b), 1e-12, 'chi-square');
  assertClose(two.p, Math.exp(-two.chiSquare / 2), 1e-12, 'p on two degrees');
});

test('a direction without variance: a degree less where the estimates vanish along it, else refused', () => {
  const singular = [
    [1, 1],
    [1, 1],
  ];
  const along = waldTest([0.5, 0.5], singular);
  assert.equal(along.degreesOfFreedom, 1);
  assertClose(along.chiSquare, 0.25, 1e-12, 'chi-square');
  assert.throws(() => waldTest([0.5, 0.4], singular), { code: 'stats/variance' });
  assert.deepEqual(
    waldTest(
      [0, 0],
      [
        [0, 0],
        [0, 0],
      ],
    ),
    { chiSquare: 0, degreesOfFreedom: 0, p: 1 },
  );
  // Rounding, judged against the variance of what was subtracted
  assert.deepEqual(waldTest([1e-16], [[1e-17]], 1), { chiSquare: 0, degreesOfFreedom: 0, p: 1 });
});
