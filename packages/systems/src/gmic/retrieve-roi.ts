/** retrieve_roi_from_3d_image: Park et al. 2022, algorithm 1; with one slice it is retrieve_roi of GMIC. */
import { GMIC_CLASSES } from '@mammoscope/nn';
import type { RandomStream } from '@mammoscope/random';
import { mapStart, type SaliencyVolume } from './spec.ts';

/** The first cell, in a saliency volume, of the window that a patch was chosen by. */
export interface RoiCell {
  readonly slice: number;
  readonly row: number;
  readonly column: number;
}

/** How many patches are chosen, and how. */
export interface RoiOptions {
  /** K. */
  readonly patches: number;
  /** Extent of a patch in cells, at most that of the map. */
  readonly windowRows: number;
  readonly windowColumns: number;
  /** Neighbouring slices on each side in which the window is suppressed; Infinity for all slices. */
  readonly zeta: number;
}

/**
 * K windows in the order in which they are chosen: each is the window with the largest sum over A*, the sum of the min-max normalised
 * maps of both classes, in which it and the same window of +-zeta slices become 0 afterwards. Where the paper is silent: minimum and
 * maximum are over all slices, a constant map normalises to 0; of windows with equal sums the one with the fewest suppressed cells is
 * chosen, then the one of the first slice, row and column. So an all-black volume gives windows side by side, and one with fewer places
 * than K gives places again.
 */
export function retrieveRois(saliency: SaliencyVolume, options: RoiOptions): RoiCell[] {
  const { slices, rows, columns } = saliency;
  const { patches, windowRows, windowColumns, zeta } = options;
  const [down, across] = [rows - windowRows + 1, columns - windowColumns + 1];
  if (down < 1 || across < 1)
    throw new RangeError(
      `a window of ${windowRows} x ${windowColumns} cells does not fit a map of ${rows} x ${columns}`,
    );
  const combined = combinedSaliency(saliency); // A*, [D, h, w]
  const suppressed = new Uint8Array(combined.length);
  const sums = new Float64Array(slices * down * across);
  const used = new Uint32Array(sums.length);
  const weighSlice = (slice: number) => {
    for (let place = slice * down * across, row = 0; row < down; row++)
      for (let column = 0; column < across; column++, place++) {
        let [sum, cells] = [0, 0];
        for (let y = row; y < row + windowRows; y++) {
          const start = (slice * rows + y) * columns + column;
          for (let at = start; at < start + windowColumns; at++) {
            sum += combined[at] as number;
            cells += suppressed[at] as number;
          }
        }
        sums[place] = sum;
        used[place] = cells;
      }
  };
  for (let slice = 0; slice < slices; slice++) weighSlice(slice);

  const chosen: RoiCell[] = [];
  while (chosen.length < patches) {
    const place = bestPlace(sums, used);
    const slice = Math.floor(place / (down * across));
    const [row, column] = [Math.floor(place / across) % down, place % across];
    chosen.push({ slice, row, column });
    const [first, last] = slicesAround(slice, zeta, slices);
    for (let neighbour = first; neighbour <= last; neighbour++) {
      for (let y = row; y < row + windowRows; y++) {
        const start = (neighbour * rows + y) * columns + column;
        combined.fill(0, start, start + windowColumns);
        suppressed.fill(1, start, start + windowColumns);
      }
      weighSlice(neighbour);
    }
  }
  return chosen;
}

/** The first of the places with the largest sum and, among these, the fewest suppressed cells. */
function bestPlace(sums: Float64Array, used: Uint32Array): number {
  let best = 0;
  for (let place = 1; place < sums.length; place++) {
    const [sum, largest] = [sums[place] as number, sums[best] as number];
    if (sum > largest || (sum === largest && (used[place] as number) < (used[best] as number))) best = place;
  }
  return best;
}

/**
 * In training "we uniformly sample one of the patches from nearby slices (+-zeta slices) at the same xy-location" (section V-B2), of
 * those that the volume has: one draw a patch, in order.
 */
export function sampleSlices(cells: readonly RoiCell[], zeta: number, slices: number, stream: RandomStream): RoiCell[] {
  return cells.map((cell) => ({ ...cell, slice: stream.integer(...slicesAround(cell.slice, zeta, slices)) }));
}

/** First and last of the slices within zeta. */
const slicesAround = (slice: number, zeta: number, slices: number): [number, number] => [
  Math.max(slice - zeta, 0),
  Math.min(slice + zeta, slices - 1),
];

/** Lines 3 and 5: each class's maps brought to [0, 1] over all slices, and added, [D, h, w]. */
function combinedSaliency(saliency: SaliencyVolume): Float64Array {
  const { values, slices, rows, columns } = saliency;
  const size = rows * columns;
  const sum = new Float64Array(slices * size);
  for (let index = 0; index < GMIC_CLASSES; index++) {
    const maps = Array.from({ length: slices }, (_, slice) => {
      const start = mapStart(saliency, slice, index);
      return values.subarray(start, start + size);
    });
    const [least, most] = extremes(maps);
    if (most === least) continue;
    for (const [slice, map] of maps.entries())
      for (let i = 0; i < size; i++)
        sum[slice * size + i] = (sum[slice * size + i] as number) + ((map[i] as number) - least) / (most - least);
  }
  return sum;
}

function extremes(maps: readonly Float32Array[]): [number, number] {
  let [least, most] = [Infinity, -Infinity];
  for (const map of maps)
    for (const value of map) {
      if (value < least) least = value;
      if (value > most) most = value;
    }
  return [least, most];
}
