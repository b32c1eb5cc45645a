import { ImagingError } from '../errors.ts';
import type { RadiomicsRegion } from './region.ts';

/**
 * How grey levels become few (IBSI 1, section 2.7): a fixed number of bins between the least and the greatest value of the region,
 * or bins of a fixed width that begin at `from` (the least value of the region where not given).
 */
export type Discretisation =
  | { readonly method: 'number'; readonly bins: number }
  | { readonly method: 'width'; readonly width: number; readonly from?: number };

/** Levels are at most this many: matrices of texture are square in them. */
export const MAX_LEVELS = 1024;

/** A discretised region with a border of one voxel on every side, so that a neighbour is always there to be read. */
export interface GreyLevels {
  /** Of the region, without the border. */
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  /** [depth + 2, height + 2, width + 2]: levels from 1; 0 outside the mask and in the border. */
  readonly levels: Uint16Array;
  /** Levels that there can be: the number of bins, or the highest level. */
  readonly count: number;
  /** Voxels of the region. */
  readonly voxels: number;
}

/** Steps in memory from a voxel to its neighbours below, and right: [slice, row]. A column is a step of 1. */
export const strides = ({ width, height }: { readonly width: number; readonly height: number }) => ({
  row: width + 2,
  slice: (width + 2) * (height + 2),
});

/**
 * Discretises a region. Bin number (IBSI's FBN): level = floor(N (x - min) / (max - min)) + 1, N for the maximum; all 1 where
 * min = max. Bin width (FBS): floor((x - from) / w) + 1. Throws option-invalid: bins no whole number from 1 to {@link MAX_LEVELS},
 * a width that is not above 0, more levels than that, a value below `from`.
 */
export function discretise(region: RadiomicsRegion, discretisation: Discretisation): GreyLevels {
  const { width, height, depth, data, mask } = region;
  let [least, greatest, voxels] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (let i = 0; i < data.length; i++) {
    if (!mask[i]) continue;
    const value = data[i] as number;
    if (value < least) least = value;
    if (value > greatest) greatest = value;
    voxels++;
  }
  const { from, bins, span, count } = binning(discretisation, least, greatest);
  const { row, slice } = strides(region);
  const levels = new Uint16Array(slice * (depth + 2));
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const source = (z * height + y) * width;
      const target = (z + 1) * slice + (y + 1) * row + 1;
      for (let x = 0; x < width; x++) {
        if (!mask[source + x]) continue;
        // Multiplied first: whole numbers then fall into the bins that the formula gives them, without rounding.
        const level = Math.floor((((data[source + x] as number) - from) * bins) / span) + 1;
        levels[target + x] = level > count ? count : level;
      }
    }
  }
  return { width, height, depth, levels, count, voxels };
}

function binning(discretisation: Discretisation, least: number, greatest: number) {
  if (discretisation.method === 'number') {
    const { bins } = discretisation;
    if (!(Number.isInteger(bins) && bins >= 1 && bins <= MAX_LEVELS)) {
      throw new ImagingError(
        'option-invalid',
        `bins must be a whole number from 1 to ${MAX_LEVELS}, got ${bins}: 32 is usual`,
      );
    }
    return { from: least, bins, span: greatest > least ? greatest - least : 1, count: bins };
  }
  const { width, from = least } = discretisation;
  if (!(width > 0 && Number.isFinite(width) && Number.isFinite(from) && from <= least)) {
    throw new ImagingError(
      'option-invalid',
      `bins of a fixed width need a width above 0 and a start at or below ${least}, got ${width} and ${from}`,
    );
  }
  const count = Math.floor((greatest - from) / width) + 1;
  if (count > MAX_LEVELS) {
    throw new ImagingError(
      'option-invalid',
      `bins of width ${width} from ${from} to ${greatest} are ${count}, above ${MAX_LEVELS}: take wider ones`,
    );
  }
  return { from, bins: 1, span: width, count };
}
