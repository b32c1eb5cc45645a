import { StatsError } from '../errors.ts';
import { DEFAULT_LEVEL, type Interval, twoSidedDeviate } from '../interval.ts';
import { proportionInterval } from './proportion.ts';

/** How the interval of an F1 score is computed. */
export type F1Method = 'delta' | 'wilson-indirect';

/** F1 = 2 tp / (2 tp + fp + fn). 0 / 0, where there is neither a positive case nor a positive call, has nulls. */
export interface F1Score {
  readonly value: number | null;
  readonly numerator: number;
  readonly denominator: number;
  readonly interval: (Interval & { readonly method: F1Method }) | null;
}

/** The level and method of the interval; 0.95 and 'wilson-indirect', which covers better, where not given. */
export interface F1Options {
  readonly level?: number;
  readonly method?: F1Method;
}

/**
 * The F1 score of a binary confusion matrix with an interval.
 *
 * 'delta' is the multivariate delta method on the multinomial confusion matrix, as Takahashi, Yamamoto, Kuchiba and
 * Koyama, Applied Intelligence 52 (2022), 4961-4972, use it for micro- and macro-averaged F1, applied to the binary F1,
 * cut at 0 and 1. With p = tp / n, e = (fp + fn) / n and d = 2 p + e:
 *   F = 2 p / d, dF/dp = 2 e / d^2, dF/de = -2 p / d^2, p dF/dp + e dF/de = 0, so
 *   n Var(F) = p (dF/dp)^2 + e (dF/de)^2 = 4 p e (p + e) / d^4, that is Var(F) = F (1 - F) (2 - F) / (2 tp + fp + fn).
 * 'wilson-indirect' maps Wilson's interval of q = tp / (tp + fp + fn) by F = 2 q / (1 + q) (Lam, "Confidence intervals for
 * the F1 score: a comparison of four methods", arXiv 2309.14621, 2023). Where F is 0 or 1 the delta method gives an
 * interval of width 0; 'wilson-indirect' stands in there, and `interval.method` says so.
 *
 * Throws stats/argument for a count that is not a non-negative integer, and stats/level.
 */
export function f1Score(
  { tp, fp, fn }: { readonly tp: number; readonly fp: number; readonly fn: number },
  { level = DEFAULT_LEVEL, method = 'wilson-indirect' }: F1Options = {},
): F1Score {
  for (const [name, count] of Object.entries({ tp, fp, fn })) {
    if (!(Number.isSafeInteger(count) && count >= 0)) {
      throw new StatsError(
        'stats/argument',
        `${name} must be a count of cases, a non-negative integer, got ${count}; count cases, not rates`,
      );
    }
  }
  const numerator = 2 * tp;
  const denominator = numerator + fp + fn;
  const z = twoSidedDeviate(level);
  if (denominator === 0) return { value: null, numerator, denominator, interval: null };
  const value = numerator / denominator;
  if (method === 'wilson-indirect' || value === 0 || value === 1) {
    const jaccard = proportionInterval(tp, tp + fp + fn, { level });
    const fromJaccard = (q: number) => (2 * q) / (1 + q);
    const [lower, upper] = [fromJaccard(jaccard.lower), fromJaccard(jaccard.upper)];
    return { value, numerator, denominator, interval: { lower, upper, level, method: 'wilson-indirect' } };
  }
  const half = z * Math.sqrt((value * (1 - value) * (2 - value)) / denominator);
  const [lower, upper] = [Math.max(0, value - half), Math.min(1, value + half)];
  return { value, numerator, denominator, interval: { lower, upper, level, method } };
}
