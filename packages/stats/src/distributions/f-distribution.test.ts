import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertClose, assertRelative } from '../../tests/tolerance.ts';
import { chiSquareTail } from './chi-square.ts';
import { fTail, fTailQuantile, noncentralFTail } from './f-distribution.ts';
import { studentTwoSidedP } from './student.ts';

/** Of scipy 1.12: stats.f.sf(f, a, b) and stats.ncf.sf(f, a, b, l). R's pf with ncp agrees to 1e-9, where its sum stops. */
const fromScipy = [
  { a: 1, b: 15.26, f: 4.46, l: 8.1, tail: 0.05158014938643597, power: 0.7640108551064339 },
  { a: 2, b: 7.5, f: 0.3, l: 0.5, tail: 0.7493089447107851, power: 0.7963313047978935 },
  { a: 4, b: 132, f: 3.9, l: 60, tail: 0.005011223369889454, power: 0.9999606617882566 },
  { a: 1, b: 9, f: 5.117355, l: 400, tail: 0.05000000052743051, power: 1 },
  { a: 3, b: 2.2, f: 30, l: 12, tail: 0.02515769933327932, power: 0.1331640888021639 },
];

test('tails, quantiles and power agree with scipy', () => {
  for (const { a, b, f, l, tail, power } of fromScipy) {
    assertRelative(fTail(f, a, b), tail, 1e-12, 'tail');
    assertRelative(fTailQuantile(tail, a, b), f, 1e-10, 'quantile');
    assertClose(noncentralFTail(f, a, b, l), power, 1e-12, 'power');
    assert.equal(noncentralFTail(f, a, b, 0), fTail(f, a, b));
  }
});

test('F with one degree is t squared; with infinite degrees it is chi-square; power grows with noncentrality', () => {
  assertRelative(fTail(2.5 ** 2, 1, 7.3), studentTwoSidedP(2.5, 7.3), 1e-12, 't');
  assert.equal(fTail(3, 2, Number.POSITIVE_INFINITY), chiSquareTail(6, 2));
  assertRelative(fTail(3, 2, 1e9), chiSquareTail(6, 2), 1e-6, 'limit');
  const powers = [0, 1, 5, 20, 100, 2000].map((l) => noncentralFTail(4, 1, 20, l));
  assert.ok(
    powers.every((power, i) => i === 0 || power >= (powers[i - 1] as number)) && (powers.at(-1) as number) <= 1,
  );
});

test('degrees that are not positive, negative ratios and NaN are refused', () => {
  assert.throws(() => fTail(1, 0, 3), { code: 'stats/argument' });
  assert.throws(() => fTail(Number.NaN, 1, 3), { code: 'stats/argument' });
  assert.throws(() => noncentralFTail(1, 1, 3, -1), { code: 'stats/argument' });
  assert.throws(() => fTailQuantile(0.05, 1, Number.NaN), { code: 'stats/argument' });
});
