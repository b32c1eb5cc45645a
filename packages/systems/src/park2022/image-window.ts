/** Images in the windows of section V-D3: against the chest wall, moved and resized at random, slice by slice. */
import {
  AS_STORED,
  type BoxPx,
  boxOnStored,
  breastMask,
  chestWallByMask,
  cutRegion,
  gmicWindow,
  ImagingError,
  inverseOrientation,
  isBadImage,
  type ManifestImage,
  type ManifestRow,
  MIRRORED,
  type Orientation,
  openManifestImage,
  orientBox,
  orientPlane,
  orientRegion,
  type Placement,
  type Plane,
  type SeenRegion,
  type WindowPlace,
} from '@mammoscope/imaging';
import type { RandomStream } from '@mammoscope/random';
import { SystemError } from '../errors.ts';
import { cutBox, type GmicVolume } from '../gmic/volume.ts';
import type { Recipe } from './recipe.ts';
import {
  type Normaliser,
  normalisedBy,
  normalisedWindow,
  tableNormaliser,
  type WindowView,
  windowLevels,
} from './window-levels.ts';

/** How a window is varied: where it goes, and by how many rows it grows. */
export interface WindowDraw {
  readonly rightPx: number;
  readonly downPx: number;
  readonly growPx: number;
}

/** A window, varied. */
function varied(window: WindowPlace, { rightPx, downPx, growPx }: WindowDraw): WindowPlace {
  const height = window.height + growPx;
  const width = Math.round((window.width * height) / window.height);
  const x = window.x + rightPx - Math.round((width - window.width) / 2);
  const y = window.y + downPx - Math.round((height - window.height) / 2);
  return { x, y, width, height };
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

/** Side of the image that the breast is looked for in, in a fraction of the time: a window need not lie right to the pixel. */
const MASK_SIDE_PX = 192;

/** How images lie, by their path in a manifest. */
export type KnownLies = Readonly<Record<string, ImageLie>>;

/** Slices that may be kept between epochs, in bytes, unless told; others are read again. */
const KEPT_BYTES = 400 * 2 ** 20;
/** A volume whose window takes no more than this is held while it is worked on, so that patches are not read again. */
const HELD_BYTES = 64 * 2 ** 20;

/** The images of one modality in its window. Close it after use. */
export class ImageWindows {
  readonly #size: { readonly width: number; readonly height: number };
  readonly #lies = new Map<string, Promise<ImageLie>>();
  readonly #knownLies: KnownLies;
  readonly #kept = new Map<string, SeenRegion>();
  readonly #open = new Map<string, Promise<ManifestImage>>();
  readonly #most: number;
  #keptBytes = 0;

  /** @param window rows and columns of it @param known how images lie that were looked at before, by their path in the manifest @param keptBytes of slices that may be kept */
  constructor(
    [height, width]: readonly [rows: number, columns: number],
    known: KnownLies = {},
    keptBytes: number = KEPT_BYTES,
  ) {
    this.#size = { width, height };
    this.#knownLies = known;
    this.#most = keptBytes;
  }

  /**
   * An image, varied, as the engine reads it, each slice normalised by itself. SystemError 'data-unusable'
   * where no breast is seen in its middle slice, and what reading throws.
   */
  async volume(row: ManifestRow, draw: WindowDraw = STILL): Promise<GmicVolume> {
    const { slices } = await this.lie(row);
    const { width, height } = this.#size;
    const isHeld = slices * width * height * Float32Array.BYTES_PER_ELEMENT <= HELD_BYTES;
    const normalisers = new Map<number, Normaliser>();
    const read = (slice: number) => this.#slice(row, slice, draw, normalisers);
    if (!isHeld) {
      const readBox = (slice: number, box: BoxPx) => this.#box(row, slice, draw, box, normalisers.get(slice));
      return { name: row.path, slices, isFresh: true, read, readBox };
    }
    const held = new Map<number, Promise<Float32Array>>();
    return {
      name: row.path,
      slices,
      read: (slice) => {
        const known = held.get(slice) ?? read(slice);
        held.set(slice, known);
        return known;
      },
    };
  }

  /** The part of a slice that lies in the window as it is, with its stored grey levels. */
  async plane(row: ManifestRow, slice: number): Promise<Plane> {
    const { window } = await this.lie(row);
    const { width, height } = window;
    return { width, height, data: windowLevels(await this.#view(row, slice, window)) };
  }

  /** Size of the stored image, and its slices. */
  async size(row: ManifestRow): Promise<{ readonly width: number; readonly height: number; readonly slices: number }> {
    const { width, height, slices } = await this.lie(row);
    return { width, height, slices };
  }

  /** A box in the window as it is on the stored image; it may reach beyond. */
  async boxOnStored(row: ManifestRow, [x1, y1, x2, y2]: BoxPx): Promise<BoxPx> {
    const lie = await this.lie(row);
    const { window, turn, placement } = lie;
    const onTurned: BoxPx = [x1 + window.x, y1 + window.y, x2 + window.x, y2 + window.y];
    const read = readSize(lie);
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

  async #slice(
    row: ManifestRow,
    slice: number,
    draw: WindowDraw,
    normalisers?: Map<number, Normaliser>,
  ): Promise<Float32Array> {
    const { window } = await this.lie(row);
    const view = await this.#view(row, slice, varied(window, draw));
    const normalise = tableNormaliser(view, window.width, window.height);
    if (normalise) normalisers?.set(slice, normalise);
    const pixels = normalise ? normalisedBy(view, normalise) : normalisedWindow(view, window.width, window.height);
    this.#free(row, slice, view);
    return pixels;
  }

  /** A box of a slice in its window. How the window is normalised is known of one that was read by a table: then no more than the box is read. */
  async #box(
    row: ManifestRow,
    slice: number,
    draw: WindowDraw,
    box: BoxPx,
    normalise: Normaliser | undefined,
  ): Promise<Float32Array> {
    const { window } = await this.lie(row);
    if (!normalise) return cutBox(await this.#slice(row, slice, draw), window.width, box);
    const { x, y } = varied(window, draw);
    const [x1, y1, x2, y2] = box;
    const view = await this.#view(row, slice, { x: x + x1, y: y + y1, width: x2 - x1, height: y2 - y1 });
    const pixels = normalisedBy(view, normalise);
    this.#free(row, slice, view);
    return pixels;
  }

  /** Rows that were read for this alone are freed now: a collection may be many slices away. */
  #free(row: ManifestRow, slice: number, { region }: WindowView): void {
    if (region?.levels && !this.#kept.has(keyOf(row, slice))) (region.values.buffer as ArrayBuffer).transfer(0);
  }

  /** What a slice shows in a window upon the plane with its chest wall on the left. */
  async #view(row: ManifestRow, slice: number, { x, y, width, height }: WindowPlace): Promise<WindowView> {
    const lie = await this.lie(row);
    const read = readSize(lie);
    const [x1, y1] = [Math.max(0, x), Math.max(0, y)];
    const [x2, y2] = [Math.min(x + width, read.width), Math.min(y + height, read.height)];
    const view = { width, height, left: x1 - x, top: y1 - y };
    if (!(x1 < x2 && y1 < y2)) return view;
    const box = orientBox([x1, y1, x2, y2], read.width, read.height, lie.turn); // a mirror undoes itself
    return { ...view, region: orientRegion(await this.#region(row, slice, box), lie.turn) };
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
    const mask = await this.#reading(row, async () => breastMask(seen, { workingSidePx: MASK_SIDE_PX }));
    // Where the outline tells nothing the usual way to store a breast is taken; what was prepared lies with its chest wall left.
    const usual = row.laterality === 'R' && !seen.placement ? 'right' : 'left';
    const says = chestWallByMask(mask)?.says;
    const wall = says === 'left' || says === 'right' ? says : usual;
    return {
      slices: image.depth,
      width: image.width,
      height: image.height,
      turn: wall === 'right' ? MIRRORED : AS_STORED,
      window: { ...gmicWindow(mask, this.#size, wall), x: 0 },
      ...(seen.placement ? { placement: seen.placement } : {}),
    };
  }

  /** A part of a slice as it is seen. The whole slice is kept where it fits, unless it is read as fast as that. */
  async #region(row: ManifestRow, slice: number, box: BoxPx): Promise<SeenRegion> {
    const key = keyOf(row, slice);
    const known = this.#kept.get(key);
    if (known) return cutRegion(known, box);
    const image = await this.#image(row);
    const bytes = sliceBytes(image);
    const isKept = !(image.isReadByRow && bytes * image.depth > HELD_BYTES) && this.#keptBytes + bytes <= this.#most;
    if (!isKept) return this.#reading(row, () => image.region(slice, box, WHOLE));
    const whole = await this.#reading(row, () => image.region(slice, undefined, WHOLE));
    const { placement } = await this.lie(row);
    const isUnsigned = image.bitDepth !== undefined && image.facts(slice).PixelRepresentation !== 1;
    const kept = !placement && isUnsigned ? compact(whole) : whole; // what was prepared is not of whole numbers
    if (!this.#kept.has(key)) this.#keptBytes += kept.values.byteLength;
    this.#kept.set(key, kept);
    return cutRegion(kept, box);
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

/** Planes that are read are whole, so they are as large as the stored image, turned. */
const readSize = ({ placement, width, height }: ImageLie) =>
  placement ? { width: placement.outWidth, height: placement.outHeight } : { width, height };

const keyOf = ({ absolutePath }: ManifestRow, slice: number): string => `${absolutePath}\u0000${slice}`;

/** Bytes of a slice that is kept. */
const sliceBytes = ({ width, height, bitDepth }: ManifestImage): number =>
  width * height * (bitDepth === undefined ? 4 : 2);

/** Whole numbers of 16 bits that came as floats, in half the memory. */
const compact = (region: SeenRegion): SeenRegion => ({ ...region, values: new Uint16Array(region.values) });

/** Files that may be open at a time. */
const MOST_OPEN = 16;

/** DICOM is turned with its chest wall to the left and not cropped, so that boxes convert by turning alone. */
const WHOLE = { crop: 'none', chestWall: 'left', maskSidePx: MASK_SIDE_PX } as const;
