import type { Labels, Scores } from '../cases.ts';
import { rocCurve } from './roc.ts';

/** One point of the precision-recall curve: the rule "score >= threshold is positive". */
export interface PrecisionRecallPoint {
  readonly threshold: number;
  /** tp / positives, the sensitivity. */
  readonly recall: number;
  /** tp / (tp + fp), the positive predictive value at this prevalence. */
  readonly precision: number;
  readonly tp: number;
  readonly fp: number;
}

/** The precision-recall curve of one score. */
export interface PrecisionRecallCurve {
  /**
   * One point a distinct score, from the highest down; recall ascends. There is no point at threshold Infinity, where
   * precision is 0/0.
   */
  readonly points: readonly PrecisionRecallPoint[];
  /** The mean of precision over the steps of recall: see {@link precisionRecall}. */
  readonly averagePrecision: number;
  /** The share of positives, the average precision of a useless score with ties only. */
  readonly prevalence: number;
}

/**
 * The precision-recall curve and average precision, the sum over points of (recall - recall before) precision, without
 * interpolation, as scikit-learn's average_precision_score; straight lines between points would be too optimistic
 * (Davis and Goadrich, ICML 2006). O(n log n).
 * Source: Manning, Raghavan and Schuetze, "Introduction to information retrieval" (2008), section 8.4.
 * Throws as {@link rocCurve} does.
 */
export function precisionRecall(scores: Scores, labels: Labels): PrecisionRecallCurve {
  const { points, positives, negatives } = rocCurve(scores, labels);
  const curve = points.slice(1).map(({ threshold, tp, fp, tpr }) => ({
    threshold,
    recall: tpr,
    precision: tp / (tp + fp),
    tp,
    fp,
  }));
  let [area, before] = [0, 0];
  for (const { tp, precision } of curve) {
    area += (tp - before) * precision;
    before = tp;
  }
  return { points: curve, averagePrecision: area / positives, prevalence: positives / (positives + negatives) };
}
