import { ImagingError } from '../errors.ts';
import { averageDown } from '../geometry/area-average.ts';
import type { BoxPx } from '../manifest-row.ts';
import { type Plane, requirePlane } from '../plane.ts';
import { type AirLevel, airLevel } from './air-level.ts';
import { airSurface } from './air-surface.ts';
import { type BinaryImage, complement, components, dilate, erode, intersect, setOf } from './binary-image.ts';
import { withSkinRim } from './skin-rim.ts';

/** Where the breast is, and what was seen on the way. */
export interface BreastMask {
  readonly width: number;
  readonly height: number;
  /** [height * width]: 1 in the breast, 0 outside. */
  readonly data: Uint8Array;
  readonly boxPx: BoxPx;
  readonly areaPx: number;
  readonly air: AirLevel;
  /** False where the image has no air: the breast fills it. */
  readonly hasAir: boolean;
  /** Bright parts that are not the breast: labels, wedges, plates, borders. */
  readonly otherParts: number;
}

/** Options of breastMask. */
export interface BreastMaskOptions {
  /** 1 where there is no image: pixels of the padding value. */
  readonly padding?: Uint8Array | undefined;
  /** The mask is found on an image of at most so many pixels a side, so that its cost and memory are bounded; 384 unless given. */
  readonly workingSidePx?: number | undefined;
}

const WORKING_SIDE_PX = 384;

/** Bright parts joined to the breast by less than about 5 % of the image's side are cut off. */
const BRIDGE_PX = 9;

/**
 * Where air is clipped to one value, dim skin is all that is dark and looks like air. What is above that value is taken
 * for the breast if it adds no more than a rim to it; over true air it would add the whole background.
 */
const MOST_SKIN = 1.15;

/** A rim runs along at least this share of the edge. */
const LEAST_RIM = 0.55;

/** Where the rim is looked for: from the first to the second distance outside. */
const RIM_PX = [2, 6] as const;

/** One Gaussian, split in two, has a separation of 2 / pi = 0.64; air beside a breast has more. */
const LEAST_SEPARATION = 0.68;

/**
 * The breast of a mammogram whose larger values are brighter; its background may have any level and noise. Air ends where
 * the brightest dark peak of the histogram does (air-level.ts); of what is above, opened so that labels and
 * scratches come off, the largest part is the breast; holes are filled, the edge that opening took is given back, and skin that
 * is dimmer than air elsewhere is added (skin-rim.ts).
 * Works on a reduced image: 14 million pixels take some tenths of a second.
 * Throws option-invalid (sizes) and mask-empty where nothing is brighter than air.
 */
export function breastMask(plane: Plane, options: BreastMaskOptions = {}): BreastMask {
  requirePlane(plane, 'breastMask');
  const { workingSidePx = WORKING_SIDE_PX } = options;
  const factor = Math.max(1, Math.ceil(Math.max(plane.width, plane.height) / workingSidePx));
  const small = averageDown(plane, factor);
  const padding = options.padding ? reducePadding(options.padding, plane, factor) : undefined;
  const air = airLevel(small.data, padding);
  const hasAir = air.separation >= LEAST_SEPARATION;
  const surface = hasAir ? airSurface(small, air, padding) : undefined;
  const brighterThan = (threshold: (i: number) => number): BinaryImage => ({
    ...small,
    data: Uint8Array.from(small.data, (value, i) => (!padding?.[i] && (!hasAir || value > threshold(i)) ? 1 : 0)),
  });
  const found = breastPart(brighterThan((i) => surface?.threshold[i] ?? air.threshold));
  if (!found || !(air.separation > 0)) {
    throw new ImagingError(
      'mask-empty',
      `no breast was found: nothing large in the image of ${plane.width} x ${plane.height} is brighter than its background; if all of it is breast, say so (breast: whole)`,
    );
  }
  const dimmest = hasAir ? breastPart(brighterThan(() => air.floor)) : undefined;
  const isSkin = dimmest !== undefined && isRim(dimmest.set, found.set);
  const { set, otherParts } = isSkin ? dimmest : found;
  const whole = hasAir ? fillHoles(withSkinRim(small, set, air, padding)) : set;
  return { ...enlarge(whole, plane, factor), air, hasAir, otherParts };
}

