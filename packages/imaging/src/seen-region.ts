/**
 * A part of a slice as a network sees it, over the values that are stored: which pixels, in which order, and what each value is seen as.
 * Nothing is moved or looked up before somebody wants it.
 */
import type { BoxPx } from './manifest-row.ts';
import { cutWalk, type GridWalk, type Orientation, orientWalk } from './orientation/orientation.ts';
import type { Plane } from './plane.ts';

/** Values of pixels: whole numbers that have grey levels, or the grey levels themselves. */
export type RegionValues = Uint8Array | Uint16Array | Float32Array;

/** A part of a slice. */
export interface SeenRegion extends GridWalk {
  readonly values: RegionValues;
  /** Grey level of every value, [2^bits]; where there is none values are levels. */
  readonly levels?: Float32Array | undefined;
}

/** The part of a region in a box, which must lie within it; the same memory. */
export const cutRegion = (region: SeenRegion, box: BoxPx): SeenRegion => ({ ...region, ...cutWalk(region, box) });

/** A region in another orientation; the same memory. */
export const orientRegion = (region: SeenRegion, to: Orientation): SeenRegion => ({
  ...region,
  ...orientWalk(region, to),
});

/** The grey levels of a region as a plane. */
export function regionPlane(region: SeenRegion): Plane {
  const { width, height } = region;
  const data = new Float32Array(width * height);
  paintRegion(region, data, 0, width);
  return { width, height, data };
}

/** Writes the grey levels of a region into a plane with rows of `rowLength`, its first pixel at `corner`. */
export function paintRegion(
  { width, height, start, stepX, stepY, values, levels }: SeenRegion,
  into: Float32Array,
  corner: number,
  rowLength: number,
): void {
  for (let y = 0; y < height; y++) {
    let at = start + y * stepY;
    const first = corner + y * rowLength;
    const end = first + width;
    if (levels) for (let i = first; i < end; i++, at += stepX) into[i] = levels[values[at] as number] as number;
    else for (let i = first; i < end; i++, at += stepX) into[i] = values[at] as number;
  }
}

/** How often each value occurs in a region that has grey levels for them. */
export function countValues(
  { width, height, start, stepX, stepY, values }: SeenRegion,
  levels: Float32Array,
): Uint32Array {
  const counts = new Uint32Array(levels.length);
  for (let y = 0; y < height; y++) {
    let at = start + y * stepY;
    for (let x = 0; x < width; x++, at += stepX) {
      const value = values[at] as number;
      counts[value] = (counts[value] as number) + 1;
    }
  }
  return counts;
}
