/** Vectors element by element, and products of row-major matrices. */

/** Products of two vectors' elements. */
export const times = (a: Float64Array, b: Float64Array) => a.map((value, i) => value * (b[i] as number));
/** Sums. */
export const plus = (a: Float64Array, b: Float64Array) => a.map((value, i) => value + (b[i] as number));
/** Differences. */
export const minus = (a: Float64Array, b: Float64Array) => a.map((value, i) => value - (b[i] as number));

/** [n * k] times [k * m]. */
export function product(left: Float64Array, right: Float64Array, n: number, k: number, m: number): Float64Array {
  const result = new Float64Array(n * m);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < k; j++) {
      const value = left[i * k + j] as number;
      for (let c = 0; c < m; c++)
        result[i * m + c] = (result[i * m + c] as number) + value * (right[j * m + c] as number);
    }
  return result;
}
