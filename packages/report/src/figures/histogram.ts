/** Counts of values in bins of equal width; `edges` has one entry more than `counts`. */
export type Histogram = { readonly edges: readonly number[]; readonly counts: readonly number[] };

/**
 * Counts per bin over [low, high], bins half open but for the last, which holds `high`. Values outside are not
 * counted, so give a domain that holds all of them.
 */
export function histogram(values: readonly number[], domain: readonly [number, number], bins: number): Histogram {
  const [low, high] = domain;
  const width = (high - low) / bins;
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) {
    if (value < low || value > high) continue;
    const bin = Math.min(bins - 1, Math.floor((value - low) / width + 1e-12));
    counts[bin] = (counts[bin] as number) + 1;
  }
  return { edges: Array.from({ length: bins + 1 }, (_, index) => low + index * width), counts };
}
