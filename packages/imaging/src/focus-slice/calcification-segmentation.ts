import { components } from '../breast/binary-image.ts';
import type { Plane } from '../plane.ts';

/** Calcifications are brighter than everything within this radius that is larger than them, in pixels: 0.6 mm at 0.1 mm. */
const TOP_HAT_RADIUS_PX = 6;

/** A pixel of a calcification stands out by this many standard deviations of the noise. */
const NOISE_WIDTHS = 5;

/** Fewer pixels are noise. */
const LEAST_PIXELS = 3;

/** How far every slice stands above its surroundings, and how far it must to be a calcification. */
export interface Prominence {
  readonly slices: readonly Float32Array[];
  readonly threshold: number;
}

/**
 * White top-hat of every slice: the slice less its opening by a square, which leaves what is small and bright. One threshold for
 * all slices, a robust noise above their median, so that a blurred slice cannot lower its own bar.
 */
export function prominence(slices: readonly Plane[]): Prominence {
  const hats = slices.map((plane) => {
    const opened = squareFilter(squareFilter(plane, Math.min), Math.max);
    return plane.data.map((value, i) => value - (opened[i] as number));
    function squareFilter(from: Plane | Float32Array, pick: (a: number, b: number) => number): Float32Array {
      return square(from instanceof Float32Array ? from : from.data, plane.width, plane.height, pick);
    }
  });
  const all = Float32Array.from(hats.flatMap((hat) => [...hat])).sort();
  const median = all[Math.floor(all.length / 2)] ?? 0;
  const deviations = all.map((value) => Math.abs(value - median)).sort();
  // 1.4826 median absolute deviations are one standard deviation of a Gaussian.
  const noise = 1.4826 * (deviations[Math.floor(deviations.length / 2)] ?? 0);
  return { slices: hats, threshold: median + NOISE_WIDTHS * noise };
}

/** The pixels of each calcification of a slice, by their indices. */
export function calcifications(hat: Float32Array, threshold: number, width: number, height: number): Int32Array[] {
  const data = Uint8Array.from(hat, (value) => (value > threshold ? 1 : 0));
  return components({ width, height, data })
    .filter(({ areaPx }) => areaPx >= LEAST_PIXELS)
    .map(({ pixels }) => pixels);
}

/** Least or greatest value in a square around each pixel, as far as it lies in the image; separable. */
function square(
  data: Float32Array,
  width: number,
  height: number,
  pick: (a: number, b: number) => number,
): Float32Array {
  const rows = new Float32Array(data.length);
  const result = new Float32Array(data.length);
  const filter = (from: Float32Array, to: Float32Array, start: number, stride: number, length: number) => {
    for (let i = 0; i < length; i++) {
      let value = from[start + i * stride] as number;
      for (let j = Math.max(0, i - TOP_HAT_RADIUS_PX); j <= Math.min(length - 1, i + TOP_HAT_RADIUS_PX); j++) {
        value = pick(value, from[start + j * stride] as number);
      }
      to[start + i * stride] = value;
    }
  };
  for (let y = 0; y < height; y++) filter(data, rows, y * width, 1, width);
  for (let x = 0; x < width; x++) filter(rows, result, x, width, height);
  return result;
}
