import { ImagingError } from '../errors.ts';
import { type Plane, requirePlane } from '../plane.ts';
import { calcifications, prominence } from './calcification-segmentation.ts';

/** The slice in which calcifications are sharpest, and what was measured in each. */
export interface FocusSlice {
  /** Counted from 0 in the slices given. */
  readonly slice: number;
  /** G(k): mean grey level over the pixels of the calcifications of each slice, 0 where it has none. */
  readonly meanGrey: readonly number[];
  /** Calcifications found in each slice, M of the paper. */
  readonly counts: readonly number[];
}

/**
 * The focus slice of Xiao et al. (2021, Eq. 8, after Zhang et al.): "the slice with the maximal gray level in DBT slices containing
 * MCs". In slice k, M individual calcifications are segmented, the i-th with N_i pixels of values p_kij, and
 * G(k) = sum_i sum_j p_kij / sum_i N_i, the mean over the pixels of all of them; the largest wins. The paper does not say how
 * calcifications are segmented; here by a top-hat and one threshold for all slices (calcification-segmentation.ts).
 * @param slices of the region of interest, brighter is denser. Throws option-invalid: none, different sizes, no calcification.
 */
export function focusSlice(slices: readonly Plane[]): FocusSlice {
  const [first] = slices;
  if (!first) throw new ImagingError('option-invalid', 'a focus slice needs at least one slice, got none');
  for (const plane of slices) {
    requirePlane(plane, 'focusSlice');
    if (plane.width !== first.width || plane.height !== first.height) {
      throw new ImagingError(
        'option-invalid',
        `slices of a region must be of one size, got ${plane.width} x ${plane.height} after ${first.width} x ${first.height}`,
      );
    }
  }
  const grey = (k: number, at: number) => slices[k]?.data[at] as number;
  const { slices: hats, threshold } = prominence(slices);
  const found = hats.map((hat) => calcifications(hat, threshold, first.width, first.height));
  const counts = found.map((each) => each.length);
  const meanGrey = found.map((each, k) => mean(each.flatMap((pixels) => [...pixels].map((at) => grey(k, at)))));
  const best = counts.reduce(
    (winner, count, k) =>
      count > 0 && (winner < 0 || (meanGrey[k] as number) > (meanGrey[winner] as number)) ? k : winner,
    -1,
  );
  if (best < 0)
    throw new ImagingError(
      'option-invalid',
      `no calcification stands out in the ${slices.length} slices of the region: mark a region with calcifications`,
    );
  return { slice: best, meanGrey, counts };
}

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
