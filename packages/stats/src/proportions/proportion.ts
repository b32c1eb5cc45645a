import { betaQuantile } from '../distributions/beta.ts';
import { StatsError } from '../errors.ts';
import { DEFAULT_LEVEL, type Interval, tailProbability, twoSidedDeviate } from '../interval.ts';

/** How the interval of a binomial proportion is computed. */
export type ProportionMethod = 'wilson' | 'clopper-pearson' | 'wald';

/** An interval of a proportion and the method that gave it. */
export interface ProportionInterval extends Interval {
  readonly method: ProportionMethod;
}

/**
 * A binomial proportion. Of no cases (0 / 0) value and interval are null, throughout this package: there is nothing to
 * report, and neither NaN nor 0 stands in for it.
 */
export interface Proportion {
  readonly value: number | null;
  readonly numerator: number;
  readonly denominator: number;
  readonly interval: ProportionInterval | null;
}

/** A proportion of at least one case. */
export interface MeasuredProportion extends Proportion {
  readonly value: number;
  readonly interval: ProportionInterval;
}

/** The level and method of a proportion's interval; 0.95 and Wilson where not given. */
export interface ProportionOptions {
  readonly level?: number;
  readonly method?: ProportionMethod;
}

type Limits = readonly [lower: number, upper: number];

/**
 * Wilson's score interval, without continuity correction; inside [0, 1] and never of width 0.
 * Source: Wilson, Journal of the American Statistical Association 22 (1927), 209-212.
 */
function wilson(numerator: number, denominator: number, level: number): Limits {
  const z = twoSidedDeviate(level);
  const p = numerator / denominator;
  const shrink = 1 + (z * z) / denominator;
  const centre = (p + (z * z) / (2 * denominator)) / shrink;
  const half = (z / shrink) * Math.sqrt((p * (1 - p)) / denominator + ((z / denominator) * (z / denominator)) / 4);
  // At 0 and at n the limit is 0 or 1 exactly; elsewhere rounding alone could pass it.
  return [numerator === 0 ? 0 : Math.max(0, centre - half), numerator === denominator ? 1 : Math.min(1, centre + half)];
}

/**
 * The exact interval of Clopper and Pearson, Biometrika 26 (1934), 404-413, by beta quantiles: Beta(x, n - x + 1) below
 * and Beta(x + 1, n - x) above. Coverage is never below the level. A fractional numerator is allowed.
 */
function clopperPearson(numerator: number, denominator: number, level: number): Limits {
  const tail = tailProbability(level);
  const missing = denominator - numerator;
  return [
    numerator === 0 ? 0 : betaQuantile(tail, numerator, missing + 1),
    missing === 0 ? 1 : betaQuantile(1 - tail, numerator + 1, missing),
  ];
}

/**
 * The textbook normal interval p +- z sqrt(p (1 - p) / n), cut at 0 and 1. Of width 0 at 0/n and n/n and too narrow near
 * them; kept to compare with papers that report it.
 */
function wald(numerator: number, denominator: number, level: number): Limits {
  const p = numerator / denominator;
  const half = twoSidedDeviate(level) * Math.sqrt((p * (1 - p)) / denominator);
  return [Math.max(0, p - half), Math.min(1, p + half)];
}

const intervals = { wilson, 'clopper-pearson': clopperPearson, wald };

/**
 * The interval of numerator successes in denominator trials.
 * Throws stats/argument unless 0 <= numerator <= denominator, 0 < denominator, both finite, and stats/level.
 */
export function proportionInterval(
  numerator: number,
  denominator: number,
  { level = DEFAULT_LEVEL, method = 'wilson' }: ProportionOptions = {},
): ProportionInterval {
  if (!(numerator >= 0 && numerator <= denominator && denominator > 0 && Number.isFinite(denominator))) {
    throw new StatsError(
      'stats/argument',
      `the interval of a proportion must have 0 <= numerator <= denominator and 0 < denominator, got ${numerator} of ${denominator}; check the counts`,
    );
  }
  if (!Object.hasOwn(intervals, method)) {
    throw new StatsError(
      'stats/argument',
      `the interval of a proportion must be one of ${Object.keys(intervals).join(', ')}, got "${method}"; choose one of them`,
    );
  }
  tailProbability(level);
  const [lower, upper] = intervals[method](numerator, denominator, level);
  return { lower, upper, level, method };
}

/** A proportion of at least one case with its interval; the errors of {@link proportionInterval}. */
export function measuredProportion(
  numerator: number,
  denominator: number,
  options: ProportionOptions = {},
): MeasuredProportion {
  const interval = proportionInterval(numerator, denominator, options);
  return { value: numerator / denominator, numerator, denominator, interval };
}

/** A proportion with its interval, null both for 0 / 0; else the errors of {@link proportionInterval}. */
export function proportion(numerator: number, denominator: number, options: ProportionOptions = {}): Proportion {
  if (numerator === 0 && denominator === 0) return { value: null, numerator, denominator, interval: null };
  return measuredProportion(numerator, denominator, options);
}
