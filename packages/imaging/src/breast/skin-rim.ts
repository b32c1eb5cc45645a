import type { Plane } from '../plane.ts';
import type { AirLevel } from './air-level.ts';
import { type BinaryImage, components, dilate, erode, setOf } from './binary-image.ts';

/*
 * Skin and the fat beneath it can be a few grey levels brighter than the air beside them and still darker than air elsewhere on a
 * fogged film. So once the breast is found, the air beside each stretch of its edge is measured by itself, and what is brighter
 * than that air is added where it lies along the edge like skin does.
 */

/** The air of a place is that within this distance; on an image of at most 384 pixels a side. */
const LOCAL_PX = 40;

/** Skin is looked for within this distance of the breast, some 5 % of the image's side. */
const REACH_PX = 16;

/** Fewer pixels than this are not enough to know the air. */
const LEAST_AIR_PX = 40;

/** Above its mean by this many standard deviations a value is not counted as air any more. */
const TRIM_WIDTHS = 0.7;
const ITERATIONS = 6;

/**
 * Skin is above the air of its place by the noise times NOISE_WIDTHS, and by the lesser of two shares: of the way to what is
 * air anywhere, and of the way to the breast's median. What is less is fog.
 */
const NOISE_WIDTHS = 5;
const THRESHOLD_SHARE = 0.15;
const BREAST_SHARE = 0.015;

/** Whatever is narrower is noise. */
const OPENING_PX = 3;

/** A rim touches the breast along this many pixels, and is no thicker than this on average; patches of air do not, or are. */
const LEAST_CONTACT_PX = 45;
const MOST_DEPTH_PX = 10;

/**
 * The breast with its dim rim. A film whose air is one value has no such rim and stays as it is.
 * @param small the reduced plane; @param breast what was found on it; @param ignore 1 at pixels that are no image
 */
export function withSkinRim(small: Plane, breast: BinaryImage, air: AirLevel, ignore?: Uint8Array): BinaryImage {
  const { width, height, data } = small;
  const none = darkest(small, ignore);
  const outside = Uint8Array.from(data, (_, i) => (breast.data[i] || none[i] ? 0 : 1));
  const { count, mean, noise } = localAir(small, outside);
  const median = medianInside(data, breast.data);
  // means of 3 x 3 pixels, without those of the breast: its brightness must not reach out
  const sums = boxSums(
    data.map((value, i) => value * (outside[i] as number)),
    width,
    height,
    1,
  );
  const counts = boxSums(outside, width, height, 1);
  const near = dilate(breast, REACH_PX).data;
  const isSkin = (i: number): boolean => {
    if (!near[i] || none[i] || (count[i] as number) < LEAST_AIR_PX) return false;
    const level = mean[i] as number;
    const share = Math.min(THRESHOLD_SHARE * (air.threshold - level), BREAST_SHARE * (median - level));
    const least = level + Math.max(NOISE_WIDTHS * (noise[i] as number), share);
    return (sums[i] as number) / (counts[i] as number) > least;
  };
  const bright = { width, height, data: breast.data.map((value, i) => (value || isSkin(i) ? 1 : 0)) };
  const opened = dilate(erode(bright, OPENING_PX), OPENING_PX);
  const [whole] = components({
    width,
    height,
    data: opened.data.map((value, i) => value | (breast.data[i] as number)),
  });
  if (!whole) return breast;
  const grown = setOf(whole, width, height).data;
  const added = { width, height, data: grown.map((value, i) => value & (1 - (breast.data[i] as number))) };
  const edge = dilate(breast, 1).data;
  const result = breast.data.slice();
  for (const { pixels, areaPx } of components(added)) {
    const contactPx = pixels.reduce((sum, at) => sum + (edge[at] as number), 0);
    if (contactPx >= LEAST_CONTACT_PX && areaPx <= MOST_DEPTH_PX * contactPx) for (const at of pixels) result[at] = 1;
  }
  return { width, height, data: result };
}

/** Padding and what is as dark, with its neighbours: where a film was cut and filled with black. */
function darkest({ width, height, data }: Plane, ignore?: Uint8Array): Uint8Array {
  const low = data.reduce((least, value, i) => (ignore?.[i] || value >= least ? least : value), Infinity);
  return dilate({ width, height, data: Uint8Array.from(data, (value, i) => (ignore?.[i] || value <= low ? 1 : 0)) }, 1)
    .data;
}

/** The air around every pixel: how many pixels it rests on, their mean, and the root mean square of those below it. */
interface LocalAir {
  readonly count: Float64Array;
  readonly mean: Float64Array;
  readonly noise: Float64Array;
}

/** What stands in the air only adds light, so pixels well above the mean are left out of the next one. */
function localAir({ width, height, data }: Plane, outside: Uint8Array): LocalAir {
  const around = (values: ArrayLike<number>) => boxSums(values, width, height, LOCAL_PX);
  let used = outside;
  for (let iteration = 1; ; iteration++) {
    const count = around(used);
    const sums = around(data.map((value, i) => value * (used[i] as number)));
    const mean = sums.map((sum, i) => sum / Math.max(1, count[i] as number));
    const below = used.map((value, i) => (value && (data[i] as number) <= (mean[i] as number) ? 1 : 0));
    const squares = around(data.map((value, i) => (below[i] as number) * (value - (mean[i] as number)) ** 2));
    const belowCount = around(below);
    const noise = squares.map((sum, i) => Math.sqrt(Math.max(0, sum) / Math.max(1, belowCount[i] as number)));
    if (iteration === ITERATIONS) return { count, mean, noise };
    used = used.map((value, i) =>
      value && (data[i] as number) <= (mean[i] as number) + TRIM_WIDTHS * (noise[i] as number) ? 1 : 0,
    );
  }
}

function medianInside(data: Float32Array, inside: Uint8Array): number {
  const values = data.filter((_, i) => inside[i]).sort();
  return values[Math.floor(values.length / 2)] ?? 0;
}

/** Sums over squares of 2 radius + 1 pixels, as far as they lie in the image, by a table of sums. */
function boxSums(values: ArrayLike<number>, width: number, height: number, radius: number): Float64Array {
  const line = width + 1;
  const table = new Float64Array(line * (height + 1));
  for (let y = 0; y < height; y++) {
    let row = 0;
    for (let x = 0; x < width; x++) {
      row += values[y * width + x] as number;
      table[(y + 1) * line + x + 1] = (table[y * line + x + 1] as number) + row;
    }
  }
  const result = new Float64Array(width * height);
  for (let y = 0; y < height; y++) {
    const [top, bottom] = [Math.max(0, y - radius) * line, Math.min(height, y + radius + 1) * line];
    for (let x = 0; x < width; x++) {
      const [left, right] = [Math.max(0, x - radius), Math.min(width, x + radius + 1)];
      const lower = (table[bottom + right] as number) - (table[bottom + left] as number);
      const upper = (table[top + right] as number) - (table[top + left] as number);
      result[y * width + x] = lower - upper;
    }
  }
  return result;
}
