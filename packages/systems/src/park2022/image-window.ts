/** Images in the windows of section V-D3: against the chest wall, moved and resized at random, slice by slice. */
import {
  averageDown,
  type BoxPx,
  type BreastMask,
  boxOnStored,
  breastMask,
  chestWallByMask,
  gmicWindow,
  ImagingError,
  inverseOrientation,
  isBadImage,
  type ManifestImage,
  type ManifestRow,
  type Orientation,
  openManifestImage,
  orientBox,
  orientPlane,
  type Placement,
  type Plane,
  resizeBilinear,
  type WindowPlace,
  windowPlane,
} from '@mammoscope/imaging';
import type { RandomStream } from '@mammoscope/random';
import { SystemError } from '../errors.ts';
import type { SaliencyVolume } from '../gmic/spec.ts';
import type { GmicVolume } from '../gmic/volume.ts';
import type { Recipe } from './recipe.ts';

/** How a window is varied: where it goes, and by how many rows it grows. */
export interface WindowDraw {
  readonly rightPx: number;
  readonly downPx: number;
  readonly growPx: number;
}

/** The window as it is. */
export const STILL: WindowDraw = { rightPx: 0, downPx: 0, growPx: 0 };

/** "random shifting and resizing ... for a maximum of 100 pixels in any direction", whole pixels. */
export function drawWindow(
  { shiftPx, resizePx }: Pick<Recipe, 'shiftPx' | 'resizePx'>,
  random: RandomStream,
): WindowDraw {
  return {
    rightPx: random.integer(-shiftPx, shiftPx),
    downPx: random.integer(-shiftPx, shiftPx),
    growPx: random.integer(-resizePx, resizePx),
  };
}

/** How an image lies: everything but its pixels, as plain data. */
export interface ImageLie {
  readonly slices: number;
  /** Of the image as stored. */
  readonly width: number;
  readonly height: number;
  /** From the plane that is read to one with the chest wall on the left, upon which the window lies. */
  readonly turn: Orientation;
  readonly window: WindowPlace;
  /** From the stored image to the plane that is read; absent where that is the stored one. */
  readonly placement?: Placement;
}

const UNTURNED: Orientation = { transpose: false, flipHorizontal: false, flipVertical: false };
const MIRRORED: Orientation = { ...UNTURNED, flipHorizontal: true };

/** How images lie, by their path in a manifest. */
export type KnownLies = Readonly<Record<string, ImageLie>>;

/** Slices that may be kept between epochs, in bytes; others are read again. */
const KEPT_BYTES = 400 * 2 ** 20;
/** A volume whose window takes no more than this is held while it is worked on, so that patches are not read again. */
const HELD_BYTES = 64 * 2 ** 20;

/** The images of one modality in its window. Close it after use. */
export class ImageWindows {
  readonly #size: { readonly width: number; readonly height: number };
  readonly #lies = new Map<string, Promise<ImageLie>>();
  readonly #knownLies: KnownLies;
  readonly #kept = new Map<string, KeptPlane>();
  readonly #open = new Map<string, Promise<ManifestImage>>();
  #keptBytes = 0;

  /** @param window rows and columns of it @param known how images lie that were looked at before, by their path in the manifest */
  constructor([height, width]: readonly [rows: number, columns: number], known: KnownLies = {}) {
    this.#size = { width, height };
    this.#knownLies = known;
  }

  /**
   * An image, varied, as the engine reads it, each slice normalised by itself. SystemError 'data-unusable'
   * where no breast is seen in its middle slice, and what reading throws.
   */
  async volume(row: ManifestRow, draw: WindowDraw = STILL): Promise<GmicVolume> {
    const { slices } = await this.lie(row);
    const { width, height } = this.#size;
    const isHeld = slices * width * height * Float32Array.BYTES_PER_ELEMENT <= HELD_BYTES;
    const held = new Map<number, Promise<Float32Array>>();
    const read = (slice: number) => this.#slice(row, slice, draw);
    return {
      name: row.path,
      slices,
      read: (slice) => {
        if (!isHeld) return read(slice);
        const known = held.get(slice) ?? read(slice);
        held.set(slice, known);
        return known;
      },
    };
  }

