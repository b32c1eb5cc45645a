import { normalQuantile } from './distributions/normal.ts';
import { StatsError } from './errors.ts';

/** A two-sided confidence interval; `level` is its nominal coverage, 0.95 for 95 %. */
export interface Interval {
  readonly lower: number;
  readonly upper: number;
  readonly level: number;
}

/** The confidence level where none is given. */
export const DEFAULT_LEVEL = 0.95;

/** Returns the probability left in one tail of a two-sided interval. Throws stats/level unless 0 < level < 1. */
export function tailProbability(level: number): number {
  if (!(level > 0 && level < 1)) {
    throw new StatsError(
      'stats/level',
      `level must lie between 0 and 1, both excluded, got ${level}; pass 0.95 for a 95 % interval`,
    );
  }
  return (1 - level) / 2;
}

/** The standard normal deviate of a two-sided interval, 1.9599... at level 0.95. Throws stats/level. */
export function twoSidedDeviate(level: number): number {
  return -normalQuantile(tailProbability(level));
}