/** The mask of an image that is taken as it is. */
export function wholeMask(plane: Plane): BreastMask {
  requirePlane(plane, 'wholeMask');
  const { width, height } = plane;
  const data = new Uint8Array(width * height).fill(1);
  const air = { threshold: 0, floor: 0, level: 0, noise: 0, separation: 0 };
  return { width, height, data, boxPx: [0, 0, width, height], areaPx: data.length, air, hasAir: false, otherParts: 0 };
}

/** The largest part after opening, with the edge that opening took, filled; undefined where nothing is left. */
function breastPart(bright: BinaryImage): { readonly set: BinaryImage; readonly otherParts: number } | undefined {
  const parts = components(dilate(erode(bright, BRIDGE_PX), BRIDGE_PX));
  const [largest] = parts;
  if (!largest) return undefined;
  const opened = setOf(largest, bright.width, bright.height);
  const whole = largestPart(dilate(largestPart(intersect(dilate(opened, BRIDGE_PX), bright)), 1));
  return { set: fillHoles(whole), otherParts: parts.length - 1 };
}

/** Whether a larger set adds a rim to a smaller one: not too much, and along most of its edge rather than in one corner. */
function isRim(larger: BinaryImage, smaller: BinaryImage): boolean {
  if (area(larger) > MOST_SKIN * area(smaller)) return false;
  const near = intersect(dilate(smaller, RIM_PX[1]), complement(dilate(smaller, RIM_PX[0])));
  return area(intersect(near, larger)) >= LEAST_RIM * area(near);
}

const area = ({ data }: BinaryImage): number => data.reduce((total, value) => total + value, 0);

/** Without the specks of label and noise beside the largest part; opened by a pixel, so that none hangs on by a thread. */
function largestPart(image: BinaryImage): BinaryImage {
  const [largest] = components(dilate(erode(image, 1), 1));
  return largest ? setOf(largest, image.width, image.height) : image;
}

/** Adds what the set encloses: parts of its complement that do not touch the border. */
function fillHoles(image: BinaryImage): BinaryImage {
  const data = image.data.slice();
  for (const { boxPx, pixels } of components(complement(image))) {
    const [x1, y1, x2, y2] = boxPx;
    if (x1 > 0 && y1 > 0 && x2 < image.width && y2 < image.height) for (const at of pixels) data[at] = 1;
  }
  return { ...image, data };
}

/** A reduced pixel is padding where any of its pixels is. */
function reducePadding(padding: Uint8Array, { width, height }: Plane, factor: number): Uint8Array {
  const [outWidth, outHeight] = [Math.ceil(width / factor), Math.ceil(height / factor)];
  const result = new Uint8Array(outWidth * outHeight);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y / factor) * outWidth;
    for (let x = 0; x < width; x++) if (padding[y * width + x]) result[row + Math.floor(x / factor)] = 1;
  }
  return result;
}

function enlarge(small: BinaryImage, { width, height }: Plane, factor: number) {
  const data = new Uint8Array(width * height);
  let [x1, y1, x2, y2, areaPx] = [width, height, 0, 0, 0];
  for (let y = 0; y < height; y++) {
    const line = data.subarray(y * width, (y + 1) * width);
    const isRepeated = y % factor > 0;
    if (isRepeated) line.set(data.subarray((y - 1) * width, y * width));
    else {
      const row = (y / factor) * small.width;
      for (let x = 0; x < small.width; x++) if (small.data[row + x]) line.fill(1, x * factor, (x + 1) * factor);
    }
    const first = line.indexOf(1);
    if (first < 0) continue;
    for (let x = first; x < width; x++) areaPx += line[x] as number;
    [x1, x2] = [Math.min(x1, first), Math.max(x2, line.lastIndexOf(1) + 1)];
    [y1, y2] = [Math.min(y1, y), y + 1];
  }
  return { width, height, data, boxPx: [x1, y1, x2, y2] as BoxPx, areaPx };
}
