import { type BreastMask, breastMask } from './breast/breast-mask.ts';
import type { Decision } from './decision.ts';
import { type DicomFacts, mendedFacts } from './dicom-facts.ts';
import { ImagingError } from './errors.ts';
import type { ImageStack } from './formats/image-stack.ts';
import { openImage } from './formats/open-image.ts';
import type { ReadImageOptions } from './formats/read-image.ts';
import { boxOnPrepared, type Placement } from './geometry/placement.ts';
import type { BoxPx, ManifestRow } from './manifest-row.ts';
import { openSeries } from './manifest-series.ts';
import type { Laterality, View } from './manifest-terms.ts';
import { orientMask } from './orientation/image-lie.ts';
import { greyFacts, placedRegion, storedRegion } from './placed-region.ts';
import type { Plane } from './plane.ts';
import { type LaidImage, layImage, movedImage, type PrepareOptions } from './prepare-image.ts';
import { regionPlane, type SeenRegion } from './seen-region.ts';

/** A plane as a network gets it before resampling and normalisation, with what was done to the stored one. */
export interface SeenPlane extends Plane {
  /** Where it lies on the stored image; absent where it is the stored image. */
  readonly placement?: Placement;
  readonly laterality?: Laterality | undefined;
  readonly view?: View | undefined;
  /** None where nothing was done. */
  readonly decisions: readonly Decision[];
}

/** The image of a manifest row, open; slices are counted from 0 and read one at a time. Close it after use. */
export interface ManifestImage {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  /** 8 or 16 for whole numbers of that size; absent for others. */
  readonly bitDepth: number | undefined;
  /** The slice that stands for the row where one plane is wanted: that of a plain image, or the middle of the row's slices. */
  readonly slice: number | undefined;
  /** Whether a part of a slice is read from where it lies in the file, in milliseconds; else the slice is decoded first. */
  readonly isReadByRow: boolean;
  readonly facts: (slice: number) => DicomFacts;
  /** Stored values: the frame of the row's boxes. */
  readonly stored: (slice: number) => Promise<Plane>;
  /**
   * What a network sees of a slice. All slices of a stack lie alike: side, orientation and crop are decided once, on the slice that stands
   * for the row, or the middle one. ImagingError as prepareImage, and sources-disagree where row and file differ.
   */
  readonly seen: (slice: number, options?: SeenOptions) => Promise<SeenPlane>;
  /**
   * How all slices lie, and where the breast is on what is seen of the slice that they are laid after, nothing cropped: no pixel of it is
   * moved. Throws as `seen`.
   */
  readonly breast: (options?: Omit<SeenOptions, 'crop'>) => Promise<SeenBreast>;
  /**
   * The part of what is seen in a box, the whole without one, as stored values with their grey levels: of files that are not compressed no more
   * than its rows are read. Throws as `seen`, and option-invalid for a box that reaches beyond.
   */
  readonly region: (slice: number, box?: BoxPx, options?: SeenOptions) => Promise<SeenRegion>;
  readonly close: () => Promise<void>;
}

/** Where the breast is on what is seen of an image. */
export interface SeenBreast {
  readonly mask: BreastMask;
  /** Of what is seen on the stored image; absent where it is the stored image. */
  readonly placement?: Placement;
}

/** What may be asked beyond the row. */
export type SeenOptions = Pick<PrepareOptions, 'voi' | 'crop' | 'chestWall' | 'maskSidePx' | 'prefer'>;

/**
 * Opens the image of a row, in any format that is read. DICOM goes through prepareImage (grey levels, polarity, orientation, crop to
 * the breast; of a PATCH the grey levels alone), because its stored values mean nothing without its tags; every other
 * format is taken as stored. A DBT row may name a multi-frame file, a folder of slices (openImage) or one
 * file of a DICOM series (openSeries).
 * Throws ImagingError, with bit-depth where the file is not of the declared depth: an 8-bit copy of a 16-bit image looks the
 * same and has lost the contrast; and DicomError.
 */
