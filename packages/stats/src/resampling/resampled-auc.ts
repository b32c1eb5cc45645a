import { type Labels, partBothClasses, type Scores } from '../cases.ts';
import { ascendingOrder } from '../roc/midranks.ts';
import type { ResampledStatistic } from './units.ts';

/**
 * Cases in ascending order of score with the ends of their groups of tied scores: what a weighted rank sum runs over.
 */
export interface RankedCases {
  /** Row of each rank. */
  readonly rows: Uint32Array;
  /** 1 where the case of a rank is positive. */
  readonly positive: Uint8Array;
  /** 1 where the next rank has another score. */
  readonly last: Uint8Array;
}

/** Ranks cases once for many resamples. O(n log n). Throws stats/length, stats/score, stats/label and stats/classes. */
export function rankCases(scores: Scores, labels: Labels): RankedCases {
  partBothClasses(scores, labels);
  const rows = ascendingOrder(scores);
  const positive = Uint8Array.from(rows, (row) => Number(labels[row]));
  const last = Uint8Array.from(rows, (row, rank) => (scores[row] === scores[rows[rank + 1] as number] ? 0 : 1));
  return { rows, positive, last };
}

/**
 * The AUC as a statistic of a resample, for {@link bootstrap}: cases are ranked once and a resample is a weighted rank
 * sum over that order, O(n) without sorting. A resample without one of the classes has no value. Differences of AUCs
 * are differences of two such statistics. Throws as {@link rankCases} does.
 */
export function resampledAuc(scores: Scores, labels: Labels): ResampledStatistic {
  const { rows, positive, last } = rankCases(scores, labels);
  return (multiplicities) => {
    let [pairs, positives, negatives, groupPositives, groupNegatives] = [0, 0, 0, 0, 0];
    for (let rank = 0; rank < rows.length; rank++) {
      const weight = multiplicities[rows[rank] as number] as number;
      if (positive[rank] === 1) groupPositives += weight;
      else groupNegatives += weight;
      if (last[rank] === 1) {
        pairs += groupPositives * (negatives + groupNegatives / 2);
        positives += groupPositives;
        negatives += groupNegatives;
        groupPositives = 0;
        groupNegatives = 0;
      }
    }
    return positives > 0 && negatives > 0 ? pairs / (positives * negatives) : undefined;
  };
}
