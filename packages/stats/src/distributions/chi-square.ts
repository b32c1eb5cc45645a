import { StatsError } from '../errors.ts';
import { deviance, stirlingError } from './beta.ts';

/** x^a exp(-x) / Gamma(a + 1), by Loader's saddle-point expansion (see beta.ts): nothing cancels for large a. */
function prefix(a: number, x: number): number {
  return Math.exp(-stirlingError(a) - deviance(a, x)) / Math.sqrt(2 * Math.PI * a);
}

/** The lower regularised incomplete gamma function P(a, x) by its power series, for x < a + 1. */
function lowerSeries(a: number, x: number): number {
  let term = 1;
  let sum = 1;
  for (let n = 1; term > sum * (Number.EPSILON / 4); n++) {
    term *= x / (a + n);
    sum += term;
  }
  return prefix(a, x) * sum;
}

/** The upper function Q(a, x) by Legendre's continued fraction with the modified Lentz method, for x >= a + 1. */
function upperFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = Number.POSITIVE_INFINITY;
  let d = 1 / b;
  let value = d;
  for (let n = 1; ; n++) {
    const numerator = -n * (n - a);
    b += 2;
    d = 1 / (numerator * d + b);
    c = b + numerator / c;
    value *= c * d;
    if (Math.abs(c * d - 1) <= Number.EPSILON) return prefix(a, x) * a * value;
  }
}

/**
 * The upper tail of the chi-square distribution: the probability of a value at or above `statistic`. Relative error of
 * a few units in the last place, tail included. O(sqrt(degrees of freedom)) terms.
 * Source: Abramowitz and Stegun, 6.5.29 (series), 6.5.31 (continued fraction) and 26.4.19.
 * Throws stats/argument unless statistic >= 0 and degreesOfFreedom > 0, both finite.
 */
export function chiSquareTail(statistic: number, degreesOfFreedom: number): number {
  if (!(statistic >= 0 && degreesOfFreedom > 0 && Number.isFinite(statistic + degreesOfFreedom))) {
    throw new StatsError(
      'stats/argument',
      `a chi-square probability needs a statistic of at least 0 and positive degrees of freedom, got ${statistic} and ${degreesOfFreedom}; check the test that gave them`,
    );
  }
  if (statistic === 0) return 1;
  const [a, x] = [degreesOfFreedom / 2, statistic / 2];
  return x < a + 1 ? 1 - lowerSeries(a, x) : upperFraction(a, x);
}
