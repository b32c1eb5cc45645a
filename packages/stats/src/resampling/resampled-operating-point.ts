import type { Labels, Scores } from '../cases.ts';
import { StatsError } from '../errors.ts';
import type { ConfusionCounts } from '../proportions/confusion.ts';
import { rankCases } from './resampled-auc.ts';
import type { ResampledStatistic } from './units.ts';

/** A figure at the nearest sensitivity, for resamples. */
export interface ResampledOperatingPointOptions {
  /** The sensitivity asked for, 0.9 in Park 2022. */
  readonly sensitivity: number;
  /**
   * The largest difference allowed between the sensitivity reached and that asked for; 0.025, as Park 2022 has it,
   * where not given.
   */
  readonly tolerance?: number;
  /** The figure at the operating point; undefined where it has no value. */
  readonly figure: (counts: ConfusionCounts) => number | undefined;
}

/** The tolerance is met up to rounding of the rates. */
const ROUNDING = 1e-12;

/**
 * A figure (specificity, Matthews correlation) at the threshold of nearest sensitivity, as a statistic of a resample,
 * for {@link bootstrap}: the threshold is chosen anew in each resample, by the rule of fixedSensitivity, and a resample
 * whose sensitivity there misses the target by more than the tolerance has no value.
 * Source: Park 2022, footnote 6: "When calculating confidence intervals with bootstrapping, trials for which the
 * difference between the ideal and actual sensitivity is greater than 2.5 percentage points are discarded". O(n) a
 * resample after one sort.
 * Throws stats/argument for a sensitivity outside [0, 1] or a negative tolerance, and as {@link rankCases} does.
 */
export function resampledOperatingPoint(
  scores: Scores,
  labels: Labels,
  { sensitivity, tolerance = 0.025, figure }: ResampledOperatingPointOptions,
): ResampledStatistic {
  if (!(sensitivity >= 0 && sensitivity <= 1 && tolerance >= 0)) {
    throw new StatsError(
      'stats/argument',
      `an operating point needs a sensitivity in [0, 1] and a tolerance of at least 0, got ${sensitivity} and ${tolerance}; pass 0.9 and 0.025`,
    );
  }
  const { rows, positive, last } = rankCases(scores, labels);
  return (multiplicities) => {
    let [positives, negatives] = [0, 0];
    for (let rank = 0; rank < rows.length; rank++) {
      const weight = multiplicities[rows[rank] as number] as number;
      if (positive[rank] === 1) positives += weight;
      else negatives += weight;
    }
    if (positives === 0 || negatives === 0) return undefined;
    const wanted = sensitivity * positives;
    const slack = 1e-9 * Math.max(1, wanted);
    let [tp, fp, bestTp, bestFp] = [0, 0, 0, 0];
    for (let rank = rows.length - 1; rank >= 0; rank--) {
      // Of equal tp the first, which is the most specific; of equally near ones the later, which is the more sensitive.
      const groupEnds = last[rank] === 1;
      if (groupEnds && tp > bestTp && Math.abs(tp - wanted) <= Math.abs(bestTp - wanted) + slack)
        [bestTp, bestFp] = [tp, fp];
      if (groupEnds && tp >= wanted - slack) break;
      const weight = multiplicities[rows[rank] as number] as number;
      if (positive[rank] === 1) tp += weight;
      else fp += weight;
    }
    if (tp > bestTp && Math.abs(tp - wanted) <= Math.abs(bestTp - wanted) + slack) [bestTp, bestFp] = [tp, fp];
    if (Math.abs(bestTp / positives - sensitivity) > tolerance + ROUNDING) return undefined;
    return figure({ tp: bestTp, fp: bestFp, tn: negatives - bestFp, fn: positives - bestTp });
  };
}
