import { StatsError } from '../errors.ts';
import { DEFAULT_LEVEL, type Interval, tailProbability } from '../interval.ts';
import type { RandomSource } from '../random-source.ts';
import { type CoverageQuantity, scenarios } from './scenarios.ts';

/** What is simulated. */
export interface CoverageOptions {
  readonly random: RandomSource;
  /** Simulated studies of each size; 2,000 where not given. */
  readonly trials?: number;
  /** Cases of a study, half of them positive; 50, 200 and 1,000 where not given. */
  readonly sizes?: readonly number[];
  readonly level?: number;
  /** The true AUC of the binormal scores, 0.85 where not given. */
  readonly auc?: number;
  /** The true proportion of the counts, over all cases of a study; 0.8 where not given. */
  readonly proportion?: number;
  /** Bootstrap replicates in each study; 0, which leaves the bootstrap out, where not given. */
  readonly replicates?: number;
}

/** How often one interval held the truth. */
export interface Coverage {
  readonly quantity: CoverageQuantity;
  readonly method: string;
  readonly cases: number;
  readonly truth: number;
  readonly coverage: number;
  /** Of the coverage itself: sqrt(coverage (1 - coverage) / trials). */
  readonly standardError: number;
  readonly meanWidth: number;
}

/** Intervals of the same quantity over many trials, tallied by method. */
function tally(
  quantity: CoverageQuantity,
  cases: number,
  truth: number,
  trials: readonly Readonly<Record<string, Interval>>[],
): Coverage[] {
  return Object.keys(trials[0] ?? {}).map((method) => {
    const intervals = trials.map((trial) => trial[method] as Interval);
    const coverage = intervals.filter(({ lower, upper }) => lower <= truth && truth <= upper).length / trials.length;
    const meanWidth = intervals.reduce((sum, { lower, upper }) => sum + (upper - lower), 0) / trials.length;
    const standardError = Math.sqrt((coverage * (1 - coverage)) / trials.length);
    return { quantity, method, cases, truth, coverage, standardError, meanWidth };
  });
}

/**
 * The coverage of this package's intervals, by simulation of the studies that {@link scenarios} describes: an interval
 * of level 0.95 should hold the truth in 95 % of them; 2,000 trials leave a standard error of 0.5 %. The table is in the
 * guide to statistics. O(trials n log n), with a bootstrap O(trials replicates n).
 *
 * Throws stats/argument for trials that are no positive integer, sizes that are no even integers of at least 8, and rates
 * outside their range, and stats/level.
 */
export function coverage(options: CoverageOptions): readonly Coverage[] {
  const { random, trials = 2000, sizes = [50, 200, 1000], level = DEFAULT_LEVEL } = options;
  const { auc = 0.85, proportion = 0.8, replicates = 0 } = options;
  tailProbability(level);
  const sound =
    Number.isSafeInteger(trials) &&
    trials >= 1 &&
    sizes.every((size) => Number.isSafeInteger(size) && size >= 8 && size % 2 === 0) &&
    [auc, proportion].every((rate) => rate > 0 && rate < 1);
  if (!sound) {
    throw new StatsError(
      'stats/argument',
      `a simulation needs trials >= 1, even sizes >= 8, an AUC and a proportion between 0 and 1, got ${trials}, ${sizes.join(' ')}, ${auc} and ${proportion}; mend them`,
    );
  }
  return sizes.flatMap((cases) =>
    scenarios({ random, cases, level, auc, proportion, replicates }).flatMap(({ quantity, truth, study }) =>
      tally(quantity, cases, truth, Array.from({ length: trials }, study)),
    ),
  );
}
