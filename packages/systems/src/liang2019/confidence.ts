import { type Interval, studentQuantile } from '@mammoscope/stats';

/** The mean confidence of right calls, with Student's 95 % interval; null of none, and the interval of fewer than two clusters. */
export interface CallConfidence {
  readonly value: number | null;
  readonly interval: Interval | null;
  /** Right calls, over which the mean is taken. */
  readonly correct: number;
  readonly cases: number;
}

/**
 * AC of Table IV ("average correct predict confident"): the mean, over cases whose class was called right, of the probability given to
 * it. Of two classes called by the larger probability it is `averageCorrectConfidence`; an ensemble's calls are its votes, so that
 * a confidence of its may be below one half.
 * With clusters the variance is that of the sums of their residuals, on one degree of freedom less than clusters; without them every
 * case is one.
 * @param scores probabilities of the positive class @param calledPositive what was called @param clusters the patient of each case
 */
export function callConfidence(
  scores: readonly number[],
  calledPositive: readonly boolean[],
  positive: readonly boolean[],
  clusters: readonly string[] = scores.map((_, i) => String(i)),
): CallConfidence {
  const right = scores.flatMap((score, i) =>
    calledPositive[i] === positive[i]
      ? [{ confidence: calledPositive[i] ? score : 1 - score, cluster: clusters[i] as string }]
      : [],
  );
  const n = right.length;
  const counts = { correct: n, cases: scores.length };
  if (n === 0) return { value: null, interval: null, ...counts };
  const value = right.reduce((sum, { confidence }) => sum + confidence, 0) / n;
  const residuals = new Map<string, number>();
  for (const { confidence, cluster } of right)
    residuals.set(cluster, (residuals.get(cluster) ?? 0) + confidence - value);
  const m = residuals.size;
  if (m === 1) return { value, interval: null, ...counts };
  const squares = [...residuals.values()].reduce((sum, each) => sum + each ** 2, 0);
  const reach = (studentQuantile(0.975, m - 1) * Math.sqrt((squares * m) / (m - 1))) / n;
  const interval = { level: 0.95, lower: Math.max(0, value - reach), upper: Math.min(1, value + reach) };
  return { value, interval, ...counts };
}
