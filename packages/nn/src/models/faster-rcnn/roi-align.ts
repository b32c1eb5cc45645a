/**
 * RoI align: He, Gkioxari, Dollar and Girshick, "Mask R-CNN", ICCV 2017, section 3. A bin is an average of bilinear
 * samples, so it is a weighted sum of pixels whose places and weights depend on the regions alone: the host computes these,
 * and the graph is the product with a sparse matrix, whose gradient is exact.
 */
import * as f from '../../graph/functions.ts';
import { sizeOf, type Tensor } from '../../graph/tensor.ts';

/** The pixels of maps [N, C, h, w] of one batch as rows [N * P, C], image after image, level after level, row by row. */
export function rowsOfLevels(levels: readonly Tensor[]): Tensor {
  const flat = levels.map(({ shape, graph }, i) => {
    const [n, c, ...spatial] = shape as [number, number, ...number[]];
    return graph.inScope('rows', () => f.transpose(f.reshape(levels[i] as Tensor, [n, c, sizeOf(spatial)]), [0, 2, 1]));
  }); // [N, h w, C]
  const joined = f.concat(flat, 1); // [N, P, C]
  const [n, pixels, channels] = joined.shape as [number, number, number];
  return f.reshape(joined, [n * pixels, channels]);
}

/** Where the bins of regions lie, as tensors; see roiAlign. */
export interface RoiTensors {
  readonly indices: Tensor;
  readonly weights: Tensor;
  /** The same from the pixels' side, for a gradient that gathers; see the op GatherSum. */
  readonly transposed?: readonly Tensor[];
}

/**
 * The bins of R regions, [R, C, B], from rows [P, C], with int64 indices and weights [R * B, S]: the rows of `rowsOfLevels`
 * that each bin's samples lie between, and their shares.
 */
export function roiAlign(rows: Tensor, { indices, weights, transposed }: RoiTensors, bins: number): Tensor {
  const sums = f.gatherSum(rows, indices, weights, transposed); // [R * B, C]
  const [count, channels] = sums.shape as [number, number];
  return f.transpose(f.reshape(sums, [count / bins, bins, channels]), [0, 2, 1]); // [R, C, B]
}

/** Entries of a row of sums of the transpose, and of a pixel's row at last. */
export const TRANSPOSED_ENTRIES = 16;
export const PIXEL_ENTRIES = 8;

/**
 * The shapes of the transpose of a matrix of `sums` x `entries` over `pixels` rows: three levels of groups of 16, then the
 * pixels. A pixel with at most 8 entries reads the sums themselves; one with more reads groups of 16, and so on, so at most
 * 8 * 16^3 entries. The rows of a level are bounded by n / 16 in full groups and one broken group for each pixel that
 * reads it, of which there are at most n / 9, n / 129 and n / 2049 of n entries.
 */
export function transposedShapes(
  pixels: number,
  sums: number,
  entries: number,
): (readonly [rows: number, entries: number])[] {
  const shapes: (readonly [number, number])[] = [];
  let below = sums * entries;
  for (let least = PIXEL_ENTRIES + 1; shapes.length < 3; least = (least - 1) * TRANSPOSED_ENTRIES + 1) {
    const rows = Math.ceil(below / TRANSPOSED_ENTRIES) + Math.ceil((sums * entries) / least);
    shapes.push([rows, TRANSPOSED_ENTRIES]);
    below = rows;
  }
  return [...shapes, [pixels, PIXEL_ENTRIES]];
}
