import { ImagingError } from '../errors.ts';
import { type Plane, requirePlane } from '../plane.ts';
import { calcifications } from './calcification-segmentation.ts';

/** The slice in which calcifications are sharpest, and what was measured in each. */
export interface FocusSlice {
  /** Counted from 0 in the slices given. */
  readonly slice: number;
  /** G(k): mean grey level over the pixels of the calcifications in each slice. */
  readonly meanGrey: readonly number[];
  /** Calcifications found in the region, M of the paper. */
  readonly count: number;
}

/**
 * The focus slice of Xiao et al. (2021, Eq. 8, after Zhang et al.): "the slice with the maximal gray level in DBT slices containing
 * MCs". In slice k, M individual calcifications are segmented, the i-th with N_i pixels of values p_kij, and
 * G(k) = sum_i sum_j p_kij / sum_i N_i, the mean over the pixels of all of them; the largest wins. The paper does not say how
 * calcifications are segmented; here once for all slices (calcification-segmentation.ts), so M and N_i are the region's.
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
  const found = calcifications(slices);
  if (found.length === 0)
    throw new ImagingError(
      'option-invalid',
      `no calcification stands out in the ${slices.length} slices of the region: mark a region with calcifications`,
    );
  const pixels = found.flatMap((each) => [...each]);
  const meanGrey = slices.map(({ data }) => pixels.reduce((sum, at) => sum + (data[at] as number), 0) / pixels.length);
  return { slice: meanGrey.indexOf(Math.max(...meanGrey)), meanGrey, count: found.length };
}
