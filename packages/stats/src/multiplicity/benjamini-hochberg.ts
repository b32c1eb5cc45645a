import { ascendingOrder } from '../roc/midranks.ts';
import { type AdjustedP, requirePValues } from './p-values.ts';

/**
 * Benjamini and Hochberg's step-up adjustment, which holds the false discovery rate of independent (or positively
 * dependent) tests: the smallest so far of p m / rank over descending p, cut at 1. As R's p.adjust(p, "BH"). O(m log
 * m).
 * Source: Benjamini and Hochberg, Journal of the Royal Statistical Society B 57 (1995), 289-300.
 * Throws stats/argument for a p outside [0, 1].
 */
export function benjaminiHochberg(pValues: ArrayLike<number>): AdjustedP {
  requirePValues(pValues);
  const m = pValues.length;
  const adjusted = new Array<number>(m).fill(0);
  let smallest = 1;
  ascendingOrder(pValues)
    .toReversed()
    .forEach((test, i) => {
      smallest = Math.min(smallest, (m / (m - i)) * (pValues[test] as number));
      adjusted[test] = smallest;
    });
  return { method: 'benjamini-hochberg', adjusted };
}
