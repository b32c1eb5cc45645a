/** Where the bins of regions lie in a pyramid, as the sparse matrix of the graph's roiAlign. */
import { type PyramidLevel, ROI_BINS, ROI_ENTRIES } from '@mammoscope/nn';
import type { Boxes } from './boxes.ts';

/** Bins and samples of a bin, along each side. */
const SIDE = 7;
const SAMPLES = 2;
const STEPS = SIDE * SAMPLES;

/** Lin et al. 2017, equation 1: a region of 224 x 224 pixels belongs to p4. */
const CANONICAL_PX = 224;
const CANONICAL_LEVEL = 4;
/** So that an area of exactly 224^2 is not below it for rounding. */
const LEVEL_EPSILON = 1e-6;

/** The inputs rois/indices and rois/weights. */
export interface RoiPlan {
  readonly indices: BigInt64Array;
  readonly weights: Float32Array;
}

/** The index among `levels` (p2 first) that a region is read from: floor(4 + log2(sqrt(w h) / 224)), within the levels. */
export function levelOf(boxes: Boxes, i: number, levels: number): number {
  const [x1, y1, x2, y2] = [boxes[4 * i], boxes[4 * i + 1], boxes[4 * i + 2], boxes[4 * i + 3]] as unknown as number[];
  const side = Math.sqrt(((x2 as number) - (x1 as number)) * ((y2 as number) - (y1 as number)));
  const level = Math.floor(CANONICAL_LEVEL + Math.log2(side / CANONICAL_PX) + LEVEL_EPSILON) - 2;
  return Math.min(Math.max(level, 0), levels - 1);
}

/** The two pixels that each sample along an axis lies between, with their shares; both 0 outside the map. */
interface AxisSamples {
  readonly low: Int32Array;
  readonly high: Int32Array;
  readonly lowShare: Float64Array;
  readonly highShare: Float64Array;
}

const axisSamples = (): AxisSamples => ({
  low: new Int32Array(STEPS),
  high: new Int32Array(STEPS),
  lowShare: new Float64Array(STEPS),
  highShare: new Float64Array(STEPS),
});

/**
 * Samples of a region from `start` to `end`, in cells of the map, which has `extent` of them. A region shorter than a cell
 * counts as one cell long; samples up to one cell outside are moved onto the border (Detectron's RoIAlign, not aligned).
 */
function sampleAxis(samples: AxisSamples, start: number, end: number, extent: number): void {
  const step = Math.max(end - start, 1) / STEPS;
  for (let i = 0; i < STEPS; i++) {
    const at = start + (i + 0.5) * step;
    const inside = at >= -1 && at <= extent;
    const position = Math.min(Math.max(at, 0), extent - 1);
    const low = Math.min(Math.floor(position), extent - 1);
    samples.low[i] = low;
    samples.high[i] = Math.min(low + 1, extent - 1);
    samples.highShare[i] = inside ? position - low : 0;
    samples.lowShare[i] = inside ? 1 - (position - low) : 0;
  }
}

/** Where the regions of a batch lie. */
export interface RoiPlanOptions {
  /** The levels that regions are read from, p2 to p5. */
  readonly levels: readonly PyramidLevel[];
  /** Regions that the graph takes; those missing are filled up with weights of 0. */
  readonly capacity: number;
}

/** The plan of the regions of each image, one image after the other. RangeError when they exceed the capacity. */
export function planRois(images: readonly Boxes[], { levels, capacity }: RoiPlanOptions): RoiPlan {
  const count = images.reduce((sum, boxes) => sum + boxes.length / 4, 0);
  if (count > capacity) throw new RangeError(`planRois requires at most ${capacity} regions, got ${count}`);
  const entries = ROI_BINS * ROI_ENTRIES;
  const indices = new BigInt64Array(capacity * entries);
  const weights = new Float32Array(capacity * entries);
  // Indices fit in the low word of each int64, which comes first on every processor that Node runs on here; BigInts are slow.
  const low = new Int32Array(indices.buffer);
  const offsets: number[] = [];
  let pixels = 0;
  for (const { rows, columns } of levels) {
    offsets.push(pixels);
    pixels += rows * columns;
  }
  const [vertical, horizontal] = [axisSamples(), axisSamples()];
  let at = 0;
  for (const [image, boxes] of images.entries())
    for (let i = 0; i < boxes.length / 4; i++) {
      const index = levelOf(boxes, i, levels.length);
      const { stride, rows, columns } = levels[index] as PyramidLevel;
      sampleAxis(horizontal, (boxes[4 * i] as number) / stride, (boxes[4 * i + 2] as number) / stride, columns);
      sampleAxis(vertical, (boxes[4 * i + 1] as number) / stride, (boxes[4 * i + 3] as number) / stride, rows);
      at = writeBins({ low, weights }, at, vertical, horizontal, image * pixels + (offsets[index] as number), columns);
    }
  return { indices, weights };
}

/** Writes 49 bins of 16 entries: four samples of four pixels each. */
function writeBins(
  { low, weights }: { readonly low: Int32Array; readonly weights: Float32Array },
  from: number,
  vertical: AxisSamples,
  horizontal: AxisSamples,
  offset: number,
  columns: number,
): number {
  let at = from;
  const write = (line: number, share: number, x: number) => {
    low[2 * at] = line + (horizontal.low[x] as number);
    weights[at++] = share * (horizontal.lowShare[x] as number);
    low[2 * at] = line + (horizontal.high[x] as number);
    weights[at++] = share * (horizontal.highShare[x] as number);
  };
  for (let bin = 0; bin < ROI_BINS; bin++)
    for (let sample = 0; sample < SAMPLES * SAMPLES; sample++) {
      const y = Math.floor(bin / SIDE) * SAMPLES + Math.floor(sample / SAMPLES);
      const x = (bin % SIDE) * SAMPLES + (sample % SAMPLES);
      write(offset + (vertical.low[y] as number) * columns, (vertical.lowShare[y] as number) / SAMPLES ** 2, x);
      write(offset + (vertical.high[y] as number) * columns, (vertical.highShare[y] as number) / SAMPLES ** 2, x);
    }
  return at;
}
