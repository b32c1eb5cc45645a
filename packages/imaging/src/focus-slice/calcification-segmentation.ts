import { components } from '../breast/binary-image.ts';
import type { Plane } from '../plane.ts';

/** Calcifications are brighter than everything within this radius that is larger than them, in pixels: 0.6 mm at 0.1 mm. */
const TOP_HAT_RADIUS_PX = 6;

/** Steps by which windows of 1, 2, 4 and 8 are joined to one of 2 * TOP_HAT_RADIUS_PX + 1. */
const STEPS = [1, 2, 4, 2 * TOP_HAT_RADIUS_PX + 1 - 8] as const;

/** A pixel of a calcification stands out by this many standard deviations of the noise. */
const NOISE_WIDTHS = 5;

/** Fewer pixels are noise. */
const LEAST_PIXELS = 3;

/** Next to the most prominent one, what stands out less than this share of it may be tissue. */
const LEAST_SHARE = 1 / 3;

/**
 * The pixels of each calcification of a region, by their indices: of how much more a pixel stands out in one slice than in most others,
 * the lower quartile of them, what is above a threshold, connected; strands of tissue stand out in many slices. Found once for all slices: were each slice segmented for itself, those far from the focus would keep
 * the brightest calcifications only, and pieces of tissue, and their mean would win. A pixel stands out by the white top-hat, the slice
 * less its opening by a square, which leaves what is small and bright.
 */
export function calcifications(slices: readonly Plane[]): Int32Array[] {
  const [{ width, height }] = slices as [Plane];
  const hats = slices.map(topHat);
  const depths = new Float32Array(slices.length);
  const prominence = Float32Array.from({ length: width * height }, (_, i) => {
    for (const [k, hat] of hats.entries()) depths[k] = hat[i] as number;
    depths.sort();
    return (depths.at(-1) as number) - (depths[Math.floor(depths.length / 4)] as number);
  });
  const most = prominence.reduce((a, b) => Math.max(a, b), 0);
  const threshold = Math.max(noiseLevel(prominence), LEAST_SHARE * most);
  const data = Uint8Array.from(prominence, (value) => (value > threshold ? 1 : 0));
  return components({ width, height, data })
    .filter(({ areaPx }) => areaPx >= LEAST_PIXELS)
    .map(({ pixels }) => pixels);
}

function topHat({ data, width, height }: Plane): Float32Array {
  // The greatest of a square is minus the least of the negative.
  const opened = leastOfSquare(negative(leastOfSquare(data, width, height)), width, height);
  return data.map((value, i) => value + (opened[i] as number));
}

const negative = (values: Float32Array): Float32Array => values.map((value) => -value);

/** A robust noise above the median; 1.4826 median absolute deviations are one standard deviation of a Gaussian. */
function noiseLevel(values: Float32Array): number {
  const sorted = values.toSorted();
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const deviations = sorted.map((value) => Math.abs(value - median)).sort();
  return median + NOISE_WIDTHS * 1.4826 * (deviations[Math.floor(deviations.length / 2)] ?? 0);
}

/** Least value in a square around each pixel, as far as it lies in the image: along rows, then along columns. */
function leastOfSquare(data: Float32Array, width: number, height: number): Float32Array {
  const result = data.slice();
  const line = new Float32Array(Math.max(width, height) + 2 * TOP_HAT_RADIUS_PX);
  for (let y = 0; y < height; y++) leastOfLine(result, y * width, 1, width, line);
  for (let x = 0; x < width; x++) leastOfLine(result, x, width, height, line);
  return result;
}

/** In place. The least of 2, 4, 8 neighbours comes of two of half as many, that of 13 of two of 8. */
function leastOfLine(values: Float32Array, start: number, stride: number, length: number, line: Float32Array): void {
  const end = length + 2 * TOP_HAT_RADIUS_PX;
  line.fill(Infinity, 0, end);
  for (let i = 0; i < length; i++) line[i + TOP_HAT_RADIUS_PX] = values[start + i * stride] as number;
  for (const step of STEPS) {
    for (let i = 0; i + step < end; i++) {
      const other = line[i + step] as number;
      if (other < (line[i] as number)) line[i] = other;
    }
  }
  for (let i = 0; i < length; i++) values[start + i * stride] = line[i] as number;
}
