import { chiSquareTail } from '../distributions/chi-square.ts';
import { StatsError } from '../errors.ts';
import type { Matrix } from '../linear/cholesky.ts';
import { symmetricEigen } from '../linear/symmetric-eigen.ts';

/** A test that several estimates are all 0. */
export interface WaldTest {
  readonly chiSquare: number;
  /** The rank of the covariance. */
  readonly degreesOfFreedom: number;
  readonly p: number;
}

/** A variance below this share of `scale` is rounding. */
const VARIANCE_TOLERANCE = 1e-12;

/**
 * Wald's test that estimates with a given covariance are all 0: d' C^- d, chi-square on the rank of C. `scale` is the
 * variance that C is judged against, for where estimates are differences of equal things C is rounding alone.
 * Directions without variance along which the estimates vanish take a degree of freedom away; with none left the
 * statistic is 0 and p = 1. O(n^3).
 * Source: Wald, Transactions of the American Mathematical Society 54 (1943), 426-482.
 * Throws stats/variance where the estimates differ from 0 along a direction without variance.
 */
export function waldTest(estimates: readonly number[], covariance: Matrix, scale = 0): WaldTest {
  if (estimates.length === 0) return { chiSquare: 0, degreesOfFreedom: 0, p: 1 };
  const { values, vectors } = symmetricEigen(covariance);
  const largest = Math.max(scale, ...values);
  let [chiSquare, degreesOfFreedom] = [0, 0];
  values.forEach((variance, i) => {
    const along = estimates.reduce((sum, estimate, j) => sum + estimate * (vectors[i]?.[j] ?? 0), 0);
    if (variance > VARIANCE_TOLERANCE * largest) {
      chiSquare += (along * along) / variance;
      degreesOfFreedom++;
    } else if (along * along > VARIANCE_TOLERANCE * largest) {
      throw new StatsError(
        'stats/variance',
        `a Wald test needs variance wherever estimates differ, got a difference of ${along} with variance 0; leave out the group whose cases all have one outcome, or add clusters`,
      );
    }
  });
  return { chiSquare, degreesOfFreedom, p: degreesOfFreedom === 0 ? 1 : chiSquareTail(chiSquare, degreesOfFreedom) };
}
