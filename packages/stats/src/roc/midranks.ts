/** Indices that sort values in ascending order. O(n log n). */
export function ascendingOrder(values: ArrayLike<number>): Uint32Array {
  const order = Uint32Array.from({ length: values.length }, (_, index) => index);
  return order.sort((i, j) => (values[i] as number) - (values[j] as number));
}

/**
 * Midranks: ranks from 1 to n in ascending order, tied values sharing the mean of their ranks. Halves are exact in
 * binary, so sums of midranks carry no rounding up to 2^53. O(n log n).
 * Source: Kruskal and Wallis, Journal of the American Statistical Association 47 (1952), 583-621.
 */
export function midranks(values: ArrayLike<number>): Float64Array {
  const order = ascendingOrder(values);
  const ranks = new Float64Array(values.length);
  for (let start = 0, end = 0; start < order.length; start = end) {
    const tied = values[order[start] as number];
    while (end < order.length && values[order[end] as number] === tied) end++;
    const midrank = (start + end + 1) / 2; // mean of start + 1 .. end
    for (let position = start; position < end; position++) ranks[order[position] as number] = midrank;
  }
  return ranks;
}
