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

/**
 * The bins of R regions, [R, C, B], from rows [P, C], with int64 indices and weights [R * B, S]: the rows of `rowsOfLevels`
 * that each bin's samples lie between, and their shares.
 */
export function roiAlign(rows: Tensor, indices: Tensor, weights: Tensor, bins: number): Tensor {
  const sums = f.gatherSum(rows, indices, weights); // [R * B, C]
  const [count, channels] = sums.shape as [number, number];
  return f.transpose(f.reshape(sums, [count / bins, bins, channels]), [0, 2, 1]); // [R, C, B]
}
