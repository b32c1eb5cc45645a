import { type Labels, partBothClasses, type Scores } from '../cases.ts';
import { StatsError } from '../errors.ts';
import { DEFAULT_LEVEL, tailProbability } from '../interval.ts';
import type { RandomSource } from '../random-source.ts';
import { quantile } from '../resampling/quantile.ts';
import { rocCurve } from './roc.ts';

/** What a band needs. */
export interface RocBandOptions {
  readonly random: RandomSource;
  /** Pointwise coverage, 0.95 where not given. */
  readonly level?: number;
  /** Bootstrap replicates, 1,000 where not given. */
  readonly replicates?: number;
  /** False-positive rates (1 - specificity), ascending in [0, 1]; 0 to 1 by 0.01 where not given. */
  readonly grid?: readonly number[];
}

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

const PERCENT_GRID = Array.from({ length: 101 }, (_, percent) => percent / 100);

function requireGrid(grid: readonly number[]): void {
  const wrong = grid.findIndex((fpr, i) => !(fpr >= 0 && fpr <= 1) || (i > 0 && fpr < (grid[i - 1] as number)));
  if (grid.length === 0 || wrong >= 0) {
    throw new StatsError(
      'stats/argument',
      `grid must be false-positive rates in [0, 1], ascending, got ${grid.length === 0 ? 'none' : `grid[${wrong}] = ${grid[wrong]}`}; sort them and pass rates, not percentages`,
    );
  }
}

/** A rate in units of negatives; a product within rounding of a count is that count, so that 1 - 0.9 hits a step at 0.1. */
function asCount(rate: number, negatives: number): number {
  const count = rate * negatives;
  const nearest = Math.round(count);
  return Math.abs(count - nearest) < 1e-9 * negatives ? nearest : count;
}

/**
 * Sensitivity of the curve at each grid position: linear between points, the upper end of a vertical step.
 * `positives` and `negatives` count cases at each distinct score, descending; `grid` is in units of negatives.
 */
function sensitivities(
  positives: Uint32Array,
  negatives: Uint32Array,
  grid: readonly number[],
  total: number,
): number[] {
  const result: number[] = [];
  let [tp, fp] = [0, 0];
  for (let group = 0; group < positives.length; group++) {
    const risen = positives[group] as number;
    const run = negatives[group] as number;
    while (result.length < grid.length && (grid[result.length] as number) < fp + run) {
      result.push((tp + (risen * ((grid[result.length] as number) - fp)) / run) / total);
    }
    tp += risen;
    fp += run;
  }
  while (result.length < grid.length) result.push(1); // at fpr 1
  return result;
}

/**
 * A pointwise band of the ROC curve: intervals of sensitivity at given false-positive rates, by a bootstrap stratified by
 * class (as many positives and negatives as observed in every replicate) and the percentile method (R's type 7).
 * Cases are drawn one by one: with several images a patient the band is too narrow. O(replicates (n + grid)).
 * Sources: Efron and Tibshirani, "An introduction to the bootstrap" (1993), chapter 13; the same scheme as pROC's ci.se
 * (Robin et al., BMC Bioinformatics 12 (2011), 77).
 * Throws stats/length, stats/score, stats/label, stats/classes, stats/level and stats/argument.
 */
export function rocBand(scores: Scores, labels: Labels, options: RocBandOptions): RocBand {
  const { random, level = DEFAULT_LEVEL, replicates = 1000, grid = PERCENT_GRID } = options;
  const tail = tailProbability(level);
  requireGrid(grid);
  if (!(Number.isSafeInteger(replicates) && replicates >= 2)) {
    throw new StatsError(
      'stats/argument',
      `replicates must be an integer of at least 2, got ${replicates}; 1,000 is usual for a band`,
    );
  }
  const parted = partBothClasses(scores, labels);
  const { points } = rocCurve(scores, labels);
  const groupOf = new Map(points.slice(1).map((point, group) => [point.threshold, group]));
  const groups = (part: Float64Array) => Uint32Array.from(part, (score) => groupOf.get(score) as number);
  const [positives, negatives] = [groups(parted.positives), groups(parted.negatives)];
  const counts = (members: Uint32Array, pick: (i: number) => number) => {
    const result = new Uint32Array(groupOf.size);
    for (let i = 0; i < members.length; i++) {
      const group = members[pick(i)] as number;
      result[group] = (result[group] as number) + 1;
    }
    return result;
  };
  const draw = (members: Uint32Array) => counts(members, () => random.integer(0, members.length - 1));
  const observe = (members: Uint32Array) => counts(members, (i) => i);
  const countGrid = grid.map((fpr) => asCount(fpr, negatives.length));
  const curve = (p: Uint32Array, n: Uint32Array) => sensitivities(p, n, countGrid, positives.length);

  const samples = grid.map(() => new Float64Array(replicates));
  for (let replicate = 0; replicate < replicates; replicate++) {
    const drawnPositives = draw(positives);
    curve(drawnPositives, draw(negatives)).forEach((tpr, i) => {
      (samples[i] as Float64Array)[replicate] = tpr;
    });
  }
  const empirical = curve(observe(positives), observe(negatives));
  const bandPoints = samples.map((sample, i) => {
    sample.sort();
    const [lower, upper] = [quantile(sample, tail), quantile(sample, 1 - tail)];
    return { fpr: grid[i] as number, tpr: empirical[i] as number, lower, upper };
  });
  return { level, replicates, points: bandPoints };
}
