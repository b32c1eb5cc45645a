import { StatsError } from '../errors.ts';

/**
 * The Dice coefficient of a map and a mask of the same pixels, 2 sum(a b) / (sum(a^2) + sum(b^2)): for two masks twice
 * the overlap over the sum of areas, and for a saliency map in [0, 1] its soft form. Two empty masks agree: 1.
 * O(pixels).
 * Sources: Dice, Ecology 26 (1945), 297-302; soft form of Milletari, Navab and Ahmadi, 3DV 2016.
 * Throws stats/length, and stats/probability for a value outside [0, 1].
 */
export function dice(map: ArrayLike<number>, mask: ArrayLike<number>): number {
  if (map.length !== mask.length) {
    throw new StatsError(
      'stats/length',
      `map and mask must have the same pixels, got ${map.length} and ${mask.length}; resize one of them`,
    );
  }
  let [overlap, squares] = [0, 0];
  for (let pixel = 0; pixel < map.length; pixel++) {
    const [a, b] = [map[pixel] as number, mask[pixel] as number];
    if (!(a >= 0 && a <= 1 && b >= 0 && b <= 1)) {
      throw new StatsError(
        'stats/probability',
        `pixel ${pixel} must lie in [0, 1], got ${a} in the map and ${b} in the mask; scale masks to 0 and 1`,
      );
    }
    overlap += a * b;
    squares += a * a + b * b;
  }
  return squares === 0 ? 1 : (2 * overlap) / squares;
}
