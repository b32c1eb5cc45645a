import { StatsError } from '../errors.ts';
import { DEFAULT_LEVEL, type Interval, twoSidedDeviate } from '../interval.ts';
import { geeEstimates } from '../regression/gee.ts';
import type { Groups } from '../resampling/units.ts';
import { type Proportion, proportion, proportionInterval } from './proportion.ts';

/** A proportion of cases in clusters. */
export interface ClusteredProportion extends Omit<Proportion, 'interval'> {
  /** null for no cases, and with one cluster whose cases differ. */
  readonly interval: (Interval & { readonly method: 'robust-logit' | 'clopper-pearson' }) | null;
}

/**
 * A proportion whose cases come in clusters (images of patients): the robust (sandwich) interval on the logit scale of an
 * intercept under working independence, which is near Wilson's with the cases divided by their design effect. Where
 * clusters do not differ (every case is a success, none is, or every cluster has the same share) it is Clopper and
 * Pearson's with one trial a cluster. O(n).
 * Sources: Liang and Zeger, Biometrika 73 (1986), 13-22; Rao and Scott, Biometrics 48 (1992), 577-585.
 * Throws stats/level, stats/label and stats/length.
 */
export function clusteredProportion(
  successes: ArrayLike<number | boolean>,
  clusters: Groups,
  { level = DEFAULT_LEVEL }: { readonly level?: number } = {},
): ClusteredProportion {
  const deviate = twoSidedDeviate(level);
  if (successes.length !== clusters.length) {
    throw new StatsError(
      'stats/length',
      `clusters must have one entry a case, got ${clusters.length} for ${successes.length} cases; pass columns of the same table`,
    );
  }
  const response = Array.from(successes, Number);
  const count = response.reduce((sum, value) => sum + value, 0);
  const share = proportion(count, response.length);
  if (share.value === null) return { ...share, interval: null };
  const size = new Set(Array.from(clusters)).size;
  const exact = (): ClusteredProportion => {
    const trials = { level, method: 'clopper-pearson' } as const;
    const { lower, upper } = proportionInterval((share.value as number) * size, size, trials);
    return { ...share, interval: { lower, upper, ...trials } };
  };
  if (count === 0 || count === response.length) return exact();
  if (size < 2) return { ...share, interval: null };
  const { estimates, covariance } = geeEstimates(response, [response.map(() => 1)], clusters, {
    link: 'logit',
    correlation: 'independence',
  });
  const [centre, variance] = [estimates[0] as number, covariance[0]?.[0] as number];
  if (variance < 1e-20) return exact();
  const half = deviate * Math.sqrt(variance);
  const expit = (x: number) => 1 / (1 + Math.exp(-x));
  return {
    ...share,
    interval: { lower: expit(centre - half), upper: expit(centre + half), level, method: 'robust-logit' },
  };
}