  /** The part of a slice that lies in the window as it is, with its stored grey levels. */
  async plane(row: ManifestRow, slice: number): Promise<Plane> {
    const { window, turn } = await this.lie(row);
    const plane = orientPlane(await this.#seen(row, slice), turn);
    return windowPlane(plane, window.x, window.y, window.width, window.height);
  }

  /** Size of the stored image, and its slices. */
  async size(row: ManifestRow): Promise<{ readonly width: number; readonly height: number; readonly slices: number }> {
    const { width, height, slices } = await this.lie(row);
    return { width, height, slices };
  }

  /** A box in the window as it is on the stored image; it may reach beyond. */
  async boxOnStored(row: ManifestRow, [x1, y1, x2, y2]: BoxPx): Promise<BoxPx> {
    const { window, turn, placement, width, height } = await this.lie(row);
    const onTurned: BoxPx = [x1 + window.x, y1 + window.y, x2 + window.x, y2 + window.y];
    // Planes that are read are whole, so they are as large as the stored image, turned.
    const read = placement ? { width: placement.outWidth, height: placement.outHeight } : { width, height };
    const onRead = orientBox(onTurned, read.width, read.height, turn); // a mirror undoes itself
    return placement ? boxOnStored(onRead, placement) : onRead;
  }

  /** Maps of the window as it is, turned as the image is stored: what a file of saliency holds. */
  async mapsOnStored(row: ManifestRow, maps: readonly Plane[]): Promise<Plane[]> {
    const { turn, placement } = await this.lie(row);
    const unturned = maps.map((map) => orientPlane(map, turn));
    return placement ? unturned.map((map) => orientPlane(map, inverseOrientation(placement.orientation))) : unturned;
  }

  /** Closes what is open and lets go of what is kept; what is asked for afterwards is opened again. */
  async close(): Promise<void> {
    const opened = [...this.#open.values()];
    this.#open.clear();
    this.#kept.clear();
    this.#keptBytes = 0;
    for (const image of opened) await image.then((each) => each.close()).catch(() => undefined);
  }

  async #slice(row: ManifestRow, slice: number, { rightPx, downPx, growPx }: WindowDraw): Promise<Float32Array> {
    const { window, turn } = await this.lie(row);
    const plane = orientPlane(await this.#seen(row, slice), turn);
    const rows = window.height + growPx;
    const columns = Math.round((window.width * rows) / window.height);
    const x = window.x + rightPx - Math.round((columns - window.width) / 2);
    const y = window.y + downPx - Math.round((rows - window.height) / 2);
    const { data } = windowPlane(plane, x, y, columns, rows);
    return normaliseBreast(resizeBilinear(data, columns, rows, window.width, window.height));
  }

  /** How an image lies. */
  lie(row: ManifestRow): Promise<ImageLie> {
    const before = Object.hasOwn(this.#knownLies, row.path) ? this.#knownLies[row.path] : undefined;
    const known = this.#lies.get(row.absolutePath) ?? (before ? Promise.resolve(before) : this.#find(row));
    this.#lies.set(row.absolutePath, known);
    return known;
  }

  async #find(row: ManifestRow): Promise<ImageLie> {
    const image = await this.#image(row);
    const middle = Math.floor((image.depth - 1) / 2);
    const seen = await this.#reading(row, () => image.seen(middle, WHOLE));
    const mask = await this.#reading(row, async () => coarseMask(seen));
    // Where the outline tells nothing the usual way to store a breast is taken; what was prepared lies with its chest wall left.
    const usual = row.laterality === 'R' && !seen.placement ? 'right' : 'left';
    const says = chestWallByMask(mask)?.says;
    const wall = says === 'left' || says === 'right' ? says : usual;
    const turn = wall === 'right' ? MIRRORED : UNTURNED;
    const turned = wall === 'right' ? mirroredMask(mask) : mask;
    return {
      slices: image.depth,
      width: image.width,
      height: image.height,
      turn,
      window: gmicWindow(turned, this.#size, 'left'),
      ...(seen.placement ? { placement: seen.placement } : {}),
    };
  }

  /** A slice as it is read, kept where it fits. */
  async #seen(row: ManifestRow, slice: number): Promise<Plane> {
    const key = `${row.absolutePath}\u0000${slice}`;
    const known = this.#kept.get(key);
    if (known) return { ...known, data: Float32Array.from(known.data) };
    const image = await this.#image(row);
    const { data, width, height, placement } = await this.#reading(row, () => image.seen(slice, WHOLE));
    // Stored values are whole numbers of 16 bits; what was prepared is not.
    const kept = placement || image.bitDepth === undefined ? data : Uint16Array.from(data);
    if (this.#keptBytes + kept.byteLength <= KEPT_BYTES) {
      this.#kept.set(key, { data: kept, width, height });
      this.#keptBytes += kept.byteLength;
    }
    return { data, width, height };
  }

  /** The image, open; the one that was not asked for longest is closed when many are. */
  async #image(row: ManifestRow): Promise<ManifestImage> {
    const key = row.absolutePath;
    const known = this.#open.get(key);
    if (known) {
      this.#open.delete(key); // and last again: the first is what was not asked for longest
      this.#open.set(key, known);
      return known;
    }
    if (this.#open.size >= MOST_OPEN) {
      const [[first, image]] = this.#open as unknown as [[string, Promise<ManifestImage>]];
      this.#open.delete(first);
      await image.then((each) => each.close()).catch(() => undefined);
    }
    // Which slices a lesion lies in does not matter here, and must not choose the slice that stands for a volume.
    const { sliceFirst: _, sliceLast: __, ...whole } = row;
    const opened = this.#reading(row, () => openManifestImage(whole));
    this.#open.set(key, opened);
    return opened;
  }

  async #reading<T>(row: ManifestRow, read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      if (!isBadImage(error)) throw error;
      const where = row.line > 0 ? `line ${row.line} of the manifest, ${row.path}` : row.path;
      if (error instanceof ImagingError && error.code === 'mask-empty')
        throw new SystemError(
          'data-unusable',
          `${where}: no breast is seen in its middle slice, as in an image that is all black: leave it out`,
          { cause: error },
        );
      throw new ImagingError(
        error instanceof ImagingError ? error.code : 'image-corrupt',
        `${where}: ${error.message}`,
        {
          cause: error,
        },
      );
    }
  }
}

