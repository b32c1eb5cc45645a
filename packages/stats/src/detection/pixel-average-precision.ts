import { partByLabel } from '../cases.ts';
import { StatsError } from '../errors.ts';

/** Every distinct value of the map where not given. */
export interface PixelAveragePrecisionOptions {
  /** Cut-offs tau, in any order; Choe et al. use 0, 0.001, ..., 0.999. */
  readonly thresholds?: readonly number[];
}

/**
 * Pixel average precision (PxAP) of a saliency map: the sum over descending thresholds tau_l of PxPrec(tau_l)
 * (PxRec(tau_l) - PxRec(tau_(l-1))), a pixel with saliency >= tau being marked, and no recall above the highest
 * threshold. Recall below the lowest threshold given adds nothing. Park 2022 averages over images with findings; Choe
 * et al. pool pixels over all images, for which pass them joined. Volumes are projected by their maximum first (Park
 * 2022, section III.E). O(n log n).
 * Source: Choe et al., "Evaluating weakly supervised object localization methods right", CVPR 2020, equations 2 and 3.
 * Throws stats/classes where the mask is empty, stats/length, stats/score, stats/label, stats/argument.
 */
export function pixelAveragePrecision(
  map: ArrayLike<number>,
  mask: ArrayLike<number | boolean>,
  { thresholds }: PixelAveragePrecisionOptions = {},
): number {
  const { positives, negatives } = partByLabel(map, mask);
  if (positives.length === 0) {
    throw new StatsError(
      'stats/classes',
      'pixel average precision needs a mask with at least one pixel, got none; average over images with findings',
    );
  }
  if (thresholds?.some((value) => Number.isNaN(value)) || thresholds?.length === 0) {
    throw new StatsError(
      'stats/argument',
      'thresholds must hold at least one number and no NaN, got others; leave them out for every value',
    );
  }
  const inside = positives.sort().reverse();
  const outside = negatives.sort().reverse();
  const descending = thresholds ? Float64Array.from(thresholds).sort().reverse() : inside;
  let [tp, fp, before, value] = [0, 0, 0, 0];
  for (const threshold of descending) {
    while ((inside[tp] ?? Number.NEGATIVE_INFINITY) >= threshold && tp < inside.length) tp++;
    while ((outside[fp] ?? Number.NEGATIVE_INFINITY) >= threshold && fp < outside.length) fp++;
    // Thresholds at which no pixel of the mask is added have no share in the sum
    if (tp > before) value += (tp / (tp + fp)) * ((tp - before) / inside.length);
    before = tp;
  }
  return value;
}
