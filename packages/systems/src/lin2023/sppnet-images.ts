/** Films and patches as the squares that SPPNet takes. */
import {
  type AugmentationOptions,
  applyAugmentation,
  augmentationStream,
  type BoxPx,
  boxOnSeen,
  cropPlane,
  drawAugmentation,
  growBox,
  ImagingError,
  type ManifestRow,
  minMaxNormalise,
  type Plane,
  readManifestImage,
  resampleSize,
} from '@mammoscope/imaging';
import type { TrainingExample, TrainingInputs } from '../classifier/train-classifier.ts';
import { filmsToRead, readFilm } from './films.ts';
import type { SppnetRecipe } from './sppnet-recipe.ts';

/** A plane, and the side of it at which its chest wall is, if it shows one. */
export interface ShownPlane extends Plane {
  readonly wall?: 'left' | 'right';
}

/** A plane in a black square, and where it lies there. */
export interface Letterbox {
  /** [sizePx, sizePx] */
  readonly data: Float32Array;
  readonly box: BoxPx;
}

/**
 * Fits a plane into a square by its longer side, each pixel the mean of what it covers, with zeros beside it: films differ in width
 * once their background is cut off, and graphs are of one size. It lies in the middle, or with its chest wall at the square's side: an
 * edge between tissue and black would be the strongest of the film.
 */
export function letterbox({ width, height, data, wall }: ShownPlane, sizePx: number): Letterbox {
  const scale = sizePx / Math.max(width, height);
  const [columns, rows] = [width, height].map((side) => Math.min(sizePx, Math.max(1, Math.round(side * scale)))) as [
    number,
    number,
  ];
  const fitted = resampleSize({ width, height, data }, columns, rows);
  const room = sizePx - columns;
  const left = wall === 'left' ? 0 : wall === 'right' ? room : Math.floor(room / 2);
  const top = Math.floor((sizePx - rows) / 2);
  const square = new Float32Array(sizePx * sizePx);
  for (let row = 0; row < rows; row++)
    square.set(fitted.data.subarray(row * columns, (row + 1) * columns), (top + row) * sizePx + left);
  return { data: square, box: [left, top, left + columns, top + rows] };
}

/** A whole film, standardised, grey values in [0, 1]; its chest wall is where its outermost column is brighter. ImagingError, SystemError. */
export async function readWholeFilm(row: ManifestRow): Promise<ShownPlane> {
  const { box: _, ...film } = row;
  const [only] = filmsToRead([film]) as [ReturnType<typeof filmsToRead>[number]];
  const { plane } = await readFilm(only);
  const { width, data } = plane;
  const columnSum = (x: number) => data.reduce((sum, value, at) => (at % width === x ? sum + value : sum), 0);
  const wall = columnSum(0) >= columnSum(width - 1) ? 'left' : 'right';
  return { ...plane, data: minMaxNormalise(data), wall };
}

/**
 * "we cropped the malignant calcification regions into patches in accordance with the bounding boxes", grey values in [0, 1] by the
 * smallest and largest of the patch. ImagingError 'option-invalid' for a row without a box, or with one that leaves its film.
 */
export async function readPatch(row: ManifestRow, marginShare: number): Promise<Plane> {
  const seen = await readManifestImage(row, { crop: 'none' });
  const { width, height } = seen;
  const box = row.box && boxOnSeen(row.box, seen);
  if (!box || box[0] < 0 || box[1] < 0 || box[2] > width || box[3] > height) {
    const got = box ? `leaves its ${width} x ${height} pixels` : 'is missing';
    throw new ImagingError(
      'option-invalid',
      `the box of image ${row.path} at line ${row.line} ${got}: fill or correct x1, y1, x2, y2`,
    );
  }
  const margin = marginShare * Math.max(box[2] - box[0], box[3] - box[1]);
  const [x1, y1, x2, y2] = growBox(box, margin, width, height);
  const patch = cropPlane(seen, [Math.floor(x1), Math.floor(y1), Math.ceil(x2), Math.ceil(y2)]);
  return { ...patch, data: minMaxNormalise(patch.data) };
}

/** Squares are kept up to this many bytes; beyond it images are read each time. */
const CACHE_LIMIT_BYTES = 1 << 30;

/** Rows as batches [N, channels, sizePx, sizePx], varied for training by seed, epoch and number of the image alone. */
export class SquareImages implements TrainingInputs {
  readonly #read: (row: ManifestRow) => Promise<ShownPlane>;
  readonly #sizePx: number;
  readonly #channels: 1 | 3;
  readonly #seed: number;
  readonly #augmentation: AugmentationOptions;
  readonly #known = new Map<ManifestRow, Letterbox>();

  constructor(
    read: (row: ManifestRow) => Promise<ShownPlane>,
    {
      recipe: { sizePx, flip, turnDeg, zoomShare },
      channels,
      seed,
    }: {
      readonly recipe: Pick<SppnetRecipe, 'sizePx' | 'flip' | 'turnDeg' | 'zoomShare'>;
      readonly channels: 1 | 3;
      readonly seed: number;
    },
  ) {
    this.#read = read;
    this.#sizePx = sizePx;
    this.#channels = channels;
    this.#seed = seed;
    this.#augmentation = {
      ...(flip ? { flipHorizontal: 0.5, flipVertical: 0.5 } : {}),
      angleDeg: [-turnDeg, turnDeg],
      scale: [1 - zoomShare, 1 + zoomShare],
    };
  }

  /** The square of a row, not varied. */
  async square(row: ManifestRow): Promise<Letterbox> {
    const known = this.#known.get(row);
    if (known) return known;
    const made = letterbox(await this.#read(row), this.#sizePx);
    if ((this.#known.size + 1) * made.data.byteLength <= CACHE_LIMIT_BYTES) this.#known.set(row, made);
    return made;
  }

  async batch(rows: readonly ManifestRow[], batch: number): Promise<Float32Array> {
    return this.#stacked(rows, batch, (plane) => plane);
  }

  async augmented(examples: readonly TrainingExample[], epoch: number): Promise<Float32Array> {
    const rows = examples.map(({ row }) => row);
    return this.#stacked(rows, rows.length, (plane, i) => {
      const stream = augmentationStream(this.#seed, epoch, examples[i]?.index ?? i);
      const drawn = drawAugmentation(stream, this.#augmentation);
      return applyAugmentation(plane, this.#sizePx, this.#sizePx, drawn, { fill: 0 });
    });
  }

  async #stacked(
    rows: readonly ManifestRow[],
    batch: number,
    varied: (plane: Float32Array, index: number) => Float32Array,
  ): Promise<Float32Array> {
    const pixels = this.#sizePx ** 2;
    const result = new Float32Array(batch * this.#channels * pixels);
    for (const [i, row] of rows.entries()) {
      const plane = varied((await this.square(row)).data, i);
      for (let channel = 0; channel < this.#channels; channel++)
        result.set(plane, (i * this.#channels + channel) * pixels);
    }
    return result;
  }
}
