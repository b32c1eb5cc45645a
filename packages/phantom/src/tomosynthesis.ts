/** Projections of a breast over a limited angle, and their reconstruction by shift and add. */
import type { BreastTissue, GridPlane } from './tissue.ts';

/** Tissue that is asked for slab by slab. */
export type Slabs = Pick<BreastTissue, 'grid' | 'filled' | 'reachMm' | 'slab'>;

/** Nine projections over 25 degrees, as a clinical system takes them. Their number is odd: the middle one is the DM's. */
export const PROJECTIONS = 9;
export const HALF_ANGLE_DEG = 12.5;

/** Tangents of the projection angles. */
export const PROJECTION_TANGENTS: readonly number[] = Array.from({ length: PROJECTIONS }, (_, i) =>
  Math.tan(((i / (PROJECTIONS - 1) - 0.5) * 2 * HALF_ANGLE_DEG * Math.PI) / 180),
);

/** Rows by which an oblique ray through the top or bottom of a stack leaves its pixel, at most. */
export function marginRows(stackMm: number, spacingMm: number): number {
  return Math.ceil((Math.max(...PROJECTION_TANGENTS) * stackMm) / 2 / spacingMm) + 2;
}

/**
 * Line integrals along the rays of each projection. The source is far away, so the rays of one projection are taken as
 * parallel and magnification is left out; the tube moves along u, so a depth w is displaced by w tan(angle) along rows. Rays
 * are 1 / cos(angle) longer, at most 2 %, which is left out as well.
 * @param slabs depths of the slabs' middles in mm; slab by slab, the volume is never held
 */
export function project(
  tissue: Slabs,
  slabs: readonly number[],
  slabMm: number,
  tangents: readonly number[],
): GridPlane[] {
  const { grid } = tissue;
  const { widthPx, heightPx, spacingMm } = grid;
  const slab = { grid, values: new Float32Array(widthPx * heightPx), filled: tissue.filled };
  const planes = tangents.map(() => ({
    grid,
    values: new Float32Array(widthPx * heightPx),
    filled: new Int32Array(heightPx),
  }));
  for (const [index, w] of slabs.entries()) {
    if (Math.abs(w) > tissue.reachMm + slabMm) continue;
    tissue.slab(slab.values, w, slabMm, index);
    for (const [i, plane] of planes.entries()) {
      // u grows upwards: a displacement of +u is a lower row.
      const shift = (w * (tangents[i] as number)) / spacingMm;
      for (let row = 0; row < heightPx; row++) addRow(plane, row, slab, row + shift, 1);
    }
  }
  return planes;
}

/**
 * The slice at depth w: the mean of the projections, each moved back by what a point at w was displaced (Niklason et al.,
 * "Digital tomosynthesis in breast imaging", Radiology 205, 1997, 399-406). Points at w coincide and are sharp, others are
 * smeared along rows.
 * @param slice filled anew; as wide as the projections, without the margins above and below
 */
export function shiftAndAdd(planes: readonly GridPlane[], w: number, margin: number, slice: GridPlane): void {
  slice.values.fill(0);
  slice.filled.fill(0);
  for (let row = 0; row < slice.grid.heightPx; row++) {
    for (const [i, plane] of planes.entries()) {
      const shift = (w * (PROJECTION_TANGENTS[i] as number)) / plane.grid.spacingMm;
      addRow(slice, row, plane, row + margin - shift, 1 / planes.length);
    }
  }
}

/** Adds the row at a fractional position of one plane, linearly interpolated, to a row of another of the same width. */
function addRow(target: GridPlane, row: number, source: GridPlane, position: number, gain: number): void {
  const { widthPx, heightPx } = source.grid;
  const first = Math.floor(position);
  const weight = gain * (position - first);
  const rest = gain - weight;
  const [upper, lower] = [clamp(first, heightPx), clamp(first + 1, heightPx)];
  const count = Math.max(source.filled[upper] as number, source.filled[lower] as number);
  if (count === 0) return;
  if (count > (target.filled[row] as number)) target.filled[row] = count;
  const [into, from] = [target.values, source.values];
  const [to, above, below] = [row * widthPx, upper * widthPx, lower * widthPx];
  for (let i = 0; i < count; i++) {
    into[to + i] = (into[to + i] as number) + rest * (from[above + i] as number) + weight * (from[below + i] as number);
  }
}

const clamp = (row: number, heightPx: number): number => Math.min(heightPx - 1, Math.max(0, row));
