import type { Labels, Scores } from '../cases.ts';
import { type Placements, placementCovariance, placements } from '../roc/delong.ts';

/** How covariances of AUCs over cases are estimated. */
export type ReaderCovarianceMethod = 'delong' | 'jackknife';

/** AUCs of modalities and readers, with the covariances that the cases induce. */
export interface ReaderAucs {
  /** [modalities][readers]. */
  readonly aucs: readonly (readonly number[])[];
  /** Covariance of reader j under modality i with reader l under modality k. */
  readonly covariance: (i: number, j: number, k: number, l: number) => number;
}

/**
 * The jackknife's own terms from placements, without computing an AUC again: leaving positive p out of m changes the
 * AUC by (A - V10_p) / (m - 1), a negative likewise, so every leave-one-out AUC takes O(1).
 */
function leaveOneOut({ auc, positive, negative }: Placements): Float64Array {
  const [m, n] = [positive.length, negative.length];
  const terms = new Float64Array(m + n);
  positive.forEach((value, i) => {
    terms[i] = auc + (auc - value) / (m - 1);
  });
  negative.forEach((value, j) => {
    terms[m + j] = auc + (auc - value) / (n - 1);
  });
  return terms;
}

/** (K - 1) / K times the sum of products of deviations of the leave-one-out AUCs from their mean. */
function jackknifeCovariance(x: Float64Array, y: Float64Array): number {
  const n = x.length;
  const [xMean, yMean] = [x.reduce((sum, value) => sum + value, 0) / n, y.reduce((sum, value) => sum + value, 0) / n];
  return (x.reduce((sum, value, i) => sum + (value - xMean) * ((y[i] ?? 0) - yMean), 0) * (n - 1)) / n;
}

/**
 * AUCs and their covariances over cases. 'jackknife' leaves out one case at a time, of either class (Efron 1982), as
 * OR-DBM MRMC, MRMCaov and RJafroc have it by default; 'delong' is DeLong's. O(modalities readers n log n), and O(n) a
 * covariance.
 * Throws as placements do: stats/classes unless each class has two cases.
 */
export function readerAucs(
  scores: readonly (readonly Scores[])[],
  labels: Labels,
  method: ReaderCovarianceMethod,
): ReaderAucs {
  const parts = scores.map((readers) => readers.map((column) => placements(column, labels)));
  const aucs = parts.map((readers) => readers.map(({ auc }) => auc));
  if (method === 'delong') {
    const covariance = (i: number, j: number, k: number, l: number) =>
      placementCovariance(parts[i]?.[j] as Placements, parts[k]?.[l] as Placements);
    return { aucs, covariance };
  }
  const left = parts.map((readers) => readers.map(leaveOneOut));
  const covariance = (i: number, j: number, k: number, l: number) =>
    jackknifeCovariance(left[i]?.[j] as Float64Array, left[k]?.[l] as Float64Array);
  return { aucs, covariance };
}
