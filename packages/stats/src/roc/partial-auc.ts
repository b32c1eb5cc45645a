import type { Labels, Scores } from '../cases.ts';
import { StatsError } from '../errors.ts';
import { rocCurve } from './roc.ts';

/** Where the area is taken: between two specificities or between two sensitivities. */
export interface PartialAucOptions {
  readonly over: 'specificity' | 'sensitivity';
  /** Two rates in [0, 1], the lower first. */
  readonly range: readonly [lower: number, upper: number];
}

/** A part of the area under the empirical ROC curve. */
export interface PartialAuc extends PartialAucOptions {
  /** The area itself: mean sensitivity (or specificity) over the range times its width. */
  readonly area: number;
  /** The area of a useless score over the range, and of a perfect one (the range's width). */
  readonly chance: number;
  readonly perfect: number;
  /** McClish's correction: 0.5 for chance, 1 for a perfect score, below 0.5 for worse than chance. */
  readonly corrected: number;
}

/** The integral from `from` to `to` of the polyline through (x, y), x ascending; vertical segments have no area. */
function integral(x: readonly number[], y: readonly number[], from: number, to: number): number {
  let area = 0;
  for (let i = 1; i < x.length; i++) {
    const [left, right] = [x[i - 1] as number, x[i] as number];
    const [start, end] = [Math.max(left, from), Math.min(right, to)];
    if (!(start < end)) continue;
    const [low, high] = [y[i - 1] as number, y[i] as number];
    const at = (position: number) => low + ((high - low) * (position - left)) / (right - left);
    area += ((end - start) * (at(start) + at(end))) / 2;
  }
  return area;
}

/**
 * The partial area under the ROC curve over a range of specificity (area under sensitivity) or of sensitivity (area
 * under specificity), by the trapezoidal rule with linear interpolation at both ends, and McClish's correction
 * (1 + (area - chance) / (perfect - chance)) / 2. As pROC's auc with partial.auc, partial.auc.focus and
 * partial.auc.correct, which however has NA where the area is below chance. Over specificity [1 - f, 1] the corrected
 * value is scikit-learn's roc_auc_score with max_fpr f. O(n log n).
 * Source: McClish, "Analyzing a portion of the ROC curve", Medical Decision Making 9 (1989), 190-195.
 * Throws stats/argument unless 0 <= lower < upper <= 1, and as {@link rocCurve} does.
 */
export function partialAuc(scores: Scores, labels: Labels, { over, range }: PartialAucOptions): PartialAuc {
  const [lower, upper] = range;
  if (!(lower >= 0 && lower < upper && upper <= 1)) {
    throw new StatsError(
      'stats/argument',
      `the range of a partial AUC must be two rates with 0 <= lower < upper <= 1, got ${lower} and ${upper}; pass [0.9, 1] for specificities from 90 %`,
    );
  }
  const { points } = rocCurve(scores, labels);
  const fpr = points.map((point) => point.fpr);
  const tpr = points.map((point) => point.tpr);
  const area =
    over === 'specificity'
      ? integral(fpr, tpr, 1 - upper, 1 - lower)
      : upper - lower - integral(tpr, fpr, lower, upper);
  // Under the diagonal sensitivity = 1 - specificity both integrals are the same trapezium.
  const perfect = upper - lower;
  const chance = perfect * (1 - (lower + upper) / 2);
  return { over, range, area, chance, perfect, corrected: (1 + (area - chance) / (perfect - chance)) / 2 };
}
