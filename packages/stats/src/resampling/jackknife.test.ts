import assert from 'node:assert/strict';
import { test } from 'node:test';
import { python } from '../../tests/python.ts';
import { assertClose, assertRelative, EXACT } from '../../tests/tolerance.ts';
import { jackknifeAcceleration } from './jackknife.ts';
import { resamplingUnits } from './units.ts';

const { x } = python.bootstrap;
const small = x.slice(0, 11);
const strata = x.map((_, i) => (i < small.length ? 'a' : 'b'));

function meanWhere(multiplicities: Uint32Array, stratum: string): number {
  let [sum, count] = [0, 0];
  multiplicities.forEach((times, i) => {
    if (strata[i] !== stratum) return;
    sum += times * (x[i] as number);
    count += times;
  });
  return sum / count;
}

/** Sums of powers of deviations from the mean: the influences of a mean are its deviations. */
function moments(values: readonly number[]) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const power = (k: number) => values.reduce((sum, value) => sum + (value - mean) ** k, 0) / values.length ** k;
  return { second: power(2), third: power(3) };
}

test('the acceleration of a difference of means is its skewness over 6, strata weighted by their sizes', () => {
  const difference = (multiplicities: Uint32Array) => meanWhere(multiplicities, 'a') - meanWhere(multiplicities, 'b');
  const got = jackknifeAcceleration(difference, x.length, resamplingUnits(x.length, undefined, strata));
  const [a, b] = [moments(small), moments(x.slice(small.length))];
  assertRelative(got as number, (a.third - b.third) / (6 * (a.second + b.second) ** 1.5), 1e-9, 'two strata');
});

test('an even sample has none; a statistic without influence or without a value leaves it undefined', () => {
  const units = resamplingUnits(4);
  const mean = (multiplicities: Uint32Array) =>
    multiplicities.reduce((sum, times, i) => sum + times * i, 0) /
    multiplicities.reduce((sum, times) => sum + times, 0);
  assertClose(jackknifeAcceleration(mean, 4, units) as number, 0, EXACT, 'symmetric');
  assert.equal(
    jackknifeAcceleration(() => 1, 4, units),
    undefined,
  );
  assert.equal(
    jackknifeAcceleration((multiplicities) => (multiplicities[2] === 0 ? undefined : 1), 4, units),
    undefined,
  );
});
