import { StatsError } from '../errors.ts';

/**
 * The sample quantile of values sorted in ascending order, equivalent to R's type 7 (linear interpolation between
 * order statistics at 1 + (n - 1) p). Throws stats/argument for no values or a probability outside [0, 1].
 * Source: Hyndman and Fan, "Sample quantiles in statistical packages", The American Statistician 50 (1996), 361-365.
 */
export function quantile(sorted: ArrayLike<number>, probability: number): number {
  if (sorted.length === 0) {
    throw new StatsError('stats/argument', 'a quantile needs at least one value, got none; check what was sampled');
  }
  if (!(probability >= 0 && probability <= 1)) {
    throw new StatsError(
      'stats/argument',
      `the probability of a quantile must lie in [0, 1], got ${probability}; pass 0.5 for the median`,
    );
  }
  const position = (sorted.length - 1) * probability;
  const below = Math.floor(position);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return low + (position - below) * (high - low);
}
