import { StatsError } from '../errors.ts';

/** p values adjusted for multiple tests. */
export interface AdjustedP {
  readonly method: 'holm' | 'benjamini-hochberg';
  /** In the order given; at or below alpha means rejected at alpha. */
  readonly adjusted: readonly number[];
}

/** Throws stats/argument for a value that is not in [0, 1]. */
export function requirePValues(pValues: ArrayLike<number>): void {
  for (let i = 0; i < pValues.length; i++) {
    const p = pValues[i] as number;
    if (!(p >= 0 && p <= 1)) {
      throw new StatsError(
        'stats/argument',
        `pValues[${i}] must lie in [0, 1], got ${p}; leave tests without a p value out`,
      );
    }
  }
}
