import { StatsError } from '../errors.ts';
import { betaCdf, betaQuantile } from './beta.ts';
import { chiSquareTail } from './chi-square.ts';

function requireDegrees(...degrees: readonly number[]): void {
  if (degrees.every((value) => value > 0)) return;
  throw new StatsError(
    'stats/argument',
    `an F distribution must have positive degrees of freedom, got ${degrees.join(' and ')}; check the test that gave them`,
  );
}

/**
 * The upper tail of the F distribution: the probability of a ratio at or above f. Infinite `denominator` is the
 * chi-square distribution over `numerator`.
 * Source: Abramowitz and Stegun, 26.6.2.
 * Throws stats/argument unless f >= 0 and degrees are positive.
 */
export function fTail(f: number, numerator: number, denominator: number): number {
  requireDegrees(numerator, denominator);
  if (!(f >= 0))
    throw new StatsError('stats/argument', `an F ratio must be at least 0, got ${f}; check the test that gave it`);
  if (f === Number.POSITIVE_INFINITY) return 0;
  if (denominator === Number.POSITIVE_INFINITY) return chiSquareTail(f * numerator, numerator);
  return betaCdf(denominator / (denominator + numerator * f), denominator / 2, numerator / 2);
}

/** The ratio that is reached or passed with probability `tail`. Throws stats/argument unless 0 < tail < 1. */
export function fTailQuantile(tail: number, numerator: number, denominator: number): number {
  requireDegrees(numerator, denominator);
  const share = betaQuantile(1 - tail, numerator / 2, denominator / 2); // of f in denominator + numerator f
  return (denominator * share) / (numerator * (1 - share));
}

/**
 * The upper tail of the noncentral F distribution, the power of an F test: a Poisson mixture of beta distribution
 * functions, summed from its largest weight outwards. O(sqrt(noncentrality)) terms.
 * Source: Johnson, Kotz and Balakrishnan, "Continuous univariate distributions" 2 (1995), chapter 30.
 * Throws stats/argument for a negative noncentrality and as {@link fTail} does.
 */
export function noncentralFTail(f: number, numerator: number, denominator: number, noncentrality: number): number {
  requireDegrees(numerator, denominator);
  if (!(noncentrality >= 0 && Number.isFinite(noncentrality) && f >= 0)) {
    throw new StatsError(
      'stats/argument',
      `a noncentral F needs f and a noncentrality of at least 0, got ${f} and ${noncentrality}; check the effect`,
    );
  }
  const mean = noncentrality / 2;
  if (mean === 0) return fTail(f, numerator, denominator);
  const y = denominator / (denominator + numerator * f);
  const tail = (j: number) => betaCdf(y, denominator / 2, numerator / 2 + j);
  const mode = Math.floor(mean);
  // log Poisson(mode): the sum of log(mean / i) less the mean
  let logWeight = -mean;
  for (let i = 1; i <= mode; i++) logWeight += Math.log(mean / i);
  const weight = Math.exp(logWeight);
  let sum = 0;
  for (let [j, own] = [mode, weight]; own > 1e-18; j++, own *= mean / j) sum += own * tail(j);
  for (let [j, own] = [mode - 1, (weight * mode) / mean]; j >= 0 && own > 1e-18; own *= j / mean, j--)
    sum += own * tail(j);
  return Math.min(1, sum);
}
