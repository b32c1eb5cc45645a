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
export function paintRegion(region: SeenRegion, into: Float32Array, corner: number, rowLength: number): void {
  for (let y = 0; y < region.height; y += BAND_ROWS) paintBand(region, y, into, corner, rowLength);
}

/** How often each value occurs in a region that has grey levels for them. */
export function countValues(region: SeenRegion, levels: Float32Array): Uint32Array {
  const counts = new Uint32Array(levels.length);
  for (let y = 0; y < region.height; y += BAND_ROWS) countBand(region, y, counts);
  return counts;
}

/*
 * Loops over millions of pixels are replaced by faster ones while they run, again in every call and at times badly, where functions that are called
 * often are compiled once: so a row a call, and few rows a call. `| 0` says that numbers are whole, which some come to be by way of fractions; one
 * that is not at first makes all of it be compiled anew.
 */

const BAND_ROWS = 32;

function paintBand(
  { width, height, start, stepX, stepY, values, levels }: SeenRegion,
  top: number,
  into: Float32Array,
  corner: number,
  rowLength: number,
): void {
  const end = Math.min(height, top + BAND_ROWS);
  for (let y = top; y < end; y++) {
    const [first, at] = [(corner + y * rowLength) | 0, (start + y * stepY) | 0];
    if (levels) lookUpRow(into, first, (first + width) | 0, values, at, stepX | 0, levels);
    else for (let x = 0; x < width; x++) into[first + x] = values[at + x * stepX] as number;
  }
}

function countBand({ width, height, start, stepX, stepY, values }: SeenRegion, top: number, counts: Uint32Array): void {
  const end = Math.min(height, top + BAND_ROWS);
  for (let y = top; y < end; y++) countRow(counts, width | 0, values, (start + y * stepY) | 0, stepX | 0);
}

function lookUpRow(
  into: Float32Array,
  first: number,
  end: number,
  values: RegionValues,
  start: number,
  step: number,
  levels: Float32Array,
): void {
  for (let i = first, at = start; i < end; i++, at += step) into[i] = levels[values[at] as number] as number;
}

function countRow(counts: Uint32Array, width: number, values: RegionValues, start: number, step: number): void {
  for (let x = 0, at = start; x < width; x++, at += step) {
    const value = values[at] as number;
    counts[value] = (counts[value] as number) + 1;
  }
}
