import { StatsError } from '../errors.ts';
import { betaCdf, betaQuantile } from './beta.ts';
import { normalQuantile, twoSidedP } from './normal.ts';

/**
 * The two-sided p value of Student's t: the probability of a value at least as far from 0. Infinite degrees of freedom
 * are the normal distribution. Source: Abramowitz and Stegun, 26.7.1, by the incomplete beta function.
 * Throws stats/argument unless degreesOfFreedom > 0.
 */
export function studentTwoSidedP(t: number, degreesOfFreedom: number): number {
  if (!(degreesOfFreedom > 0) || Number.isNaN(t)) {
    throw new StatsError(
      'stats/argument',
      `a t probability needs a number and positive degrees of freedom, got ${t} and ${degreesOfFreedom}; check the test that gave them`,
    );
  }
  if (degreesOfFreedom === Number.POSITIVE_INFINITY) return twoSidedP(t);
  const square = t * t;
  if (square === Number.POSITIVE_INFINITY) return 0;
  return betaCdf(degreesOfFreedom / (degreesOfFreedom + square), degreesOfFreedom / 2, 0.5);
}

/**
 * The quantile of Student's t: the t below which the probability is p. Throws stats/argument unless 0 < p < 1 and
 * degreesOfFreedom > 0. Source: as {@link studentTwoSidedP}, inverted by the beta quantile.
 */
export function studentQuantile(p: number, degreesOfFreedom: number): number {
  if (!(p > 0 && p < 1 && degreesOfFreedom > 0)) {
    throw new StatsError(
      'stats/argument',
      `a t quantile needs a probability between 0 and 1 and positive degrees of freedom, got ${p} and ${degreesOfFreedom}; pass 0.975 for a 95 % interval`,
    );
  }
  if (degreesOfFreedom === Number.POSITIVE_INFINITY) return normalQuantile(p);
  if (p === 0.5) return 0;
  const twoSided = 2 * Math.min(p, 1 - p);
  // t^2 / d = (1 - x) / x with x of Beta(d / 2, 1 / 2), taken from the side where neither is rounded away
  const x = betaQuantile(twoSided, degreesOfFreedom / 2, 0.5);
  const rest = betaQuantile(1 - twoSided, 0.5, degreesOfFreedom / 2);
  const t = Math.sqrt(degreesOfFreedom * (x < 0.5 ? (1 - x) / x : rest / (1 - rest)));
  return p < 0.5 ? -t : t;
}
