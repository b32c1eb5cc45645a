import type { Labels, Scores } from '../cases.ts';
import { type BandOptions, pointwiseBand } from '../resampling/pointwise-band.ts';
import { type RankedCases, rankCases } from '../resampling/resampled-auc.ts';
import { clusterClasses } from '../resampling/units.ts';

/** What a band needs; `grid` are false-positive rates (1 - specificity). */
export type RocBandOptions = BandOptions;

/** The sensitivity at one false-positive rate, with its interval. */
export interface RocBandPoint {
  readonly fpr: number;
  /** Of the empirical curve. */
  readonly tpr: number;
  readonly lower: number;
  readonly upper: number;
}

/** A pointwise band: each interval has the level by itself, not all of them at once. */
export interface RocBand {
  readonly level: number;
  readonly replicates: number;
  readonly points: readonly RocBandPoint[];
}

/** A rate in units of negatives; a product within rounding of a count is that count, so that 1 - 0.9 hits a step at 0.1. */
function asCount(rate: number, negatives: number): number {
  const count = rate * negatives;
  const nearest = Math.round(count);
  return Math.abs(count - nearest) < 1e-9 * negatives ? nearest : count;
}

/** Sensitivities of a resample over a grid: linear between points, the upper end of a vertical step. */
function sensitivities(
  { rows, positive, last }: RankedCases,
  grid: readonly number[],
  multiplicities: Uint32Array,
): number[] | undefined {
  let [positives, negatives] = [0, 0];
  for (let rank = 0; rank < rows.length; rank++) {
    const weight = multiplicities[rows[rank] as number] as number;
    if (positive[rank] === 1) positives += weight;
    else negatives += weight;
  }
  if (positives === 0 || negatives === 0) return undefined;
  const steps = grid.map((fpr) => asCount(fpr, negatives));
  const result: number[] = [];
  let [tp, fp, risen, run] = [0, 0, 0, 0];
  for (let rank = rows.length - 1; rank >= 0; rank--) {
    const weight = multiplicities[rows[rank] as number] as number;
    if (positive[rank] === 1) risen += weight;
    else run += weight;
    if (rank > 0 && last[rank - 1] === 0) continue; // the next case has the same score
    while (result.length < grid.length && (steps[result.length] as number) < fp + run)
      result.push((tp + (risen * ((steps[result.length] as number) - fp)) / run) / positives);
    tp += risen;
    fp += run;
    risen = 0;
    run = 0;
  }
  while (result.length < grid.length) result.push(1); // at fpr 1
  return result;
}

/**
 * A pointwise band of the ROC curve: intervals of sensitivity at given false-positive rates, by a bootstrap stratified by
 * class (as many positives and negatives as observed in every replicate) and the percentile method (R's type 7). With
 * clusters whole ones are drawn, stratified by whether they have a positive case; without, several images a patient make
 * the band too narrow. O(replicates (n + grid)).
 * Sources: Efron and Tibshirani, "An introduction to the bootstrap" (1993), chapter 13; the same scheme as pROC's ci.se
 * (Robin et al., BMC Bioinformatics 12 (2011), 77).
 * Throws stats/length, stats/score, stats/label, stats/classes, stats/level, stats/argument and stats/replicates.
 */
export function rocBand(scores: Scores, labels: Labels, options: RocBandOptions): RocBand {
  const ranked = rankCases(scores, labels);
  const strata = options.clusters ? clusterClasses(labels, options.clusters) : labels;
  const over = (grid: readonly number[]) => (multiplicities: Uint32Array) =>
    sensitivities(ranked, grid, multiplicities);
  const { level, replicates, grid, lower, upper } = pointwiseBand(labels.length, strata, over, options);
  const empirical = over(grid)(new Uint32Array(labels.length).fill(1)) ?? [];
  const points = grid.map((fpr, i) => ({
    fpr,
    tpr: empirical[i] as number,
    lower: lower[i] as number,
    upper: upper[i] as number,
  }));
  return { level, replicates, points };
}
