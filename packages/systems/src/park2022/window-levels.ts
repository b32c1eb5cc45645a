/** The grey levels of a window as a network reads them: normalised by themselves, looked up where stored values have a table. */
import { countValues, paintRegion, resizeBilinear, type SeenRegion } from '@mammoscope/imaging';

/** A window with what an image shows in it. What lies outside the image is black. */
export interface WindowView {
  readonly width: number;
  readonly height: number;
  /** What is seen, its first pixel at (left, top) of the window; none where the window lies beside the image. */
  readonly region?: SeenRegion | undefined;
  readonly left: number;
  readonly top: number;
}

/** The grey levels of a window as they are. */
export function windowLevels({ width, height, region, left, top }: WindowView, outside = 0): Float32Array {
  const data = new Float32Array(width * height);
  if (outside !== 0 && !(region && region.width === width && region.height === height)) data.fill(outside);
  if (region) paintRegion(region, data, top * width + left, width);
  return data;
}

/** What a grey level of a window becomes. */
export type Normaliser = (level: number) => number;

/** A window in a size, normalised as normaliseBreast does. */
export function normalisedWindow(
  view: WindowView,
  width: number,
  height: number,
  normalise = tableNormaliser(view, width, height),
): Float32Array {
  return normalise
    ? normalisedBy(view, normalise)
    : normaliseBreast(resizeBilinear(windowLevels(view), view.width, view.height, width, height));
}

/** A window, or a part of it, by the normaliser of the window; what it shows has a table of grey levels, if it shows anything. */
export function normalisedBy(view: WindowView, normalise: Normaliser): Float32Array {
  const { region } = view;
  if (!region?.levels) return new Float32Array(view.width * view.height).fill(normalise(0));
  return windowLevels({ ...view, region: { ...region, levels: region.levels.map(normalise) } }, normalise(0));
}

/**
 * The normaliser of a window whose stored values have a table of grey levels and that is not resized; undefined of another. Mean and
 * deviation come from how often each value occurs, and a normalised level is looked up as a level is: sums in double precision over a few
 * thousand values in place of millions, the same to about 1e-12.
 */
export function tableNormaliser(view: WindowView, width: number, height: number): Normaliser | undefined {
  const { region } = view;
  const levels = region?.levels;
  if (!region || !levels || view.width !== width || view.height !== height) return undefined;
  const counts = countValues(region, levels);
  const outside = view.width * view.height - region.width * region.height;
  let darkest = outside > 0 ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < counts.length; i++)
    if (counts[i] && (levels[i] as number) < darkest) darkest = levels[i] as number;
  let [count, sum, squares] = [0, 0, 0];
  const overBreast = (add: (level: number, times: number) => void): void => {
    for (let i = 0; i < counts.length; i++) {
      const times = counts[i] as number;
      if (times > 0 && (levels[i] as number) > darkest) add(levels[i] as number, times);
    }
    if (outside > 0 && darkest < 0) add(0, outside);
  };
  overBreast((level, times) => {
    count += times;
    sum += times * level;
  });
  if (count === 0) return () => 0;
  const mean = sum / count;
  overBreast((level, times) => {
    squares += times * (level - mean) ** 2;
  });
  return normaliser(mean, Math.sqrt(squares / count));
}

/** What the background becomes, and what is as far below the mean: two standard deviations. */
const LEAST_GREY = -2;

const normaliser =
  (mean: number, deviation: number): Normaliser =>
  (level) =>
    Math.max((level - mean) / (deviation || 1), LEAST_GREY);

/**
 * Grey levels of a window with mean 0 and standard deviation 1 over the breast: all that is brighter than the darkest pixel, which is
 * background. Over the whole window lesions would hardly show beside the step from background to breast. An image of one value becomes zeros.
 */
export function normaliseBreast(plane: Float32Array): Float32Array {
  // Counted loops: iterators and callbacks take ten times as long over three million pixels.
  let darkest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < plane.length; i++) if ((plane[i] as number) < darkest) darkest = plane[i] as number;
  let [count, sum, squares] = [0, 0, 0];
  for (let i = 0; i < plane.length; i++) {
    const value = plane[i] as number;
    if (!(value > darkest)) continue;
    count++;
    sum += value;
  }
  const result = new Float32Array(plane.length);
  if (count === 0) return result;
  const mean = sum / count;
  for (let i = 0; i < plane.length; i++) {
    const value = plane[i] as number;
    if (value > darkest) squares += (value - mean) ** 2;
  }
  const normalise = normaliser(mean, Math.sqrt(squares / count));
  for (let i = 0; i < plane.length; i++) result[i] = normalise(plane[i] as number);
  return result;
}
