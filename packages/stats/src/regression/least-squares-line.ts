import { StatsError } from '../errors.ts';

/** y = intercept + slope x. */
export interface Line {
  readonly intercept: number;
  readonly slope: number;
}

/**
 * The line through points with the least sum of squared differences in y: slope Sxy / Sxx, through the mean of the points. O(n).
 * Throws stats/length where x and y differ in number, stats/argument for a coordinate that is not finite, stats/variance where all x are
 * equal, as those of fewer than two points are.
 */
export function leastSquaresLine(x: ArrayLike<number>, y: ArrayLike<number>): Line {
  const n = x.length;
  if (y.length !== n)
    throw new StatsError('stats/length', `points need as many x as y, got ${n} and ${y.length}; pass both of each`);
  for (let i = 0; i < n; i++)
    if (!Number.isFinite(x[i]) || !Number.isFinite(y[i]))
      throw new StatsError('stats/argument', `point ${i} must be finite, got (${x[i]}, ${y[i]}); leave it out`);
  const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0) / n;
  const [meanX, meanY] = [mean(x), mean(y)];
  let [products, squares] = [0, 0];
  for (let i = 0; i < n; i++) {
    const dx = (x[i] as number) - meanX;
    products += dx * ((y[i] as number) - meanY);
    squares += dx * dx;
  }
  if (!(squares > 0))
    throw new StatsError(
      'stats/variance',
      `a line needs points of two different x, got ${n} points of one; add others`,
    );
  const slope = products / squares;
  return { intercept: meanY - slope * meanX, slope };
}
