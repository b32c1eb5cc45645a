/** What {@link sizeMatrixFeatures} gives. */
export type SizeMatrixFeatures = ReturnType<typeof sizeMatrixFeatures>;

/** How often each grey level comes in each size: of runs, zones or dependences. */
export interface SizeMatrix {
  /** For each level from 1, at level - 1: size -> count, only counts above 0. */
  readonly rows: readonly ReadonlyMap<number, number>[];
  /** Voxels that could each have been one of them: of a percentage. */
  readonly voxels: number;
}

/**
 * The 16 features that run lengths, zone sizes and dependences have in common (IBSI 1, sections 3.7, 3.8 and 3.11), with `small` and
 * `large` for what is short or long, low or high there. At least one entry.
 */
export function sizeMatrixFeatures({ rows, voxels }: SizeMatrix) {
  let [total, sumLevel, sumSize] = [0, 0, 0];
  const bySize = new Map<number, number>();
  rows.forEach((row, i) => {
    for (const [size, count] of row) {
      total += count;
      sumLevel += (i + 1) * count;
      sumSize += size * count;
      bySize.set(size, (bySize.get(size) ?? 0) + count);
    }
  });
  const [meanLevel, meanSize] = [sumLevel / total, sumSize / total];
  const sums = { small: 0, large: 0, low: 0, high: 0, smallLow: 0, smallHigh: 0, largeLow: 0, largeHigh: 0 };
  let [levelSquares, levelVariance, sizeVariance, entropy] = [0, 0, 0, 0];
  rows.forEach((row, i) => {
    const level2 = (i + 1) ** 2;
    let inRow = 0;
    for (const [size, count] of row) {
      const [p, size2] = [count / total, size * size];
      inRow += count;
      sums.small += p / size2;
      sums.large += p * size2;
      sums.low += p / level2;
      sums.high += p * level2;
      sums.smallLow += p / (level2 * size2);
      sums.smallHigh += (p * level2) / size2;
      sums.largeLow += (p * size2) / level2;
      sums.largeHigh += p * level2 * size2;
      levelVariance += p * (i + 1 - meanLevel) ** 2;
      sizeVariance += p * (size - meanSize) ** 2;
      entropy -= p * Math.log2(p);
    }
    levelSquares += inRow * inRow;
  });
  const sizeSquares = [...bySize.values()].reduce((sum, count) => sum + count * count, 0);
  return {
    ...sums,
    levelNonUniformity: levelSquares / total,
    normalisedLevelNonUniformity: levelSquares / total ** 2,
    sizeNonUniformity: sizeSquares / total,
    normalisedSizeNonUniformity: sizeSquares / total ** 2,
    percentage: total / voxels,
    levelVariance,
    sizeVariance,
    entropy,
  };
}
