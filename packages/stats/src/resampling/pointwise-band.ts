import { StatsError } from '../errors.ts';
import { DEFAULT_LEVEL, tailProbability } from '../interval.ts';
import type { RandomSource } from '../random-source.ts';
import { quantile } from './quantile.ts';
import { drawUnits, type Groups, resamplingUnits } from './units.ts';

/** What a band of a curve needs. */
export interface BandOptions {
  readonly random: RandomSource;
  /** Pointwise coverage, 0.95 where not given. */
  readonly level?: number;
  /** Bootstrap replicates, 1,000 where not given. */
  readonly replicates?: number;
  /** Where the curve is taken, ascending rates in [0, 1]; 0 to 1 by 0.01 where not given. */
  readonly grid?: readonly number[];
  /** Cases of one cluster (a patient) are drawn together; single cases where not given. */
  readonly clusters?: Groups;
}

/** Heights of the curve of a resample over a grid; undefined where it has none. `multiplicities[i]` counts case i. */
export type ResampledCurve = (multiplicities: Uint32Array) => readonly number[] | undefined;

/** Quantiles of curves over a grid. */
export interface PointwiseBand {
  readonly level: number;
  /** Replicates with a curve. */
  readonly replicates: number;
  readonly grid: readonly number[];
  readonly lower: readonly number[];
  readonly upper: readonly number[];
}

const PERCENT_GRID = Array.from({ length: 101 }, (_, percent) => percent / 100);

function requireGrid(grid: readonly number[]): void {
  const wrong = grid.findIndex((rate, i) => !(rate >= 0 && rate <= 1) || (i > 0 && rate < (grid[i - 1] as number)));
  if (grid.length === 0 || wrong >= 0) {
    throw new StatsError(
      'stats/argument',
      `grid must be rates in [0, 1], ascending, got ${grid.length === 0 ? 'none' : `grid[${wrong}] = ${grid[wrong]}`}; sort them and pass rates, not percentages`,
    );
  }
}

/**
 * A pointwise band: each interval has the level by itself, not all of them at once. Percentiles (R's type 7) of a
 * bootstrap within strata, of whole clusters where given. `curveOver` gives the curve of a resample over the grid.
 * Source: Efron and Tibshirani, "An introduction to the bootstrap" (1993), chapter 13.
 * Throws stats/level, stats/argument, stats/length, stats/cluster, and stats/replicates where no two replicates have a
 * curve.
 */
export function pointwiseBand(
  count: number,
  strata: Groups,
  curveOver: (grid: readonly number[]) => ResampledCurve,
  { random, level = DEFAULT_LEVEL, replicates = 1000, grid = PERCENT_GRID, clusters }: BandOptions,
): PointwiseBand {
  const tail = tailProbability(level);
  requireGrid(grid);
  if (!(Number.isSafeInteger(replicates) && replicates >= 2)) {
    throw new StatsError(
      'stats/argument',
      `replicates must be an integer of at least 2, got ${replicates}; 1,000 is usual for a band`,
    );
  }
  const design = resamplingUnits(count, clusters, strata);
  const curve = curveOver(grid);
  const multiplicities = new Uint32Array(count);
  const samples = grid.map(() => new Float64Array(replicates));
  let kept = 0;
  for (let replicate = 0; replicate < replicates; replicate++) {
    drawUnits(design, random, multiplicities);
    const heights = curve(multiplicities);
    if (!heights) continue;
    heights.forEach((height, i) => {
      (samples[i] as Float64Array)[kept] = height;
    });
    kept++;
  }
  if (kept < 2) {
    throw new StatsError(
      'stats/replicates',
      `a band needs a curve in two replicates, got ${kept} of ${replicates}; add cases of the rarer class`,
    );
  }
  const sorted = samples.map((sample) => sample.subarray(0, kept).sort());
  return {
    level,
    replicates: kept,
    grid,
    lower: sorted.map((sample) => quantile(sample, tail)),
    upper: sorted.map((sample) => quantile(sample, 1 - tail)),
  };
}
