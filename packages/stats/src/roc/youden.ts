import type { Labels, Scores } from '../cases.ts';
import { type RocPoint, rocCurve } from './roc.ts';

/** The operating point of largest Youden index. */
export interface YoudenPoint {
  /** J = sensitivity + specificity - 1, from 0 to 1. */
  readonly index: number;
  /** The chosen threshold: an observed score, or Infinity (see {@link youden}); score >= threshold is positive. */
  readonly threshold: number;
  readonly sensitivity: number;
  readonly specificity: number;
  /** Every threshold that reaches the largest index, descending. */
  readonly thresholds: readonly number[];
}

/**
 * The cut-off that maximises Youden's index, found among the observed scores: the score itself is the threshold, as in
 * scikit-learn, not a midpoint between scores. Ties are found on integer counts, so rounding cannot break them; of
 * tied points the one with the largest specificity (the highest threshold) is chosen, for fewer false recalls. Where
 * no cut-off beats chance the index is 0 and that point is threshold Infinity, which calls nobody positive.
 * Source: Youden, "Index for rating diagnostic tests", Cancer 3 (1950), 32-35. Throws as {@link rocCurve} does.
 */
export function youden(scores: Scores, labels: Labels): YoudenPoint {
  const { points, positives, negatives } = rocCurve(scores, labels);
  const scaledIndex = ({ tp, fp }: RocPoint) => tp * negatives - fp * positives; // J times positives times negatives
  const largest = points.reduce((best, point) => Math.max(best, scaledIndex(point)), 0);
  const maximal = points.filter((point) => scaledIndex(point) === largest);
  const chosen = maximal[0] as RocPoint; // points run from the highest threshold down
  return {
    index: largest / (positives * negatives),
    threshold: chosen.threshold,
    sensitivity: chosen.tpr,
    specificity: (negatives - chosen.fp) / negatives,
    thresholds: maximal.map((point) => point.threshold),
  };
}
