/** Images in the windows of section V-D3: against the chest wall, moved and resized at random, slice by slice. */
import {
  type BoxPx,
  boxOnStored,
  cutRegion,
  ImagingError,
  inverseOrientation,
  isBadImage,
  type ManifestImage,
  type ManifestRow,
  openManifestImage,
  orientBox,
  orientPlane,
  orientRegion,
  type Plane,
  type SeenRegion,
  type WindowPlace,
} from '@mammoscope/imaging';
import { SystemError } from '../errors.ts';
import type { GmicVolume } from '../gmic/volume.ts';
import { findLie, type ImageLie, type KnownLies, readSize, WHOLE } from './image-lie.ts';
import { STILL, varied, type WindowDraw } from './window-draw.ts';
import {
  type Normaliser,
  normalisedBy,
  normalisedWindow,
  tableNormaliser,
  type WindowView,
  windowLevels,
} from './window-levels.ts';

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
      const readBox = async (slice: number, box: BoxPx) => {
        const normalise = normalisers.get(slice);
        return normalise && this.#box(row, slice, draw, box, normalise);
      };
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
    normalisers: Map<number, Normaliser>,
  ): Promise<Float32Array> {
    const { window } = await this.lie(row);
    const view = await this.#view(row, slice, varied(window, draw));
    const normalise = tableNormaliser(view, window.width, window.height);
    if (normalise) normalisers.set(slice, normalise);
    const pixels = normalisedWindow(view, window.width, window.height, normalise);
    this.#free(row, slice, view);
    return pixels;
  }

  /** A box of a slice in its window of which it is known how it is normalised: no more than the box is read. */
  async #box(
    row: ManifestRow,
    slice: number,
    draw: WindowDraw,
    box: BoxPx,
    normalise: Normaliser,
  ): Promise<Float32Array> {
    const { window } = await this.lie(row);
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
    return this.#reading(row, () => findLie(image, row, this.#size));
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

const keyOf = ({ absolutePath }: ManifestRow, slice: number): string => `${absolutePath}\u0000${slice}`;

/** Bytes of a slice that is kept. */
const sliceBytes = ({ width, height, bitDepth }: ManifestImage): number =>
  width * height * (bitDepth === undefined ? 4 : 2);

/** Whole numbers of 16 bits that came as floats, in half the memory. */
const compact = (region: SeenRegion): SeenRegion => ({ ...region, values: new Uint16Array(region.values) });

/** Files that may be open at a time. */
const MOST_OPEN = 16;
