/** Eigenvalues of a symmetric matrix with their unit eigenvectors, `vectors[i]` belonging to `values[i]`; unordered. */
export interface SymmetricEigen {
  readonly values: readonly number[];
  readonly vectors: readonly (readonly number[])[];
}

const MAX_SWEEPS = 60;

/** Rotates rows or columns p and q: x_p' = c x_p - s x_q, x_q' = s x_p + c x_q. */
function rotate(rows: number[][], p: number, q: number, c: number, s: number): void {
  for (const row of rows) {
    const [x, y] = [row[p] as number, row[q] as number];
    row[p] = c * x - s * y;
    row[q] = s * x + c * y;
  }
}

const transpose = (rows: number[][]) => rows.map((_, j) => rows.map((row) => row[j] as number));

/**
 * The eigendecomposition of a symmetric matrix by cyclic Jacobi rotations, for the small covariance matrices of this
 * package. O(n^3) a sweep, a handful of sweeps. Source: Golub and Van Loan, "Matrix computations", section 8.5.
 */
export function symmetricEigen(matrix: readonly (readonly number[])[]): SymmetricEigen {
  const n = matrix.length;
  let a = matrix.map((row) => [...row]);
  const negligible = (Number.EPSILON / 8) * Math.max(...a.flat().map(Math.abs));
  const vectors = a.map((_, i) => a.map((_, j) => (i === j ? 1 : 0)));
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    let rotated = false;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        const [app, aqq, apq] = [a[p]?.[p] as number, a[q]?.[q] as number, a[p]?.[q] as number];
        if (Math.abs(apq) <= negligible) continue;
        const tau = (aqq - app) / (2 * apq);
        const t = (tau >= 0 ? 1 : -1) / (Math.abs(tau) + Math.hypot(1, tau)); // the smaller root of t^2 + 2 tau t - 1
        const c = 1 / Math.hypot(1, t);
        rotate(a, p, q, c, t * c);
        a = transpose(a);
        rotate(a, p, q, c, t * c);
        rotate(vectors, p, q, c, t * c);
        rotated = true;
      }
    }
    if (!rotated) break;
  }
  return { values: a.map((row, i) => row[i] as number), vectors: transpose(vectors) };
}
