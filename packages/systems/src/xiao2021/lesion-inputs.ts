/** Lesions of a manifest as the inputs of a member. */
import { applyAugmentation, augmentationStream, drawAugmentation, type ManifestRow } from '@mammoscope/imaging';
import type { TrainingInputs } from '../classifier/train-classifier.ts';
import { firstAround, focusPlane, type LesionRoi, projectionOf, readLesionRoi, slicesAround } from './lesion-roi.ts';
import type { LesionInput } from './members.ts';
import { augmentationOf, type Recipe } from './recipe.ts';

/** Regions are kept up to this many bytes; beyond it they are cut out each time. */
const CACHE_LIMIT_BYTES = 1 << 30;

/** The regions of rows, each cut out once while they fit. */
export class LesionRois {
  readonly #recipe: Recipe;
  readonly #known = new Map<ManifestRow, LesionRoi>();
  #cachedBytes = 0;

  constructor(recipe: Recipe) {
    this.#recipe = recipe;
  }

  async of(row: ManifestRow): Promise<LesionRoi> {
    const known = this.#known.get(row);
    if (known) return known;
    const roi = await readLesionRoi(row, this.#recipe);
    const bytes = roi.slices.reduce((sum, slice) => sum + slice.byteLength, 0);
    if (this.#cachedBytes + bytes <= CACHE_LIMIT_BYTES) {
      this.#known.set(row, roi);
      this.#cachedBytes += bytes;
    }
    return roi;
  }
}

/** How many planes of a region a member sees. */
export function planesOf(input: LesionInput): number {
  switch (input.kind) {
    case 'focus slice':
    case 'projection':
      return 1;
    case 'slices':
      return input.count;
    case 'focus slice and slices':
      return 1 + input.count;
  }
}

/** What a member sees of a region, the planes in their order. */
export function planesFor(input: LesionInput, roi: LesionRoi): Float32Array[] {
  switch (input.kind) {
    case 'focus slice':
      return [focusPlane(roi)];
    case 'projection':
      return [projectionOf(roi)];
    case 'slices':
      return slicesAround(roi, input.count);
    case 'focus slice and slices':
      return [focusPlane(roi), ...slicesAround(roi, input.count)];
  }
}

/** Where the focus slice lies among the slices that a member sees; undefined of members whose maps are a plane's. */
export function focusIn(input: LesionInput, roi: LesionRoi): number | undefined {
  return input.kind === 'slices' ? roi.focus - firstAround(roi, input.count) : undefined;
}

/** [N, 1, H, W] or [N, 1, D, H, W] of lesions, or [N, 3, H, W] with the plane repeated; one augmentation moves all slices of a lesion alike. */
export function lesionInputs(
  rois: LesionRois,
  input: LesionInput,
  { recipe, seed, channels }: { readonly recipe: Recipe; readonly seed: number; readonly channels: 1 | 3 },
): TrainingInputs {
  const { sizePx } = recipe;
  const pixels = sizePx * sizePx;
  const stacked = async (
    rows: readonly ManifestRow[],
    batch: number,
    moved: (plane: Float32Array, index: number) => Float32Array,
  ) => {
    const planes = planesOf(input);
    const result = new Float32Array(batch * channels * planes * pixels);
    for (const [i, row] of rows.entries()) {
      const seen = planesFor(input, await rois.of(row)).map((plane) => moved(plane, i));
      for (let channel = 0; channel < channels; channel++) {
        for (const [k, plane] of seen.entries()) result.set(plane, ((i * channels + channel) * planes + k) * pixels);
      }
    }
    return result;
  };
  return {
    batch: (rows, batch) => stacked(rows, batch, (plane) => plane),
    augmented: (examples, epoch) => {
      const options = augmentationOf(recipe);
      const drawn = examples.map(({ index }) => drawAugmentation(augmentationStream(seed, epoch, index), options));
      return stacked(
        examples.map(({ row }) => row),
        examples.length,
        (plane, i) => {
          const augmentation = drawn[i];
          return augmentation ? applyAugmentation(plane, sizePx, sizePx, augmentation, { fill: 'reflect' }) : plane;
        },
      );
    },
  };
}
