import { quantiles } from './order-statistics.ts';

/** What {@link intensityFeatures} gives. */
export type IntensityFeatures = ReturnType<typeof intensityFeatures>;

/**
 * First-order statistics of the grey levels of a region, undiscretised (IBSI 1, section 3.3). Moments divide by n; percentiles
 * are of R's type 7. Where a ratio has no value it is 0: skewness and kurtosis of equal values, and the
 * coefficients of variation and of dispersion over a mean, or a sum of quartiles, of 0.
 * @param values at least one, finite; see valuesInside.
 */
export function intensityFeatures(values: Float32Array) {
  const n = values.length;
  const [p10, p25, median, p75, p90] = quantiles(values, [0.1, 0.25, 0.5, 0.75, 0.9]) as [
    number,
    number,
    number,
    number,
    number,
  ];
  let [least, greatest, sum, energy] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  let [robustSum, robustCount] = [0, 0];
  for (let i = 0; i < n; i++) {
    const value = values[i] as number;
    if (value < least) least = value;
    if (value > greatest) greatest = value;
    sum += value;
    energy += value * value;
    if (value >= p10 && value <= p90) {
      robustSum += value;
      robustCount++;
    }
  }
  // The mean of equal values is their value, not its rounding.
  const mean = least === greatest ? least : sum / n;
  // Between two percentiles there may be no value: two voxels have none from the 10th to the 90th.
  const robustMean = robustCount > 0 ? robustSum / robustCount : mean;
  let [m2, m3, m4, absolute, robust, aboutMedian] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    const value = values[i] as number;
    const d = value - mean;
    const square = d * d;
    m2 += square;
    m3 += square * d;
    m4 += square * square;
    absolute += Math.abs(d);
    aboutMedian += Math.abs(value - median);
    if (value >= p10 && value <= p90) robust += Math.abs(value - robustMean);
  }
  const variance = m2 / n;
  return {
    mean,
    variance,
    skewness: variance > 0 ? m3 / n / variance ** 1.5 : 0,
    kurtosis: variance > 0 ? m4 / n / variance ** 2 - 3 : 0,
    median,
    minimum: least,
    percentile10: p10,
    percentile90: p90,
    maximum: greatest,
    interquartileRange: p75 - p25,
    range: greatest - least,
    meanAbsoluteDeviation: absolute / n,
    robustMeanAbsoluteDeviation: robustCount > 0 ? robust / robustCount : 0,
    medianAbsoluteDeviation: aboutMedian / n,
    coefficientOfVariation: mean === 0 ? 0 : Math.sqrt(variance) / mean,
    quartileCoefficientOfDispersion: p75 + p25 === 0 ? 0 : (p75 - p25) / (p75 + p25),
    energy,
    rootMeanSquare: Math.sqrt(energy / n),
  };
}
