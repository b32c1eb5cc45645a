/** The plan of regions from the pixels' side, so that the gradient of RoI align gathers as RoI align does. */
import { PIXEL_ENTRIES, ROI_ENTRIES, type TensorData, TRANSPOSED_ENTRIES } from '@mammoscope/nn';
import type { RoiPlan } from './roi-plan.ts';

/** One pair of indices and weights, and how many of its rows are filled. */
interface Level {
  readonly indices: BigInt64Array;
  /** The low words of the indices. */
  readonly low: Int32Array;
  readonly weights: Float32Array;
  readonly entries: number;
  rows: number;
}

function levelOf([rows, entries]: readonly [number, number]): Level {
  const indices = new BigInt64Array(rows * entries);
  const low = new Int32Array(indices.buffer);
  return { indices, low, weights: new Float32Array(rows * entries), entries, rows: 0 };
}

/** The entries of a plan by pixel: those of pixel p from starts[p] to starts[p + 1], those of one bin joined. */
interface ByPixel {
  readonly starts: Int32Array;
  readonly bins: Int32Array;
  readonly weights: Float64Array;
}

function byPixel(plan: RoiPlan, pixels: number): ByPixel {
  const low = new Int32Array(plan.indices.buffer);
  const count = plan.weights.length;
  const starts = new Int32Array(pixels + 1);
  const last = new Int32Array(pixels).fill(-1);
  const each = (visit: (pixel: number, bin: number, weight: number, isNew: boolean) => void) => {
    last.fill(-1);
    for (let i = 0; i < count; i++) {
      const weight = plan.weights[i] as number;
      if (weight === 0) continue;
      const [pixel, bin] = [low[2 * i] as number, Math.floor(i / ROI_ENTRIES)];
      visit(pixel, bin, weight, last[pixel] !== bin);
      last[pixel] = bin;
    }
  };
  each((pixel, _, __, isNew) => {
    if (isNew) starts[pixel + 1] = (starts[pixel + 1] as number) + 1;
  });
  for (let pixel = 0; pixel < pixels; pixel++)
    starts[pixel + 1] = (starts[pixel + 1] as number) + (starts[pixel] as number);
  const next = starts.slice(0, pixels);
  const total = starts[pixels] as number;
  const [bins, weights] = [new Int32Array(total), new Float64Array(total)];
  each((pixel, bin, weight, isNew) => {
    if (isNew) next[pixel] = (next[pixel] as number) + 1;
    const at = (next[pixel] as number) - 1;
    bins[at] = bin;
    weights[at] = (weights[at] as number) + weight;
  });
  return { starts, bins, weights };
}

/**
 * The values of the inputs of the transpose, a pair for each of `shapes` (nn's transposedShapes, which says how they are read),
 * in their order. RangeError when a pixel has more entries than three levels of groups hold.
 */
export function transposePlan(plan: RoiPlan, shapes: readonly (readonly [number, number])[]): TensorData[] {
  const levels = shapes.map(levelOf);
  const groups = levels.slice(0, -1);
  const last = levels.at(-1) as Level;
  const [pixels] = shapes.at(-1) as readonly [number, number];
  // Rows of the sums stand in front of those of the groups.
  const offsets = [plan.weights.length / ROI_ENTRIES];
  for (const [rows] of shapes.slice(0, -2)) offsets.push((offsets.at(-1) as number) + rows);
  const { starts, bins, weights } = byPixel(plan, pixels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const from = starts[pixel] as number;
    let count = (starts[pixel + 1] as number) - from;
    if (count === 0) continue;
    let source = (i: number) => bins[from + i] as number;
    let share = (i: number) => weights[from + i] as number;
    let base = 0;
    for (let depth = 0; count > PIXEL_ENTRIES; depth++) {
      const level = groups[depth];
      if (!level)
        throw new RangeError(
          `a pixel of the pyramid lies in ${(starts[pixel + 1] as number) - from} bins, more than can be added up`,
        );
      const first = level.rows;
      for (let i = 0; i < count; i++) {
        const at = first * TRANSPOSED_ENTRIES + i;
        level.low[2 * at] = source(i);
        level.weights[at] = share(i);
      }
      count = Math.ceil(count / TRANSPOSED_ENTRIES);
      level.rows += count;
      source = (i) => first + i;
      share = () => 1;
      base = offsets[depth] as number;
    }
    for (let i = 0; i < count; i++) {
      const at = pixel * last.entries + i;
      last.low[2 * at] = base + source(i);
      last.weights[at] = share(i);
    }
  }
  return levels.flatMap(({ indices, weights: shares }) => [indices, shares]);
}
