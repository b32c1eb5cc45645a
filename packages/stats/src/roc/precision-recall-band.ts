import type { Labels, Scores } from '../cases.ts';
import { type BandOptions, pointwiseBand } from '../resampling/pointwise-band.ts';
import { type RankedCases, rankCases } from '../resampling/resampled-auc.ts';
import { clusterClasses } from '../resampling/units.ts';

/** The precision at one recall, with its interval. */
export interface PrecisionRecallBandPoint {
  readonly recall: number;
  /** Of the empirical curve. */
  readonly precision: number;
  readonly lower: number;
  readonly upper: number;
}

/** A pointwise band: each interval has the level by itself, not all of them at once. */
export interface PrecisionRecallBand {
  readonly level: number;
  readonly replicates: number;
  readonly points: readonly PrecisionRecallBandPoint[];
}

/** Counts of positives within this share of a recall have reached it: 0.29 of 100 is 28.999999999999996. */
const ROUNDING = 1e-9;

/** Precision of a resample where recall first reaches each rate of a grid: the curve's steps, never interpolated. */
function precisions(
  { rows, positive, last }: RankedCases,
  grid: readonly number[],
  multiplicities: Uint32Array,
): number[] | undefined {
  let positives = 0;
  for (let rank = 0; rank < rows.length; rank++)
    if (positive[rank] === 1) positives += multiplicities[rows[rank] as number] as number;
  if (positives === 0) return undefined;
  const result: number[] = [];
  let [tp, fp] = [0, 0];
  for (let rank = rows.length - 1; rank >= 0 && result.length < grid.length; rank--) {
    const weight = multiplicities[rows[rank] as number] as number;
    if (positive[rank] === 1) tp += weight;
    else fp += weight;
    if (tp === 0 || (rank > 0 && last[rank - 1] === 0)) continue;
    while (result.length < grid.length && tp >= (grid[result.length] as number) * positives * (1 - ROUNDING))
      result.push(tp / (tp + fp));
  }
  return result;
}

/**
 * A pointwise band of the precision-recall curve: intervals of precision where recall first reaches given rates (at 0:
 * at the first positive case), by a bootstrap stratified by class, so that prevalence stays, and the percentile method.
 * With clusters whole ones are drawn, stratified by whether they have a positive case. O(replicates (n + grid)).
 * Source: Boyd, Eng and Page, ECML PKDD 2013, 451-466. Throws as rocBand does.
 */
export function precisionRecallBand(scores: Scores, labels: Labels, options: BandOptions): PrecisionRecallBand {
  const ranked = rankCases(scores, labels);
  const strata = options.clusters ? clusterClasses(labels, options.clusters) : labels;
  const over = (grid: readonly number[]) => (multiplicities: Uint32Array) => precisions(ranked, grid, multiplicities);
  const { level, replicates, grid, lower, upper } = pointwiseBand(labels.length, strata, over, options);
  const empirical = over(grid)(new Uint32Array(labels.length).fill(1)) ?? [];
  const points = grid.map((recall, i) => ({
    recall,
    precision: empirical[i] as number,
    lower: lower[i] as number,
    upper: upper[i] as number,
  }));
  return { level, replicates, points };
}
