import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertRelative, EXACT } from '../../tests/tolerance.ts';
import { betaCdf, betaQuantile } from './beta.ts';

/** A few units in the last place. */
const NEAR_DOUBLE = 1e-14;

/** x, a, b, I_x(a, b): mpmath 1.3 at 40 digits, as a binomial tail or by betainc. */
const rows = [
  [0.5, 2, 3, 0.6875],
  [0.1, 0.5, 0.5, 0.20483276469913347],
  [0.2, 2.5, 7.25, 0.3844427251997646],
  [0.3, 10, 20, 0.3640040810719442],
  [0.001, 1, 1000, 0.632304575229036],
  [0.3, 81, 183, 0.41146159809547844],
  [0.9, 90, 10, 0.4644767001244527],
  [0.999, 200, 0.5, 0.5272441070252352],
  [0.5, 5000, 5000, 0.5],
  [0.0002, 3, 10000, 0.3234318619682937],
  [1e-7, 1, 20000000, 0.8646647302969158],
] as const;

test('the beta distribution function agrees with 40-digit values', () => {
  for (const [x, a, b, value] of rows) assertRelative(betaCdf(x, a, b), value, NEAR_DOUBLE, `I_${x}(${a}, ${b})`);
  // Here one unit in the last place of x moves the value by 1e-13 of itself.
  assertRelative(betaCdf(0.49, 50000, 51000), 0.0006638133171728902, EXACT, 'I_0.49(50000, 51000)');
});

test('the beta quantile inverts its distribution function', () => {
  for (const [x, a, b, value] of rows)
    assertRelative(betaQuantile(value, a, b), x, NEAR_DOUBLE, `quantile(${value}; ${a}, ${b})`);
  for (const p of [1e-12, 0.001, 0.025, 0.5, 0.975, 0.999]) {
    for (const [a, b] of [
      [0.05, 3],
      [1, 1],
      [4, 0.2],
      [30, 700],
      [100000, 2],
    ] as const) {
      const x = betaQuantile(p, a, b);
      if (x < 0.99) assertRelative(betaCdf(x, a, b), p, 1e-10, `cdf of quantile(${p}; ${a}, ${b})`);
    }
  }
});

test('closed forms: Beta(1, n) and Beta(n, 1), and both ends', () => {
  for (const n of [1, 2, 10, 1000]) {
    assertRelative(betaQuantile(0.975, 1, n), -Math.expm1(Math.log(0.025) / n), 1e-13, `Beta(1, ${n})`);
    assertRelative(betaQuantile(0.025, n, 1), 0.025 ** (1 / n), 1e-13, `Beta(${n}, 1)`);
  }
  assert.deepEqual([betaCdf(0, 2, 3), betaCdf(1, 2, 3), betaQuantile(0, 2, 3), betaQuantile(1, 2, 3)], [0, 1, 0, 1]);
});

test('arguments outside the domain are refused with what was got', () => {
  assert.throws(() => betaCdf(0.5, 0, 1), { code: 'stats/argument', message: /a = 0 and b = 1/ });
  assert.throws(() => betaCdf(1.5, 1, 1), { code: 'stats/argument', message: /\[0, 1\], got 1.5/ });
  assert.throws(() => betaQuantile(NaN, 1, 1), { code: 'stats/argument', message: /got NaN/ });
});
