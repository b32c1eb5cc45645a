/** Symmetric matrices of a few hundred rows, row-major in a Float64Array [n * n]. */

/**
 * R with K = R R', by Cholesky's method with complete pivoting: rows in K's order, as many columns as K has rank to within
 * `tolerance` of its largest diagonal element.
 * @param matrix [n * n], symmetric, positive semidefinite
 * @returns [n * rank]
 */
export function pivotedCholesky(matrix: Float64Array, n: number, tolerance: number): { rank: number; r: Float64Array } {
  const at = (values: Float64Array, i: number) => values[i] as number;
  const left = Float64Array.from({ length: n }, (_, i) => at(matrix, i * n + i)); // diagonal of what is not explained yet
  const enough = tolerance * left.reduce((most, value) => Math.max(most, value), 0);
  const columns: Float64Array[] = [];
  while (columns.length < n) {
    const pivot = left.reduce((best, value, i) => (value > at(left, best) ? i : best), 0);
    if (!(at(left, pivot) > enough)) break;
    const column = new Float64Array(n);
    const root = Math.sqrt(at(left, pivot));
    for (let i = 0; i < n; i++) {
      let value = at(matrix, i * n + pivot);
      for (const earlier of columns) value -= at(earlier, i) * at(earlier, pivot);
      column[i] = value / root;
    }
    for (let i = 0; i < n; i++) left[i] = at(left, i) - at(column, i) ** 2;
    left[pivot] = 0;
    columns.push(column);
  }
  const rank = columns.length;
  return {
    rank,
    r: Float64Array.from({ length: n * rank }, (_, i) => at(columns[i % rank] as Float64Array, Math.floor(i / rank))),
  };
}

/** Cholesky's factor L of a positive definite matrix, whose lower triangle it overwrites. */
export function factorise(matrix: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j] as number;
      for (let k = 0; k < j; k++) sum -= (matrix[i * n + k] as number) * (matrix[j * n + k] as number);
      matrix[i * n + j] = i === j ? Math.sqrt(sum) : sum / (matrix[j * n + j] as number);
    }
  }
}

/** Solves L L' x = b; b is overwritten by x. */
export function substitute(factor: Float64Array, n: number, b: Float64Array): void {
  for (let i = 0; i < n; i++) {
    let sum = b[i] as number;
    for (let k = 0; k < i; k++) sum -= (factor[i * n + k] as number) * (b[k] as number);
    b[i] = sum / (factor[i * n + i] as number);
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = b[i] as number;
    for (let k = i + 1; k < n; k++) sum -= (factor[k * n + i] as number) * (b[k] as number);
    b[i] = sum / (factor[i * n + i] as number);
  }
}