interface KeptPlane extends Omit<Plane, 'data'> {
  readonly data: Float32Array | Uint16Array;
}

/** Files that may be open at a time. */
const MOST_OPEN = 16;

/** DICOM is turned with its chest wall to the left and not cropped, so that boxes convert by turning alone. */
const WHOLE = { crop: 'none', chestWall: 'left' } as const;

/** Side of the image that the breast is looked for in, to place a window upon it. */
const MASK_SIDE_PX = 192;

/** The breast, found on a reduced image in a fraction of the time: a window need not lie right to the pixel. */
function coarseMask({ width, height, data }: Plane): BreastMask {
  const factor = Math.max(1, Math.ceil(Math.max(width, height) / MASK_SIDE_PX));
  const small = breastMask(averageDown({ width, height, data }, factor));
  const [x1, y1, x2, y2] = small.boxPx;
  const whole = new Uint8Array(width * height);
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++, at++)
      whole[at] = small.data[Math.floor(y / factor) * small.width + Math.floor(x / factor)] as number;
  return {
    ...{ ...small, width, height, data: whole, areaPx: small.areaPx * factor ** 2 },
    boxPx: [x1 * factor, y1 * factor, Math.min(x2 * factor, width), Math.min(y2 * factor, height)],
  };
}

function mirroredMask(mask: BreastMask): BreastMask {
  const { width, height, data, boxPx } = mask;
  const mirrored = data.slice();
  for (let y = 0; y < height; y++) mirrored.subarray(y * width, (y + 1) * width).reverse();
  return { ...mask, data: mirrored, boxPx: [width - boxPx[2], boxPx[1], width - boxPx[0], boxPx[3]] };
}

/** What the background becomes, and what is as far below the mean: two standard deviations. */
const LEAST_GREY = -2;

/**
 * Grey levels of a window with mean 0 and standard deviation 1 over the breast: all that is brighter than the darkest pixel, which is
 * background. Over the whole window lesions would hardly show beside the step from background to breast. An image of one value becomes zeros.
 */
export function normaliseBreast(plane: Float32Array): Float32Array {
  const darkest = plane.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  let [count, sum, squares] = [0, 0, 0];
  for (const value of plane)
    if (value > darkest) {
      count++;
      sum += value;
    }
  if (count === 0) return new Float32Array(plane.length);
  const mean = sum / count;
  for (const value of plane) if (value > darkest) squares += (value - mean) ** 2;
  const deviation = Math.sqrt(squares / count) || 1;
  return plane.map((value) => Math.max((value - mean) / deviation, LEAST_GREY));
}

/** The maps of one class of a saliency volume as planes. */
export function saliencyPlanes({ values, slices, rows, columns }: SaliencyVolume, index: number): Plane[] {
  const size = rows * columns;
  const classes = values.length / (slices * size);
  return Array.from({ length: slices }, (_, slice) => {
    const start = (slice * classes + index) * size;
    return { width: columns, height: rows, data: values.slice(start, start + size) };
  });
}
