import {
  type AugmentationOptions,
  applyAugmentation,
  augmentationStream,
  drawAugmentation,
  ImagingError,
  isBadImage,
  type ManifestRow,
  minMaxNormalise,
  readManifestImage,
  resizeBilinear,
  zScoreNormalise,
} from '@mammoscope/imaging';
import { isLesion, type PlacedPlane, readLesion } from './lesion-roi.ts';
import { type StoredPlace, storedPlace } from './stored-place.ts';

/** How an image becomes what a network sees, the same for training and use. */
export interface Preprocessing {
  /** Side of the square input, pixels; images of another size are resampled. */
  readonly sizePx: number;
  /** Side of the square that is cut out around a lesion of a whole mammogram before that, stored pixels; 0 shrinks the whole image. */
  readonly roiPx: number;
  readonly normalisation: 'zScore' | 'minMax';
  /** The grey plane is repeated for networks that take three. */
  readonly channels: 1 | 3;
}

/** A row and its number in the training set, which its augmentation is drawn from. */
export interface NumberedRow {
  readonly row: ManifestRow;
  readonly index: number;
}

/** Decoded planes are kept up to this many bytes; beyond it images are decoded each time. */
const CACHE_LIMIT_BYTES = 1 << 30;

/**
 * Manifest rows as network inputs. Planes are decoded once and kept while they fit; augmentation is drawn from the seed,
 * the epoch and the image alone, so it is the same in whatever order images are asked for.
 */
export class ImageSource {
  readonly #preprocessing: Preprocessing;
  readonly #planes = new Map<string, Float32Array>();
  readonly #places = new Map<string, StoredPlace>();
  #cachedBytes = 0;

  constructor(preprocessing: Preprocessing) {
    this.#preprocessing = preprocessing;
  }

  /**
   * The image of a row as readManifestImage gives it, or the ROI of its lesion (readLesion), resampled and not yet
   * normalised: [sizePx, sizePx] row-major. Of a whole mammogram only this is kept.
   */
  async plane(row: ManifestRow): Promise<Float32Array> {
    const key = keyOf(row, this.#preprocessing.roiPx);
    const known = this.#planes.get(key);
    if (known) return known;
    const { sizePx, roiPx } = this.#preprocessing;
    const { data, width, height, place } = await readRow(row, roiPx);
    this.#places.set(key, place);
    const plane = width === sizePx && height === sizePx ? data : resizeBilinear(data, width, height, sizePx, sizePx);
    if (this.#cachedBytes + plane.byteLength <= CACHE_LIMIT_BYTES) {
      this.#planes.set(key, plane);
      this.#cachedBytes += plane.byteLength;
    }
    return plane;
  }

  /** The part of the stored image that the plane of a row is. */
  async place(row: ManifestRow): Promise<StoredPlace> {
    const key = keyOf(row, this.#preprocessing.roiPx);
    if (!this.#places.has(key)) await this.plane(row);
    return this.#places.get(key) as StoredPlace;
  }

  /** A batch [N, channels, sizePx, sizePx]; with fewer rows than `batch` the rest is zero. */
  async batch(rows: readonly ManifestRow[], batch: number): Promise<Float32Array> {
    return this.#stacked(rows, batch, (plane) => this.normalise(plane));
  }

  /**
   * Images augmented for an epoch, [N, channels, sizePx, sizePx]; an example's index numbers it among all. Gain and offset
   * act on normalised values: normalisation of each image would undo them.
   */
  async augmented(
    examples: readonly NumberedRow[],
    { seed, epoch, options }: { readonly seed: number; readonly epoch: number; readonly options: AugmentationOptions },
  ): Promise<Float32Array> {
    const { sizePx } = this.#preprocessing;
    const rows = examples.map(({ row }) => row);
    return this.#stacked(rows, rows.length, (plane, i) => {
      const stream = augmentationStream(seed, epoch, examples[i]?.index ?? i);
      const { gain, offset, ...geometry } = drawAugmentation(stream, options);
      const moved = { ...geometry, gain: 1, offset: 0 };
      const seen = this.normalise(applyAugmentation(plane, sizePx, sizePx, moved, { fill: 'reflect' }));
      return gain === 1 && offset === 0 ? seen : seen.map((value) => gain * value + offset);
    });
  }

  /** A plane as the network sees it. */
  normalise(plane: Float32Array): Float32Array {
    return this.#preprocessing.normalisation === 'zScore' ? zScoreNormalise(plane) : minMaxNormalise(plane);
  }

  async #stacked(
    rows: readonly ManifestRow[],
    batch: number,
    seenAs: (plane: Float32Array, index: number) => Float32Array,
  ): Promise<Float32Array> {
    const { channels, sizePx } = this.#preprocessing;
    const pixels = sizePx * sizePx;
    const result = new Float32Array(batch * channels * pixels);
    for (const [i, row] of rows.entries()) {
      const seen = seenAs(await this.plane(row), i);
      for (let channel = 0; channel < channels; channel++) result.set(seen, (i * channels + channel) * pixels);
    }
    return result;
  }
}

/** What decides a row's plane: the file, the box that is cut out, for stacks the slices, and what the row says of a DICOM file. */
function keyOf(row: ManifestRow, roiPx: number): string {
  const { absolutePath, modality, sliceFirst, sliceLast, laterality, view, prefer, box } = row;
  const cut = roiPx > 0 && isLesion(row) ? box : undefined;
  return JSON.stringify([absolutePath, modality, sliceFirst, sliceLast, laterality, view, prefer, cut]);
}

/** The image of a row, or its lesion's ROI; an error names the row's line, where the row is of a manifest (line 0 otherwise). */
async function readRow(row: ManifestRow, roiPx: number): Promise<PlacedPlane> {
  try {
    if (roiPx > 0 && isLesion(row)) return await readLesion(row, roiPx);
    const seen = await readManifestImage(row);
    return { ...seen, place: storedPlace(seen, [0, 0, seen.width, seen.height]) };
  } catch (error) {
    if (!isBadImage(error) || row.line === 0) throw error;
    const message = `line ${row.line} of the manifest: ${error.message}`;
    throw new ImagingError(error instanceof ImagingError ? error.code : 'image-corrupt', message, { cause: error });
  }
}