export async function openManifestImage(row: ManifestRow, options: ReadImageOptions = {}): Promise<ManifestImage> {
  const opened = await openImage(row.absolutePath, options);
  try {
    const isDicom = opened.format.startsWith('DICOM');
    const isFlat = row.modality === 'DBT' && opened.depth === 1;
    const stack = isFlat && isDicom ? await openSeries(row, opened) : opened;
    requireStack(row, stack.depth);
    const { BitsAllocated: bitDepth } = stack.facts(0);
    requireDepth(row, bitDepth);
    const slice = sliceOf(row, stack.depth);
    const reference = slice ?? Math.floor((stack.depth - 1) / 2);
    const laid = laidAlike(row, stack, reference);
    return {
      width: stack.width,
      height: stack.height,
      depth: stack.depth,
      bitDepth,
      slice,
      isReadByRow: stack.isReadByRow ?? false,
      facts: stack.facts,
      stored: stack.slice,
      seen: (wanted, asked = {}) => (isDicom ? laid.seen(wanted, asked) : asStored(stack, wanted)),
      breast: async (asked = {}) =>
        isDicom
          ? laid.breast(asked)
          : { mask: breastMask(await stack.slice(reference), { workingSidePx: asked.maskSidePx }) },
      region: (wanted, box, asked = {}) =>
        isDicom ? laid.region(wanted, box, asked) : storedRegion(stack, wanted, box),
      close: stack.close,
    };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** Frames that were saved one by one are a stack by their folder: one of them is not read as if it were all. */
function requireStack({ path, modality, other }: ManifestRow, depth: number): void {
  const slices = Number(other.slices);
  if (modality !== 'DBT' || depth > 1 || !(Number.isInteger(slices) && slices > 1)) return;
  const message = `image ${path} has one slice and its row says slices ${slices}: name the folder of the slices`;
  throw new ImagingError('option-invalid', message);
}

function requireDepth({ path, bitDepth: declared }: ManifestRow, bitDepth: number | undefined): void {
  if (declared === undefined || declared === bitDepth) return;
  const has = bitDepth === undefined ? 'no whole numbers' : `${bitDepth} bits`;
  const message = `image ${path} has ${has} and bit_depth declares ${declared}: convert it again from the original, or correct the cell`;
  throw new ImagingError('bit-depth', message);
}

/**
 * The plane of a row and its bit depth. ImagingError as openManifestImage, and option-invalid for a stack of slices whose row
 * names none: a slice is never guessed.
 */
export async function readManifestImage(
  row: ManifestRow,
  options: ReadImageOptions & SeenOptions = {},
): Promise<SeenPlane & { readonly bitDepth: number | undefined }> {
  const image = await openManifestImage(row, options);
  try {
    if (image.slice === undefined) {
      const message = `image ${row.path} has ${image.depth} slices and its row names none: fill slice_first and slice_last`;
      throw new ImagingError('option-invalid', message);
    }
    return { ...(await image.seen(image.slice, options)), bitDepth: image.bitDepth };
  } finally {
    await image.close();
  }
}

/** A box of the stored image on a plane that was made of it; it may reach beyond. */
export function boxOnSeen(box: BoxPx, { placement }: SeenPlane): BoxPx {
  return placement ? boxOnPrepared(box, placement) : box;
}

function sliceOf({ path, sliceFirst, sliceLast }: ManifestRow, depth: number): number | undefined {
  if (sliceFirst === undefined || sliceLast === undefined) return depth === 1 ? 0 : undefined;
  if (sliceLast >= depth) {
    const message = `image ${path} has slices 0 to ${depth - 1} and the row names ${sliceFirst} to ${sliceLast}: correct slice_first and slice_last`;
    throw new ImagingError('option-invalid', message);
  }
  return Math.floor((sliceFirst + sliceLast) / 2);
}

const asStored = async (stack: ImageStack, slice: number): Promise<SeenPlane> => ({
  ...(await stack.slice(slice)),
  decisions: [],
});

/** How the slices of a stack lie: what was decided on one of them. */
interface Lie extends Omit<SeenPlane, 'data'> {
  readonly placement: Placement;
}

/** Slices prepared alike, after one of them. */
function laidAlike(row: ManifestRow, stack: ImageStack, reference: number) {
  const known = new Map<string, Promise<Lie>>();
  const keyOf = (options: SeenOptions): string => JSON.stringify(Object.entries(options).sort());
  /** The slice that the others are laid after, for whoever asks first; it is not kept. */
  const lay = (options: SeenOptions): Promise<LaidImage> => {
    const first = laidSlice(row, stack, reference, options);
    const lie = first.then(lieOfSlice);
    lie.catch(() => undefined); // reported to those who wait for it
    known.set(keyOf(options), lie);
    return first;
  };
  const lieOf = async (options: SeenOptions): Promise<Lie> =>
    known.get(keyOf(options)) ?? lieOfSlice(await lay(options));
  const region = async (slice: number, box: BoxPx | undefined, options: SeenOptions): Promise<SeenRegion> => {
    const { placement } = await lieOf(options);
    // A slice above the breast is empty: its grey levels are all that is asked of it, and its polarity is that of its tags.
    const prefer = { 'photometric interpretation': 'tag', ...row.prefer, ...options.prefer };
    return placedRegion(stack, slice, placement, box, { ...options, prefer });
  };
  const seen = async (slice: number, options: SeenOptions): Promise<SeenPlane> => {
    if (slice === reference && !known.has(keyOf(options))) {
      const laid = await lay(options);
      return { ...lieOfSlice(laid), ...movedImage(laid, AS_LEVELS).plane };
    }
    const lie = await lieOf(options);
    return { ...lie, ...regionPlane(await region(slice, undefined, options)) };
  };
  const breast = async (options: Omit<SeenOptions, 'crop'>): Promise<SeenBreast> => {
    const { display, isPadded, placement, ...laid } = await lay({ ...options, crop: 'none' });
    // by its pixels alone, so that it is where it is in the same image in a format that knows no padding
    const mask = isPadded ? breastMask(display, { workingSidePx: options.maskSidePx }) : laid.mask;
    return { mask: orientMask(mask, placement.orientation), placement };
  };
  return { seen, region, breast };
}

const lieOfSlice = ({ placement, laterality, view, decisions }: LaidImage): Lie => ({
  ...{ width: placement.outWidth, height: placement.outHeight },
  ...{ placement, laterality, view, decisions },
});

/** Grey levels are normalised by whoever asks. */
const AS_LEVELS = { normalise: 'none' } as const;

async function laidSlice(row: ManifestRow, stack: ImageStack, slice: number, options: SeenOptions): Promise<LaidImage> {
  const facts = mendedFacts(stack.facts(slice));
  const stored = await stack.slice(slice);
  const prefer = { ...row.prefer, ...options.prefer };
  const common = { ...options, prefer, ...AS_LEVELS };
  if (row.modality === 'PATCH') {
    const whole = { breast: 'whole', crop: 'none', chestWall: 'stored' } as const;
    return { ...layImage(stored, greyFacts(facts), { ...common, ...whole }), laterality: undefined, view: undefined };
  }
  const laid = layImage(stored, facts, {
    ...common,
    ...(row.laterality && { laterality: row.laterality }),
    ...(row.view && { view: row.view }),
  });
  requireView(row, laid.view, prefer.view);
  return { ...laid, view: row.view ?? laid.view };
}

/** Throws sources-disagree where row and file name different views and nobody said which wins. */
export function requireView(row: Pick<ManifestRow, 'view'>, found: View | undefined, prefer?: string): void {
  if (!row.view || !found || row.view === found || prefer === 'user') return;
  throw new ImagingError(
    'sources-disagree',
    `the sources for "view" disagree: ${row.view} by the row, ${found} by the file; say which wins, for example view=user`,
  );
}
