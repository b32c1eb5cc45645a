/** A square matrix, row by row. */
export type Matrix = readonly (readonly number[])[];

/**
 * The inverse of a symmetric positive definite matrix by its Cholesky factor, for the few coefficients of a regression;
 * undefined where a pivot falls below `tolerance` of its diagonal, that is where the matrix is singular to working
 * precision. O(n^3). Source: Golub and Van Loan, "Matrix computations", section 4.2.
 */
export function inversePositive(matrix: Matrix, tolerance = 1e-13): number[][] | undefined {
  const n = matrix.length;
  const lower: number[][] = [];
  for (let i = 0; i < n; i++) {
    const row: number[] = [];
    for (let j = 0; j <= i; j++) {
      const known = row.reduce((sum, value, k) => (k < j ? sum + value * (lower[j]?.[k] ?? row[k] ?? 0) : sum), 0);
      const rest = (matrix[i]?.[j] ?? 0) - known;
      if (i === j && !(rest > tolerance * (matrix[i]?.[i] ?? 0))) return undefined;
      row.push(i === j ? Math.sqrt(rest) : rest / (lower[j]?.[j] ?? 1));
    }
    lower.push(row);
  }
  const at = (i: number, j: number) => lower[i]?.[j] ?? 0;
  const inverse: number[][] = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  for (let column = 0; column < n; column++) {
    const y: number[] = []; // L y = e
    for (let i = 0; i < n; i++) {
      const known = y.reduce((sum, value, k) => sum + at(i, k) * value, 0);
      y.push(((i === column ? 1 : 0) - known) / at(i, i));
    }
    for (let i = n - 1; i >= 0; i--) {
      let rest = y[i] ?? 0; // L' x = y
      for (let k = i + 1; k < n; k++) rest -= at(k, i) * (inverse[k]?.[column] ?? 0);
      (inverse[i] as number[])[column] = rest / at(i, i);
    }
  }
  return inverse;
}
