import { StatsError } from '../errors.ts';
import { DEFAULT_LEVEL, type Interval, twoSidedDeviate } from '../interval.ts';
import type { ConfusionCounts } from '../proportions/confusion.ts';
import { proportionInterval } from '../proportions/proportion.ts';

/** The Matthews correlation of calls and truth. */
export interface Matthews {
  readonly value: number;
  /** Delta method; 0 where value is -1 or 1. */
  readonly standardError: number;
  readonly interval: Interval & { readonly method: 'fisher-z' | 'clopper-pearson' };
}

/** The level of the interval, 0.95 where not given. */
export interface MatthewsOptions {
  readonly level?: number;
}

/** Value from sensitivity, specificity and prevalence. */
function correlation(sensitivity: number, specificity: number, prevalence: number): number {
  const called = sensitivity * prevalence + (1 - specificity) * (1 - prevalence);
  const scale = Math.sqrt((prevalence * (1 - prevalence)) / (called * (1 - called)));
  return (sensitivity + specificity - 1) * scale;
}

/**
 * The Matthews correlation coefficient (the phi coefficient of the 2 x 2 table) with an interval: the delta method on
 * the multinomial table, carried out on Fisher's z scale so that the interval stays in [-1, 1].
 *
 * Where calls are all right (or all wrong) the delta method has variance 0; the limit is then the value at Clopper and
 * Pearson's lower limits of sensitivity and specificity, each at `level`, which by Bonferroni is conservative: method
 * 'clopper-pearson'. Where truth or calls are all of one class the coefficient is 0 / 0: stats/classes. O(1).
 * Sources: Matthews, Biochimica et Biophysica Acta 405 (1975), 442-451; variance of Bishop, Fienberg and Holland,
 * "Discrete multivariate analysis" (1975), chapter 11; on the z scale as in Itaya et al., Statistics in Medicine 44
 * (2025).
 * Throws stats/classes, stats/argument and stats/level.
 */
export function matthews(
  { tp, fp, tn, fn }: ConfusionCounts,
  { level = DEFAULT_LEVEL }: MatthewsOptions = {},
): Matthews {
  const deviate = twoSidedDeviate(level);
  if (![tp, fp, tn, fn].every((count) => Number.isSafeInteger(count) && count >= 0)) {
    throw new StatsError(
      'stats/argument',
      `the counts of a decision must be non-negative integers, got ${tp}, ${fp}, ${tn} and ${fn}; count cases, not rates`,
    );
  }
  const [positive, negative, calledPositive, calledNegative] = [tp + fn, tn + fp, tp + fp, tn + fn];
  const n = positive + negative;
  if (positive === 0 || negative === 0 || calledPositive === 0 || calledNegative === 0) {
    throw new StatsError(
      'stats/classes',
      `a Matthews correlation needs both classes and both calls, got ${positive} positive, ${negative} negative, ${calledPositive} called positive and ${calledNegative} called negative; report the counts`,
    );
  }
  const value = (tp * tn - fp * fn) / (Math.sqrt(positive * negative) * Math.sqrt(calledPositive * calledNegative));
  if (Math.abs(value) >= 1 - 1e-15) {
    const least = (cases: number) => proportionInterval(cases, cases, { level, method: 'clopper-pearson' }).lower;
    const limit = correlation(least(positive), least(negative), positive / n);
    const sign = Math.sign(value);
    // All wrong mirrors all right, with the calls exchanged
    const [lower, upper] = sign > 0 ? [limit, 1] : [-1, -limit];
    return { value: sign, standardError: 0, interval: { lower, upper, level, method: 'clopper-pearson' } };
  }
  const truthGap = (positive - negative) / Math.sqrt(positive * negative);
  const callGap = (calledPositive - calledNegative) / Math.sqrt(calledPositive * calledNegative);
  const square = value * value;
  const variance =
    (1 - square + value * (1 + square / 2) * truthGap * callGap - 0.75 * square * (truthGap ** 2 + callGap ** 2)) / n;
  const standardError = Math.sqrt(Math.max(0, variance));
  // d atanh(r) / dr = 1 / (1 - r^2)
  const half = (deviate * standardError) / (1 - square);
  const z = Math.atanh(value);
  const interval = { lower: Math.tanh(z - half), upper: Math.tanh(z + half), level, method: 'fisher-z' as const };
  return { value, standardError, interval };
}
