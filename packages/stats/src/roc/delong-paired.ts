import type { Labels, Scores } from '../cases.ts';
import { twoSidedP } from '../distributions/normal.ts';
import { StatsError } from '../errors.ts';
import { DEFAULT_LEVEL, type Interval, twoSidedDeviate } from '../interval.ts';
import { type DelongOptions, placementClusters, placementCovariance, placements, placementVariance } from './delong.ts';

/** The comparison of two correlated AUCs. */
export interface DelongPaired {
  /** auc of a less auc of b. */
  readonly difference: number;
  readonly standardError: number;
  readonly z: number;
  /** Two-sided, from the standard normal distribution. */
  readonly p: number;
  /** difference +- z standard errors, cut at -1 and 1. */
  readonly interval: Interval;
  readonly aucs: readonly [a: number, b: number];
  /** Of the two AUCs; 0 where either has variance 0. */
  readonly covariance: number;
}

/**
 * DeLong's test for two scores of the same cases. The variance is that of the difference of the placements, which
 * equals var(a) + var(b) - 2 cov(a, b) without its cancellation: scores that rank alike give 0 exactly.
 * With standard error 0, equal AUCs give z = 0 and p = 1; unequal ones throw stats/variance, for the test is undefined.
 * Cases are taken as independent, unless clusters say which are of one patient.
 * Sources: DeLong et al., Biometrics 44 (1988), 837-845; with clusters Obuchowski, Biometrics 53 (1997), 567-578. Throws
 * as {@link delong} does besides.
 */
export function delongPaired(
  a: Scores,
  b: Scores,
  labels: Labels,
  { level = DEFAULT_LEVEL, clusters }: DelongOptions = {},
): DelongPaired {
  const quantile = twoSidedDeviate(level);
  const [first, second] = [placements(a, labels), placements(b, labels)];
  const difference = first.auc - second.auc;
  const contrast = {
    auc: difference,
    positive: first.positive.map((value, i) => value - (second.positive[i] as number)),
    negative: first.negative.map((value, j) => value - (second.negative[j] as number)),
  };
  const grouped = clusters && placementClusters(labels, clusters);
  const standardError = Math.sqrt(placementVariance(contrast, grouped));
  if (standardError === 0 && difference !== 0) {
    throw new StatsError(
      'stats/variance',
      `a paired DeLong test needs a difference with variance, got AUCs ${first.auc} and ${second.auc} whose difference has variance 0; report the intervals of both AUCs instead`,
    );
  }
  const z = difference === 0 ? 0 : difference / standardError;
  return {
    difference,
    standardError,
    z,
    p: twoSidedP(z),
    interval: {
      lower: Math.max(-1, difference - quantile * standardError),
      upper: Math.min(1, difference + quantile * standardError),
      level,
    },
    aucs: [first.auc, second.auc],
    covariance: placementCovariance(first, second, grouped),
  };
}
