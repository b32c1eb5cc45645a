/*
 * What of an image is air. The background of a mammogram is rarely one value: films have a base and fog and are padded with
 * black, detectors have an offset and noise. So pixels at exactly the least value are set aside where they are many, and
 * the air is the brightest sharp peak among the dark ones that are left.
 */

/** Where air ends, in the units of the plane, and the statistics that say so. */
export interface AirLevel {
  /** Values above it are not air. */
  readonly threshold: number;
  /** Just above the least value. */
  readonly floor: number;
  /** The brightest peak of the histogram that is air. */
  readonly level: number;
  /** Half width of that peak, where the histogram has fallen to exp(-1/2) of it: one standard deviation of a Gaussian. */
  readonly noise: number;
  /** Share of the variance that the split into dark and bright explains (Otsu 1979, Eq. 14), 0 to 1. */
  readonly separation: number;
}

const BINS = 256;

/** A peak with fewer pixels than this share of the image is no background. */
const LEAST_PEAK = 0.02;

/** A peak of the background is this much higher than the histogram of the breast's edge. */
const LEAST_CONTRAST = 2.5;

/** The air ends this many standard deviations above its level, or at the valley before that. */
const NOISE_WIDTHS = 4;

/**
 * Splits the values in two (Otsu, "A threshold selection method from gray-level histograms", IEEE Trans. SMC 1979), takes the
 * brightest sharp peak of the dark half of the dark class as the air, and puts the threshold where that peak has died away.
 * @param values any order, finite; ignored where `ignore` is 1
 */
export function airLevel(values: Float32Array, ignore?: Uint8Array): AirLevel {
  const kept = ignore ? values.filter((_, i) => !ignore[i]) : values.slice();
  kept.sort();
  const low = kept[0] ?? 0;
  // One burnt-in label must not squeeze the rest into a few bins.
  const high = kept[Math.floor((kept.length - 1) * 0.995)] ?? 0;
  if (!(high > low)) return { threshold: low, floor: low, level: low, noise: 0, separation: 0 };
  const coarse = (high - low) / BINS;
  const { bin, separation } = otsu(histogramOf(kept, low, coarse));
  const split = low + (bin + 1) * coarse;
  const width = (split - low) / BINS;
  const flat = kept.lastIndexOf(low) + 1;
  const isPadded = flat >= LEAST_PEAK * kept.length;
  const histogram = smoothed(histogramOf(isPadded ? kept.subarray(flat) : kept, low, width));
  const edge = medianCount(histogram);
  const peak = airPeak(histogram, edge, LEAST_PEAK * kept.length);
  const floor = low + 2 * width;
  if (peak < 0) return { threshold: floor, floor, level: low, noise: 0, separation };
  const noise = peakWidth(histogram, peak);
  const end = Math.min(valley(histogram, peak, edge), peak + NOISE_WIDTHS * noise);
  return {
    threshold: low + (end + 0.5) * width,
    floor,
    level: low + (peak + 0.5) * width,
    noise: noise * width,
    separation,
  };
}

/** Counts in BINS bins from `low`; what lies above the last is counted in it up to one bin's width, then not at all. */
function histogramOf(sorted: Float32Array, low: number, width: number): Float64Array {
  const histogram = new Float64Array(BINS);
  for (const value of sorted) {
    const bin = Math.floor((value - low) / width);
    if (bin > BINS) break;
    const at = Math.min(BINS - 1, bin);
    histogram[at] = (histogram[at] as number) + 1;
  }
  return histogram;
}

/** The last bin of the dark class, and how well the two classes explain the variance. */
function otsu(histogram: Float64Array): { readonly bin: number; readonly separation: number } {
  let [total, sum, squares] = [0, 0, 0];
  for (const [i, count] of histogram.entries()) {
    total += count;
    sum += count * i;
    squares += count * i * i;
  }
  const variance = squares / total - (sum / total) ** 2;
  let [below, sumBelow, best, bin] = [0, 0, 0, 0];
  for (let i = 0; i < BINS - 1; i++) {
    below += histogram[i] as number;
    sumBelow += (histogram[i] as number) * i;
    if (below === 0 || below === total) continue;
    const share = below / total;
    const between = share * (1 - share) * (sumBelow / below - (sum - sumBelow) / (total - below)) ** 2;
    if (between > best) [best, bin] = [between, i];
  }
  return { bin, separation: variance > 0 ? best / variance : 0 };
}

/** Running mean over five bins, twice. */
function smoothed(histogram: Float64Array): Float64Array {
  const mean = (counts: Float64Array) =>
    counts.map((_, i) => {
      const some = counts.subarray(Math.max(0, i - 2), i + 3);
      return some.reduce((sum, count) => sum + count, 0) / some.length;
    });
  return mean(mean(histogram));
}

/** What the histogram is where only the breast's edge contributes: the median of the upper half of the dark class. */
function medianCount(histogram: Float64Array): number {
  const counts = histogram.slice(BINS / 2).sort();
  return counts[counts.length / 2] ?? 0;
}

/** The brightest sharp peak in the lower half, or -1. */
function airPeak(histogram: Float64Array, edge: number, leastPixels: number): number {
  let found = -1;
  for (let i = 0; i < BINS / 2; i++) {
    const height = histogram[i] as number;
    const around = histogram.subarray(Math.max(0, i - 6), i + 7);
    if (around.some((count) => count > height) || height < LEAST_CONTRAST * edge) continue;
    const pixels = around.reduce((sum, count) => sum + count, 0);
    if (pixels >= leastPixels) found = i;
  }
  return found;
}

/** The bin above a peak where the histogram has fallen to that of the breast's edge, or to 2 % of the peak. */
function valley(histogram: Float64Array, peak: number, edge: number): number {
  const floor = Math.max(1.2 * edge, 0.02 * (histogram[peak] as number));
  for (let i = peak + 1; i < BINS; i++) if ((histogram[i] as number) <= floor) return i;
  return BINS;
}

function peakWidth(histogram: Float64Array, peak: number): number {
  const height = (histogram[peak] as number) * Math.exp(-0.5);
  let end = peak;
  while (end + 1 < BINS && (histogram[end + 1] as number) > height) end++;
  return end - peak + 0.5;
}
