import type { Labels, Scores } from '../cases.ts';
import { studentQuantile, studentTwoSidedP } from '../distributions/student.ts';
import { StatsError } from '../errors.ts';
import { DEFAULT_LEVEL, type Interval, tailProbability } from '../interval.ts';
import { type DelongOptions, placementCovariance, placements } from './delong.ts';

/** The scores and labels of one sample of cases. */
export interface ScoredSample {
  readonly scores: Scores;
  readonly labels: Labels;
}

/** The comparison of two AUCs from different cases. */
export interface DelongUnpaired {
  /** auc of a less auc of b. */
  readonly difference: number;
  readonly standardError: number;
  /** difference / standardError. */
  readonly t: number;
  /** Of Satterthwaite's approximation, Infinity where both variances are 0. */
  readonly degreesOfFreedom: number;
  /** Two-sided, from Student's t distribution. */
  readonly p: number;
  /** difference +- t quantile times standard error, cut at -1 and 1. */
  readonly interval: Interval;
  readonly aucs: readonly [a: number, b: number];
}

/**
 * DeLong's test for the AUCs of two samples without a case in common (two hospitals, two subgroups): the variance of
 * the difference is the sum of both, compared with Student's t on Satterthwaite's degrees of freedom, as in pROC's
 * roc.test with paired = FALSE. O(n log n). Cases, also of one patient, are taken as independent. With both variances 0
 * equal AUCs give t = 0 and p = 1; unequal ones throw stats/variance, for the test is undefined.
 * Sources: DeLong et al., Biometrics 44 (1988), 837-845; Satterthwaite, Biometrics Bulletin 2 (1946), 110-114.
 * Throws as {@link delong} does besides.
 */
export function delongUnpaired(
  a: ScoredSample,
  b: ScoredSample,
  { level = DEFAULT_LEVEL }: Pick<DelongOptions, 'level'> = {},
): DelongUnpaired {
  const tail = tailProbability(level);
  const [first, second] = [placements(a.scores, a.labels), placements(b.scores, b.labels)];
  const [varA, varB] = [placementCovariance(first, first), placementCovariance(second, second)];
  const difference = first.auc - second.auc;
  const variance = varA + varB;
  if (variance === 0 && difference !== 0) {
    throw new StatsError(
      'stats/variance',
      `an unpaired DeLong test needs an AUC with variance, got ${first.auc} and ${second.auc} with variance 0 each; report the intervals of both AUCs instead`,
    );
  }
  const standardError = Math.sqrt(variance);
  const t = variance === 0 ? 0 : difference / standardError;
  const [nA, nB] = [a.labels.length, b.labels.length];
  const degreesOfFreedom =
    variance === 0 ? Number.POSITIVE_INFINITY : variance ** 2 / (varA ** 2 / (nA - 1) + varB ** 2 / (nB - 1));
  const half = studentQuantile(1 - tail, degreesOfFreedom) * standardError;
  return {
    difference,
    standardError,
    t,
    degreesOfFreedom,
    p: studentTwoSidedP(t, degreesOfFreedom),
    interval: { lower: Math.max(-1, difference - half), upper: Math.min(1, difference + half), level },
    aucs: [first.auc, second.auc],
  };
}
