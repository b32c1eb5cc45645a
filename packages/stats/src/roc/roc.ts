import { type Labels, partBothClasses, type Scores } from '../cases.ts';

/** One point of the empirical ROC: the rule "score >= threshold is positive", its rates and the counts behind them. */
export interface RocPoint {
  readonly threshold: number;
  /** False-positive rate, 1 - specificity: fp / negatives. */
  readonly fpr: number;
  /** True-positive rate, sensitivity: tp / positives. */
  readonly tpr: number;
  readonly fp: number;
  readonly tp: number;
}

/** The empirical ROC curve of one score. */
export interface RocCurve {
  /** From threshold Infinity (0, 0) down through every distinct score to the lowest, (1, 1). */
  readonly points: readonly RocPoint[];
  readonly positives: number;
  readonly negatives: number;
}

/**
 * The empirical ROC curve, one point a distinct score: tied cases move together, so a tie across classes is a slanted
 * segment and the trapezoidal area equals {@link auc}. Collinear points are kept. O(n log n).
 * Throws stats/length, stats/score, stats/label, and stats/classes where a class is absent.
 */
export function rocCurve(scores: Scores, labels: Labels): RocCurve {
  const parted = partBothClasses(scores, labels);
  const positives = parted.positives.sort().reverse();
  const negatives = parted.negatives.sort().reverse();
  const points: RocPoint[] = [{ threshold: Number.POSITIVE_INFINITY, fpr: 0, tpr: 0, fp: 0, tp: 0 }];
  let [tp, fp] = [0, 0];
  while (tp < positives.length || fp < negatives.length) {
    const threshold = Math.max(positives[tp] ?? Number.NEGATIVE_INFINITY, negatives[fp] ?? Number.NEGATIVE_INFINITY);
    while (positives[tp] === threshold) tp++;
    while (negatives[fp] === threshold) fp++;
    points.push({ threshold, fpr: fp / negatives.length, tpr: tp / positives.length, fp, tp });
  }
  return { points, positives: positives.length, negatives: negatives.length };
}
