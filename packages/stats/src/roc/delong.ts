/**
 * DeLong's variance of areas under ROC curves.
 * Sources: DeLong, DeLong and Clarke-Pearson, "Comparing the areas under two or more correlated receiver operating
 * characteristic curves", Biometrics 44 (1988), 837-845; in O(n log n), as Sun and Xu, "Fast implementation of DeLong's
 * algorithm", IEEE Signal Processing Letters 21 (2014), 1389-1393, but by binary search in the sorted other class.
 */
import { type Labels, partBothClasses, type Scores } from '../cases.ts';
import { StatsError } from '../errors.ts';
import { DEFAULT_LEVEL, type Interval, twoSidedDeviate } from '../interval.ts';
import { proportionInterval } from '../proportions/proportion.ts';

/** DeLong's structural components of one score, each class in the order of its rows. */
export interface Placements {
  readonly auc: number;
  /** V10 [positives]: the share of negatives that a positive outscores, ties one half. */
  readonly positive: Float64Array;
  /** V01 [negatives]: the share of positives that outscore a negative, ties one half. */
  readonly negative: Float64Array;
}

/** The interval of an AUC on the logit scale, or what stands in for it. */
export interface LogitInterval extends Interval {
  /** 'logit', or 'clopper-pearson' where the variance is 0: see {@link delong}. */
  readonly method: 'logit' | 'clopper-pearson';
}

/** An AUC with DeLong's variance. */
export interface DelongAuc {
  readonly auc: number;
  readonly variance: number;
  readonly standardError: number;
  readonly positives: number;
  readonly negatives: number;
  /** auc +- z standard errors, cut at 0 and 1; of width 0 where the variance is 0. */
  readonly interval: Interval;
  readonly logitInterval: LogitInterval;
}

/** AUCs of scores of the same cases and their covariance matrix. */
export interface DelongCovariance {
  readonly aucs: readonly number[];
  /** [scores, scores], symmetric. */
  readonly covariance: readonly (readonly number[])[];
}

/** The level of the intervals, 0.95 where not given. */
export interface DelongOptions {
  readonly level?: number;
}

/** How many of ascending `others` lie below each case, ties one half: halves are exact, so no rounding enters here. */
function countsBelow(cases: Float64Array, others: Float64Array): Float64Array {
  return cases.map((score) => {
    let [first, last] = [0, others.length]; // `first` ends as the number below
    while (first < last) {
      const middle = (first + last) >>> 1;
      if ((others[middle] as number) < score) first = middle + 1;
      else last = middle;
    }
    let [end, limit] = [first, others.length]; // `end` as the number below or equal
    if (others[first] !== score) return first;
    while (end < limit) {
      const middle = (end + limit) >>> 1;
      if ((others[middle] as number) <= score) end = middle + 1;
      else limit = middle;
    }
    return (first + end) / 2;
  });
}

/** Placement values in O(n log n). Throws stats/classes unless each class has two cases: one has no variance. */
export function placements(scores: Scores, labels: Labels): Placements {
  const { positives, negatives } = partBothClasses(scores, labels, 2);
  const [m, n] = [positives.length, negatives.length];
  const above = countsBelow(positives, negatives.toSorted());
  const below = countsBelow(negatives, positives.toSorted());
  const pairs = above.reduce((sum, count) => sum + count, 0);
  return {
    auc: pairs / (m * n),
    positive: above.map((count) => count / n),
    negative: below.map((count) => (m - count) / m),
  };
}

/** Covariance of two means over the same cases: the sample covariance (divisor n - 1) over n. */
function covarianceOfMeans(x: Float64Array, y: Float64Array): number {
  const n = x.length;
  // Centred on a value of the sample before the mean is taken, so that a constant column has variance 0 exactly.
  const [x0, y0] = [x[0] as number, y[0] as number];
  const xMean = x.reduce((sum, value) => sum + (value - x0), 0) / n;
  const yMean = y.reduce((sum, value) => sum + (value - y0), 0) / n;
  const products = x.reduce((sum, value, i) => sum + (value - x0 - xMean) * ((y[i] as number) - y0 - yMean), 0);
  return products / (n - 1) / n;
}

/** The covariance of two AUCs from their placements: S10 / m + S01 / n (DeLong et al. 1988). */
export function placementCovariance(a: Placements, b: Placements): number {
  return covarianceOfMeans(a.positive, b.positive) + covarianceOfMeans(a.negative, b.negative);
}

/**
 * AUCs and covariance matrix of several scores of the same cases. Throws the errors of {@link placements}, and
 * stats/argument where no score is given.
 */
export function delongCovariance(scores: readonly Scores[], labels: Labels): DelongCovariance {
  if (scores.length === 0) {
    throw new StatsError('stats/argument', 'scores must hold at least one column, got none; pass one array a reader');
  }
  const parts = scores.map((column) => placements(column, labels));
  return {
    aucs: parts.map((part) => part.auc),
    covariance: parts.map((a) => parts.map((b) => placementCovariance(a, b))),
  };
}

/** The interval on the logit scale, or its stand-in. */
function logitInterval(auc: number, variance: number, pairs: number, level: number): LogitInterval {
  if (variance === 0 || auc === 0 || auc === 1) {
    const { lower, upper } = proportionInterval(auc * pairs, pairs, { level, method: 'clopper-pearson' });
    return { lower, upper, level, method: 'clopper-pearson' };
  }
  const logit = Math.log(auc / (1 - auc));
  // d logit(A) / dA = 1 / (A (1 - A))
  const half = (twoSidedDeviate(level) * Math.sqrt(variance)) / (auc * (1 - auc));
  const expit = (value: number) => 1 / (1 + Math.exp(-value));
  return { lower: expit(logit - half), upper: expit(logit + half), level, method: 'logit' };
}

/**
 * The AUC with DeLong's variance and two intervals.
 *
 * `interval` is the plain one that pROC prints, cut at 0 and 1. `logitInterval` (Pepe, "The statistical evaluation of
 * medical tests", 2003) is symmetric on the logit scale and never leaves [0, 1]: prefer it near 1. Where the classes
 * are separated without overlap, or all scores are equal, DeLong's variance is 0 and neither says anything about
 * uncertainty. The plain interval then has width 0, and `logitInterval` holds the Clopper-Pearson interval of auc k
 * successes in k = min(positives, negatives) trials, with method 'clopper-pearson': among the cases there are k pairs
 * without a case in common, each concordant with probability AUC, so that a perfect separation has a chance of at most
 * AUC^k, and at auc = 1 the lower limit (tail)^(1/k) is conservative.
 *
 * Throws stats/length, stats/score, stats/label, stats/level, and stats/classes unless each class has two cases.
 */
export function delong(scores: Scores, labels: Labels, { level = DEFAULT_LEVEL }: DelongOptions = {}): DelongAuc {
  const z = twoSidedDeviate(level);
  const parts = placements(scores, labels);
  const { auc } = parts;
  const variance = placementCovariance(parts, parts);
  const standardError = Math.sqrt(variance);
  const [positives, negatives] = [parts.positive.length, parts.negative.length];
  return {
    auc,
    variance,
    standardError,
    positives,
    negatives,
    interval: { lower: Math.max(0, auc - z * standardError), upper: Math.min(1, auc + z * standardError), level },
    logitInterval: logitInterval(auc, variance, Math.min(positives, negatives), level),
  };
}
