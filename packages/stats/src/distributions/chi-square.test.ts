import assert from 'node:assert/strict';
import { test } from 'node:test';
import { python } from '../../tests/python.ts';
import { assertRelative } from '../../tests/tolerance.ts';
import { chiSquareTail } from './chi-square.ts';

/** scipy's own tail is good to about 1e-13 where it is small. */
const SCIPY = 1e-12;

test('the upper tail agrees with scipy, from the centre far out', () => {
  for (const [x, df, p] of python.chiSquareTail)
    if (p > 1e-280) assertRelative(chiSquareTail(x, df), p, SCIPY, `Q(${x}; ${df})`);
});

test('closed forms: two degrees of freedom are an exponential, and a statistic of 0 has p = 1', () => {
  for (const x of [0.01, 1, 5, 50, 700]) assertRelative(chiSquareTail(x, 2), Math.exp(-x / 2), 1e-13, `exp(-${x} / 2)`);
  assert.equal(chiSquareTail(0, 5), 1);
});

test('negative statistics and degrees of freedom of 0 are refused', () => {
  assert.throws(() => chiSquareTail(-1, 2), { code: 'stats/argument', message: /got -1 and 2/ });
  assert.throws(() => chiSquareTail(1, 0), { code: 'stats/argument' });
  assert.throws(() => chiSquareTail(Number.NaN, 1), { code: 'stats/argument' });
});
