import { ascendingOrder } from '../roc/midranks.ts';
import { type AdjustedP, requirePValues } from './p-values.ts';

/**
 * Holm's step-down adjustment, which holds the chance of any false rejection under any dependence: the largest so far
 * of (m - rank + 1) p over ascending p, cut at 1. As R's p.adjust(p, "holm"). O(m log m).
 * Source: Holm, Scandinavian Journal of Statistics 6 (1979), 65-70. Throws stats/argument for a p outside [0, 1].
 */
export function holm(pValues: ArrayLike<number>): AdjustedP {
  requirePValues(pValues);
  const adjusted = new Array<number>(pValues.length).fill(0);
  let largest = 0;
  ascendingOrder(pValues).forEach((test, rank) => {
    largest = Math.max(largest, Math.min(1, (pValues.length - rank) * (pValues[test] as number)));
    adjusted[test] = largest;
  });
  return { method: 'holm', adjusted };
}
