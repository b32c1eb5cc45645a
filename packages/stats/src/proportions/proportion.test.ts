import assert from 'node:assert/strict';
import { test } from 'node:test';
import { python } from '../../tests/python.ts';
import { assertClose, assertRelative, EXACT } from '../../tests/tolerance.ts';
import { measuredProportion, type ProportionMethod, proportion, proportionInterval } from './proportion.ts';

/** Published to four decimals. */
const FOUR_DECIMALS = 0.5e-4 + EXACT;

/** Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998), table I. */
const newcombe: readonly [number, number, ProportionMethod, number, number][] = [
  [81, 263, 'wald', 0.2522, 0.3638],
  [81, 263, 'wilson', 0.2553, 0.3662],
  [81, 263, 'clopper-pearson', 0.2527, 0.3676],
  [15, 148, 'wald', 0.0527, 0.15],
  [15, 148, 'wilson', 0.0624, 0.1605],
  [15, 148, 'clopper-pearson', 0.0578, 0.1617],
  [0, 20, 'wald', 0, 0],
  [0, 20, 'wilson', 0, 0.1611],
  [0, 20, 'clopper-pearson', 0, 0.1684],
  [1, 29, 'wald', 0, 0.1009],
  [1, 29, 'wilson', 0.0061, 0.1718],
  [1, 29, 'clopper-pearson', 0.0009, 0.1776],
];

const methods: readonly ProportionMethod[] = ['wilson', 'clopper-pearson', 'wald'];

test("intervals of a proportion agree with Newcombe's table", () => {
  for (const [x, n, method, lower, upper] of newcombe) {
    const interval = proportionInterval(x, n, { method });
    assertClose(interval.lower, lower, FOUR_DECIMALS, `${method} ${x}/${n} lower`);
    assertClose(interval.upper, upper, FOUR_DECIMALS, `${method} ${x}/${n} upper`);
  }
});

test('every method agrees with statsmodels', () => {
  for (const { x, n, method, interval } of python.proportions) {
    const got = proportionInterval(x, n, { method });
    assertClose(got.lower, interval[0], EXACT, `${method} ${x}/${n} lower`);
    assertClose(got.upper, interval[1], EXACT, `${method} ${x}/${n} upper`);
  }
});

test('Clopper-Pearson at 0/n and n/n is the closed form', () => {
  for (const [n, level] of [
    [1, 0.95],
    [20, 0.95],
    [20, 0.9],
    [5000, 0.99],
  ] as const) {
    const tail = (1 - level) / 2;
    const none = proportionInterval(0, n, { method: 'clopper-pearson', level });
    const all = proportionInterval(n, n, { method: 'clopper-pearson', level });
    assert.equal(none.lower, 0);
    assert.equal(all.upper, 1);
    assertRelative(none.upper, -Math.expm1(Math.log(tail) / n), EXACT, `0/${n}`);
    assertRelative(all.lower, tail ** (1 / n), EXACT, `${n}/${n}`);
  }
});

test('every interval lies in [0, 1], holds the proportion, and mirrors when successes and failures swap', () => {
  for (const method of methods) {
    for (const n of [1, 2, 7, 100]) {
      for (let x = 0; x <= n; x++) {
        const { value, interval } = measuredProportion(x, n, { method });
        const mirrored = proportionInterval(n - x, n, { method });
        assert.ok(0 <= interval.lower && interval.lower <= value && value <= interval.upper && interval.upper <= 1);
        assertClose(1 - mirrored.upper, interval.lower, EXACT, `${method} ${x}/${n}`);
      }
    }
  }
});

/** The chance that the interval holds p, summed over the binomial distribution. */
function coverage(method: ProportionMethod, n: number, p: number): number {
  let probability = (1 - p) ** n;
  let covered = 0;
  for (let x = 0; x <= n; x++) {
    const { lower, upper } = proportionInterval(x, n, { method });
    if (lower <= p && p <= upper) covered += probability;
    probability *= ((n - x) / (x + 1)) * (p / (1 - p));
  }
  return covered;
}

test('exact coverage at n = 30: Clopper-Pearson never below its level, Wilson near it, Wald below', () => {
  const grid = Array.from({ length: 49 }, (_, i) => (i + 1) / 50);
  const all = (method: ProportionMethod) => grid.map((p) => coverage(method, 30, p));
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  assert.ok(Math.min(...all('clopper-pearson')) >= 0.95);
  assertClose(mean(all('wilson')), 0.95, 0.01, 'mean coverage of Wilson');
  assert.ok(mean(all('wald')) < 0.94);
});

test('no trials: null, and no interval; impossible counts, levels and methods are refused', () => {
  assert.deepEqual(proportion(0, 0), { value: null, numerator: 0, denominator: 0, interval: null });
  assert.throws(() => proportionInterval(0, 0), { code: 'stats/argument', message: /0 < denominator, got 0 of 0/ });
  assert.throws(() => proportion(3, 2), { code: 'stats/argument', message: /got 3 of 2/ });
  assert.throws(() => proportion(-1, 2), { code: 'stats/argument' });
  assert.throws(() => proportion(1, 2, { level: 95 }), { code: 'stats/level', message: /got 95; pass 0.95/ });
  assert.throws(() => proportion(1, 2, { method: 'exact' as ProportionMethod }), {
    message: /wilson, clopper-pearson, wald/,
  });
});
