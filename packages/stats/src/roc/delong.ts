/**
 * DeLong's variance of areas under ROC curves.
 * Sources: DeLong, DeLong and Clarke-Pearson, "Comparing the areas under two or more correlated receiver operating
 * characteristic curves", Biometrics 44 (1988), 837-845; in O(n log n), as Sun and Xu, "Fast implementation of DeLong's
 * algorithm", IEEE Signal Processing Letters 21 (2014), 1389-1393, but by binary search in the sorted other class. With
 * clusters: Obuchowski, "Nonparametric analysis of clustered ROC curve data", Biometrics 53 (1997), 567-578.
 */
import { type Labels, partBothClasses, type Scores } from '../cases.ts';
import { StatsError } from '../errors.ts';
import { DEFAULT_LEVEL, type Interval, twoSidedDeviate } from '../interval.ts';
import { proportionInterval } from '../proportions/proportion.ts';
import { type Groups, numberGroups } from '../resampling/units.ts';

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

/** What an interval or a test needs besides scores. */
export interface DelongOptions {
  /** 0.95 where not given. */
  readonly level?: number;
  /** Cases of one cluster (a patient) may depend on each other, whatever their classes; independent where not given. */
  readonly clusters?: Groups;
}

/** The clusters of the cases of each class, in the order of the placements. */
export interface PlacementClusters {
  readonly positive: Uint32Array;
  readonly negative: Uint32Array;
  /** Clusters, and those of them with cases of a class. */
  readonly count: number;
  readonly withPositives: number;
  readonly withNegatives: number;
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

/** The clusters of positives and negatives. Throws stats/length, stats/argument, and stats/classes unless each class has two. */
export function placementClusters(labels: Labels, clusters: Groups): PlacementClusters {
  const { index, size } = numberGroups(clusters, labels.length, 'clusters');
  const [positive, negative] = [true, false].map((label) => index.filter((_, row) => Boolean(labels[row]) === label));
  const [withPositives, withNegatives] = [new Set(positive).size, new Set(negative).size];
  if (withPositives < 2 || withNegatives < 2) {
    throw new StatsError(
      'stats/classes',
      `clusters must be at least 2 with positive and 2 with negative cases, got ${withPositives} and ${withNegatives}; add patients or take cases as independent`,
    );
  }
  return {
    positive: positive as Uint32Array,
    negative: negative as Uint32Array,
    count: size,
    withPositives,
    withNegatives,
  };
}

/** Sums over clusters of the placements' distances from their mean. */
function clusterSums(values: Float64Array, clusters: Uint32Array, size: number): Float64Array {
  const first = values[0] as number; // centred, so that a constant column has variance 0 exactly
  const mean = values.reduce((sum, value) => sum + (value - first), 0) / values.length;
  const sums = new Float64Array(size);
  values.forEach((value, i) => {
    const cluster = clusters[i] as number;
    sums[cluster] = (sums[cluster] as number) + (value - first - mean);
  });
  return sums;
}

const dot = (x: Float64Array, y: Float64Array) => x.reduce((sum, value, i) => sum + value * (y[i] as number), 0);

/**
 * The covariance of two AUCs from their placements: S10 / m + S01 / n (DeLong et al. 1988); with clusters
 * S10 / m + S01 / n + S11 / mn + S11' / mn (Obuchowski 1997, equations 3 to 5), which is the same for clusters of one.
 */
export function placementCovariance(a: Placements, b: Placements, clusters?: PlacementClusters): number {
  if (!clusters) return covarianceOfMeans(a.positive, b.positive) + covarianceOfMeans(a.negative, b.negative);
  const { positive, negative, count, withPositives, withNegatives } = clusters;
  const [x, u] = [clusterSums(a.positive, positive, count), clusterSums(b.positive, positive, count)];
  const [y, v] = [clusterSums(a.negative, negative, count), clusterSums(b.negative, negative, count)];
  const [m, n] = [positive.length, negative.length];
  const unbiased = (size: number) => size / (size - 1);
  const within = (unbiased(withPositives) * dot(x, u)) / m ** 2 + (unbiased(withNegatives) * dot(y, v)) / n ** 2;
  return within + (unbiased(count) * (dot(x, v) + dot(u, y))) / (m * n);
}

/** The variance of an AUC or of a difference; never below 0, where the terms of straddling clusters cancel. */
export const placementVariance = (parts: Placements, clusters?: PlacementClusters): number =>
  Math.max(0, placementCovariance(parts, parts, clusters));

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
 * With clusters the variance is Obuchowski's, for which clusters are independent and cases within one are not, and the
 * stand-in counts clusters in place of cases.
 *
 * Throws stats/length, stats/score, stats/label, stats/level, and stats/classes unless each class has two cases, and two
 * clusters where there are clusters.
 */
export function delong(
  scores: Scores,
  labels: Labels,
  { level = DEFAULT_LEVEL, clusters }: DelongOptions = {},
): DelongAuc {
  const z = twoSidedDeviate(level);
  const parts = placements(scores, labels);
  const { auc } = parts;
  const grouped = clusters && placementClusters(labels, clusters);
  const variance = placementVariance(parts, grouped);
  const standardError = Math.sqrt(variance);
  const [positives, negatives] = [parts.positive.length, parts.negative.length];
  return {
    auc,
    variance,
    standardError,
    positives,
    negatives,
    interval: { lower: Math.max(0, auc - z * standardError), upper: Math.min(1, auc + z * standardError), level },
    logitInterval: logitInterval(
      auc,
      variance,
      grouped ? Math.min(grouped.withPositives, grouped.withNegatives) : Math.min(positives, negatives),
      level,
    ),
  };
}
