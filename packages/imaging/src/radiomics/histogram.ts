import type { GreyLevels } from './grey-levels.ts';

/** What {@link histogramFeatures} gives. */
export type HistogramFeatures = ReturnType<typeof histogramFeatures>;

/**
 * Features of the histogram of levels that the statistics of first order do not have already (IBSI 1, section 3.4). Gradients are
 * central differences of the counts, one-sided at both ends, 0 with a single level; of equal ones the lowest level counts, as
 * for the mode.
 */
export function histogramFeatures({ levels, count, voxels }: GreyLevels) {
  const counts = new Float64Array(count + 1);
  for (let i = 0; i < levels.length; i++) {
    const level = levels[i] as number;
    counts[level] = (counts[level] as number) + 1;
  }
  const at = (level: number) => counts[level] as number;
  let [entropy, uniformity, mode] = [0, 0, 1];
  let [maximumGradient, maximumGradientIntensity] = [Number.NEGATIVE_INFINITY, 1];
  let [minimumGradient, minimumGradientIntensity] = [Number.POSITIVE_INFINITY, 1];
  for (let level = 1; level <= count; level++) {
    const p = at(level) / voxels;
    if (p > 0) entropy -= p * Math.log2(p);
    uniformity += p * p;
    if (at(level) > at(mode)) mode = level;
    const [low, high] = [Math.max(1, level - 1), Math.min(count, level + 1)];
    const gradient = high > low ? (at(high) - at(low)) / (high - low) : 0;
    if (gradient > maximumGradient) [maximumGradient, maximumGradientIntensity] = [gradient, level];
    if (gradient < minimumGradient) [minimumGradient, minimumGradientIntensity] = [gradient, level];
  }
  return {
    entropy,
    uniformity,
    mode,
    maximumGradient,
    maximumGradientIntensity,
    minimumGradient,
    minimumGradientIntensity,
  };
}
