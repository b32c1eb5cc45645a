/**
 * The bootstrap: intervals of any statistic that can weight its cases.
 * Sources: Efron and Tibshirani, "An introduction to the bootstrap" (1993), chapters 13 and 14; Davison and Hinkley,
 * "Bootstrap methods and their application" (1997), section 5.4, for strata; Field and Welsh, Journal of the Royal
 * Statistical Society B 69 (2007), 369-390, for whole clusters drawn with replacement.
 */
import { StatsError } from '../errors.ts';
import { DEFAULT_LEVEL, type Interval, tailProbability } from '../interval.ts';
import type { RandomSource } from '../random-source.ts';
import { bcaProbabilities } from './bca.ts';
import { jackknifeAcceleration } from './jackknife.ts';
import { quantile } from './quantile.ts';
import { drawUnits, type Groups, type ResampledStatistic, resamplingUnits } from './units.ts';

/** How a bootstrap interval is read off the replicates. */
export type BootstrapMethod = 'percentile' | 'bca';

/** What a bootstrap needs. */
export interface BootstrapOptions {
  readonly random: RandomSource;
  /** 100 to 100,000; 2,000 where not given. */
  readonly replicates?: number;
  readonly level?: number;
  /** 'percentile' where not given. */
  readonly method?: BootstrapMethod;
  /** Cases of one cluster (a patient) are drawn together; single cases where not given. */
  readonly clusters?: Groups;
  /** As many units are drawn from each stratum as it has. */
  readonly strata?: Groups;
  /**
   * A discarded replicate is dropped, as in Park 2022, or drawn again until there are `replicates`; 'drop' where not
   * given.
   */
  readonly discards?: 'drop' | 'redraw';
}

/** An interval by bootstrap and what it rests on. */
export interface BootstrapEstimate {
  /** Of all cases, each once. */
  readonly estimate: number;
  /** The standard deviation (divisor n - 1) of the replicates kept. */
  readonly standardError: number;
  /** The mean of the replicates kept less the estimate. */
  readonly bias: number;
  /** 'percentile' also where 'bca' was asked for and is undefined: see {@link bootstrap}. */
  readonly interval: Interval & { readonly method: BootstrapMethod };
  /** Replicates kept, and those discarded because the statistic had no value. */
  readonly kept: number;
  readonly discarded: number;
  /** What was drawn: clusters, or cases. */
  readonly units: number;
}

/** At least this share of draws must have a value, or the interval describes a selected few. */
const LEAST_KEPT = 0.1;

function requireReplicates(replicates: number): void {
  if (!(Number.isSafeInteger(replicates) && replicates >= 100 && replicates <= 100_000)) {
    throw new StatsError(
      'stats/argument',
      `replicates must be an integer from 100 to 100,000, got ${replicates}; 2,000 is usual for an interval`,
    );
  }
}

function refuseReplicates(kept: number, drawn: number): never {
  throw new StatsError(
    'stats/replicates',
    `a bootstrap needs a value in at least a tenth of its replicates and in two of them, got ${kept} of ${drawn}; stratify by class, or widen the tolerance of the operating point`,
  );
}

/**
 * The bootstrap of a statistic over `count` cases, stratified and by cluster where asked.
 *
 * 'percentile' takes the quantiles (R's type 7) of the replicates. 'bca' corrects them for bias and acceleration, the
 * latter from a jackknife over units (within strata by Davison and Hinkley's equation 5.29); as scipy.stats.bootstrap,
 * ties with the estimate count one half. Where all replicates lie on one side of the estimate, or a jackknife value is
 * undefined, BCa is undefined too and the interval is the percentile one, with method 'percentile'.
 *
 * Costs O(replicates (n + units)) and the statistic as often; 'bca' adds one statistic a unit.
 * Throws stats/argument, stats/level, stats/length, stats/cluster; stats/variance where the statistic has no value on
 * the cases themselves; stats/replicates where fewer than a tenth of the draws have a value.
 */
export function bootstrap(count: number, statistic: ResampledStatistic, options: BootstrapOptions): BootstrapEstimate {
  const { random, replicates = 2000, level = DEFAULT_LEVEL, method = 'percentile', discards = 'drop' } = options;
  const tail = tailProbability(level);
  requireReplicates(replicates);
  const design = resamplingUnits(count, options.clusters, options.strata);
  const estimate = statistic(new Uint32Array(count).fill(1));
  if (estimate === undefined) {
    throw new StatsError(
      'stats/variance',
      'a bootstrap needs a statistic with a value on the cases themselves, got none; check that both classes are there',
    );
  }

  const values = new Float64Array(replicates);
  const multiplicities = new Uint32Array(count);
  const limit = discards === 'redraw' ? Math.ceil(replicates / LEAST_KEPT) : replicates;
  let [kept, drawn] = [0, 0];
  for (; drawn < limit && kept < replicates; drawn++) {
    drawUnits(design, random, multiplicities);
    const value = statistic(multiplicities);
    if (value !== undefined) values[kept++] = value;
  }
  if (kept < 2 || kept < LEAST_KEPT * drawn) refuseReplicates(kept, drawn);

  const sample = values.subarray(0, kept).sort();
  const mean = sample.reduce((sum, value) => sum + (value - estimate), 0) / kept; // about the estimate
  const squares = sample.reduce((sum, value) => sum + (value - estimate - mean) ** 2, 0);
  const acceleration = method === 'bca' ? jackknifeAcceleration(statistic, count, design) : undefined;
  const corrected = acceleration === undefined ? undefined : bcaProbabilities(sample, estimate, acceleration, level);
  const [low, high] = corrected ?? [tail, 1 - tail];
  return {
    estimate,
    standardError: Math.sqrt(squares / (kept - 1)),
    bias: mean,
    interval: {
      lower: quantile(sample, low),
      upper: quantile(sample, high),
      level,
      method: corrected ? 'bca' : 'percentile',
    },
    kept,
    discarded: drawn - kept,
    units: design.units,
  };
}
