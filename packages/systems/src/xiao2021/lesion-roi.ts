/** A lesion's region of a tomosynthesis: what every member sees a part of. */
import {
  type BoxPx,
  centredVolumeBox,
  cropPlane,
  focusSlice,
  ImagingError,
  type ManifestRow,
  openManifestImage,
  type Plane,
  resizeBilinear,
  type VolumeBox,
} from '@mammoscope/imaging';
import { type StoredPlace, storedPlace } from '../data/stored-place.ts';
import type { Recipe } from './recipe.ts';

/** What is cut out around a lesion, 0 to 1 by the smallest and largest value of the region (Eq. 7). */
export interface LesionRoi {
  /** Slices in order, each [sizePx, sizePx]. */
  readonly slices: readonly Float32Array[];
  /** Index of the focus slice in `slices`. */
  readonly focus: number;
  /** Where the focus slice comes from: Eq. 8, the manifest's column, or the middle, because no calcification was found. */
  readonly focusFrom: 'Eq. 8' | 'manifest' | 'centre';
  /** Slice of the whole stack that is the first of `slices`. */
  readonly firstSlice: number;
  /** Where it lies on the slices as they are stored. */
  readonly place: StoredPlace;
}

/** A region as it is stored, its slices in order. */
export interface LesionRegion extends Omit<LesionRoi, 'slices'> {
  readonly planes: readonly Plane[];
}

type RegionRecipe = Pick<Recipe, 'roiPx' | 'roiSlices' | 'withoutFocus'>;

/** The column in which a manifest names the focus slice of a row, counted from 0. */
export const FOCUS_COLUMN = 'focus_slice';

/**
 * Cuts the region of a row's lesion out of its stack. ImagingError 'option-invalid' where the row has no box or slices, where
 * the region does not fit into the stack, and where no calcification is found and the recipe does not take the centre instead.
 */
export async function readLesionRoi(
  row: ManifestRow,
  recipe: RegionRecipe & Pick<Recipe, 'sizePx'>,
): Promise<LesionRoi> {
  const { planes, ...place } = await readLesionRegion(row, recipe);
  return { slices: normalised(planes, recipe.sizePx), ...place };
}

/** The region before normalisation and resampling. Throws what {@link readLesionRoi} throws. */
export async function readLesionRegion(
  row: ManifestRow,
  { roiPx, roiSlices, withoutFocus }: RegionRecipe,
): Promise<LesionRegion> {
  const { box, sliceFirst, sliceLast } = row;
  if (!box || sliceFirst === undefined || sliceLast === undefined) {
    const message = `image ${row.path} has a lesion without a place: fill x1, y1, x2, y2, slice_first and slice_last`;
    throw new ImagingError('option-invalid', message);
  }
  const image = await openManifestImage(row);
  try {
    const [x1, y1, x2, y2] = box;
    if (x2 > image.width || y2 > image.height) {
      const message = `image ${row.path} is ${image.width} x ${image.height} and its box ends at ${x2}, ${y2}: correct the box`;
      throw new ImagingError('option-invalid', message);
    }
    if (Math.min(image.width, image.height) < roiPx || image.depth < roiSlices) {
      const message = `image ${row.path} has ${image.depth} slices of ${image.width} x ${image.height} and a region has ${roiSlices} of ${roiPx} x ${roiPx}: leave the row out, or train with a smaller roiPx or roiSlices`;
      throw new ImagingError('option-invalid', message);
    }
    const centre = { x: (x1 + x2) / 2, y: (y1 + y2) / 2, slice: (sliceFirst + sliceLast + 1) / 2 };
    const size = { width: roiPx, height: roiPx, depth: roiSlices };
    const region = centredVolumeBox(centre, size, image);
    const planes: Plane[] = [];
    const cut: BoxPx = [region.x1, region.y1, region.x2, region.y2];
    for (let k = region.slice1; k < region.slice2; k++)
      planes.push(cropPlane(await image.seen(k, { crop: 'none', chestWall: 'stored' }), cut));
    const { focus, focusFrom } = focusOf(row, planes, region, withoutFocus);
    return { planes, focus, focusFrom, firstSlice: region.slice1, place: storedPlace({}, cut) }; // seen as stored
  } finally {
    await image.close();
  }
}

/** "We used the method of Zhang et al. for the selection of focus slice" (Eq. 8), unless the manifest names it. */
function focusOf(
  row: ManifestRow,
  planes: readonly Plane[],
  { slice1, slice2 }: VolumeBox,
  withoutFocus: Recipe['withoutFocus'],
): Pick<LesionRoi, 'focus' | 'focusFrom'> {
  const given = row.other[FOCUS_COLUMN];
  if (given) {
    const slice = Number(given);
    if (!Number.isInteger(slice) || slice < slice1 || slice >= slice2) {
      const message = `${FOCUS_COLUMN} of image ${row.path} is ${given}: it must be a slice of the region, ${slice1} to ${slice2 - 1}, or empty`;
      throw new ImagingError('option-invalid', message);
    }
    return { focus: slice - slice1, focusFrom: 'manifest' };
  }
  try {
    return { focus: focusSlice(planes).slice, focusFrom: 'Eq. 8' };
  } catch (error) {
    if (!(error instanceof ImagingError) || error.code !== 'option-invalid') throw error;
    if (withoutFocus === 'centre') return { focus: Math.floor(planes.length / 2), focusFrom: 'centre' };
    const message = `image ${row.path}: no calcification is found in the region of the lesion; correct its box, name the slice in a column ${FOCUS_COLUMN}, or take the centre slice with --set withoutFocus=centre`;
    throw new ImagingError('option-invalid', message, { cause: error });
  }
}

/** Eq. 7 over the region, and resampled. A constant region becomes zeros. */
function normalised(planes: readonly Plane[], sizePx: number): Float32Array[] {
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { data } of planes) {
    for (const value of data) {
      if (value < least) least = value;
      if (value > greatest) greatest = value;
    }
  }
  const scale = greatest > least ? 1 / (greatest - least) : 0;
  return planes.map(({ data, width, height }) => {
    const scaled = data.map((value) => (value - least) * scale);
    return width === sizePx && height === sizePx ? scaled : resizeBilinear(scaled, width, height, sizePx, sizePx);
  });
}

type RoiSlices = Pick<LesionRoi, 'slices' | 'focus'>;

/** The focus slice of a region, [sizePx, sizePx]. */
export const focusPlane = ({ slices, focus }: RoiSlices): Float32Array => slices[focus] as Float32Array;

/** The slices around the focus slice, moved into the region where they would reach out of it: "N slices". */
export function slicesAround(roi: RoiSlices, count: number): Float32Array[] {
  const first = firstAround(roi, count);
  return roi.slices.slice(first, first + count);
}

/** The first of so many slices around the focus slice. */
export const firstAround = ({ slices, focus }: RoiSlices, count: number): number =>
  Math.min(slices.length - count, Math.max(0, focus - Math.floor(count / 2)));

/** The brightest value of all slices, "maximum intensity projection image". */
export function projectionOf({ slices }: Pick<LesionRoi, 'slices'>): Float32Array {
  const [first, ...others] = slices as [Float32Array, ...Float32Array[]];
  return first.map((value, i) => others.reduce((greatest, slice) => Math.max(greatest, slice[i] as number), value));
}
