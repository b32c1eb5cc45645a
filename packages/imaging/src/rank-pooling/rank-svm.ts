/**
 * Equation 1 of Liang et al. (2019): RankSVM on the running averages V_t of T slices, solved from the slices' Gram matrix
 * alone. With a pair's difference D_i = V_q - V_t, q > t, and C = 2 / (T (T - 1)), the dual of
 * min lambda/2 |d|^2 + C sum max(0, 1 - <d, D_i>) is max sum alpha_i - |sum alpha_i D_i|^2 / (2 lambda), 0 <= alpha_i <= C, and
 * d = sum alpha_i D_i / lambda is a weighted sum of slices (interior-point.ts).
 */
import { ImagingError } from '../errors.ts';
import { type RankSvmSolution, solveByInteriorPoint } from './interior-point.ts';
import { pivotedCholesky } from './positive-definite.ts';

/** Averages that differ by less than this share of the largest squared norm differ by rounding. */
const ALIKE = 1e-13;
/**
 * Solves Equation 1 to a duality gap of a 1e-12th of the objective, or of a 1e-8th at most where rounding forbids it.
 * @param slices T, 2 or more
 * @param gram [T * T], the inner products of the slices' features
 * @param lambda of Equation 1, above 0
 * Throws ImagingError option-invalid for lambda; slices-unusable: all alike, or so nearly that rounding hides how they differ.
 */
export function solveRankSvm(gram: Float64Array, slices: number, lambda: number): RankSvmSolution {
  if (!(lambda > 0 && Number.isFinite(lambda)))
    throw new ImagingError('option-invalid', `lambda must be above 0, got ${lambda}`);
  const kernel = averagesGram(gram, slices); // of V_t - V_1
  const largest = diagonalMaximum(kernel, slices);
  if (!(largest > ALIKE * diagonalMaximum(gram, slices)))
    throw new ImagingError('slices-unusable', `the ${slices} slices are all alike: there is no change to rank them by`);
  const { rank, r } = pivotedCholesky(
    kernel.map((value) => value / largest),
    slices,
    ALIKE,
  );
  return solveByInteriorPoint({ slices, rank, rows: r.map((value) => value * Math.sqrt(largest / lambda)) }, lambda);
}

const diagonalMaximum = (matrix: Float64Array, n: number) =>
  Array.from({ length: n }, (_, i) => matrix[i * n + i] as number).reduce((a, b) => Math.max(a, b), 0);

/** Gram matrix of V_t - V_1, V_t being the mean of the first t slices; pairs see differences only, and these are smaller. */
function averagesGram(gram: Float64Array, slices: number): Float64Array {
  const half = averageRows(gram, slices);
  const turned = half.map((_, i) => half[(i % slices) * slices + Math.floor(i / slices)] as number);
  return averageRows(turned, slices);
}

/** Every row t becomes the mean of rows 1 to t, less the first. */
function averageRows(matrix: Float64Array, n: number): Float64Array {
  const result = new Float64Array(n * n);
  for (let column = 0; column < n; column++) {
    const first = matrix[column] as number;
    let sum = 0;
    for (let t = 0; t < n; t++) {
      sum += (matrix[t * n + column] as number) - first;
      result[t * n + column] = sum / (t + 1);
    }
  }
  return result;
}
