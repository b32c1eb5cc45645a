/** Gradients of ops that look through windows: average pooling, strided slices, resampling. All are linear maps transposed. */
import * as f from './functions.ts';
import type { SliceAttributes } from './ops/movement.ts';
import { type AveragePoolAttributes, poolOutputShape } from './ops/pooling.ts';
import type { ResizeAttributes } from './ops/resize.ts';
import type { Shape, Tensor } from './tensor.ts';
import { normaliseAxis, sizeOf } from './tensor.ts';

/**
 * Average pooling back: each dy is divided by what its window divided by and spread over the window, which is a
 * depthwise transposed convolution with ones. Channels are folded into the batch, so one kernel serves all.
 */
export function averagePoolBack(dy: Tensor, inputShape: Shape, attributes: AveragePoolAttributes): Tensor {
  const { kernel, strides, pads } = attributes;
  if (tiles(dy.shape, inputShape, attributes)) return repeated(f.mul(dy, 1 / sizeOf(kernel)), kernel);
  const axes = kernel.length;
  const [n, channels] = inputShape as [number, number];
  const counts = windowSizes(inputShape, attributes);
  const scaled = f.div(dy, dy.graph.constant(counts, [1, 1, ...dy.shape.slice(2)], dy.dtype));
  const folded = f.reshape(scaled, [n * channels, 1, ...dy.shape.slice(2)]);
  const ones = dy.graph.constant(new Array(sizeOf(kernel)).fill(1), [1, 1, ...kernel], dy.dtype);
  // With ceilMode the last window may reach past the end padding; the gradient there falls off the image.
  const extents = dy.shape
    .slice(2)
    .map((extent, axis) => (extent - 1) * (strides[axis] as number) + (kernel[axis] as number));
  const endPads = extents.map((extent, axis) => extent - (pads[axis] as number) - (inputShape[axis + 2] as number));
  const spread = f.convTranspose(folded, ones, undefined, { stride: strides, padding: new Array(2 * axes).fill(0) });
  const cropped = f.pad(spread, [0, 0, ...pads.slice(0, axes).map((p) => -p), 0, 0, ...endPads.map((p) => -p)]);
  return f.reshape(cropped, inputShape);
}

/** Whether windows lie side by side and cover the input. */
const tiles = (output: Shape, input: Shape, { kernel, strides, pads }: AveragePoolAttributes): boolean =>
  pads.every((pad) => pad === 0) &&
  kernel.every((k, axis) => strides[axis] === k && (output[axis + 2] as number) * k === input[axis + 2]);

/** Every element so many times along each spatial axis. */
function repeated(x: Tensor, times: Shape): Tensor {
  const [n, c, ...spatial] = x.shape as [number, number, ...number[]];
  const apart = [n, c, ...spatial.flatMap((extent) => [extent, 1])];
  const wide = [n, c, ...spatial.flatMap((extent, axis) => [extent, times[axis] as number])];
  const joined = [n, c, ...spatial.map((extent, axis) => extent * (times[axis] as number))];
  return f.reshape(f.expand(f.reshape(x, apart), wide), joined);
}

/** What each window of an average pooling divides by, output positions in row-major order. */
function windowSizes(inputShape: Shape, attributes: AveragePoolAttributes): number[] {
  const { kernel, strides, pads, countIncludePad } = attributes;
  const axes = kernel.length;
  const perAxis = poolOutputShape(inputShape, attributes)
    .slice(2)
    .map((outputs, axis) => {
      const [k, stride, before, after] = [kernel[axis], strides[axis], pads[axis], pads[axis + axes]] as [
        number,
        number,
        number,
        number,
      ];
      const extent = inputShape[axis + 2] as number;
      return Array.from({ length: outputs }, (_, i) => {
        const start = i * stride - before;
        const low = countIncludePad ? start : Math.max(start, 0);
        const high = Math.min(start + k, countIncludePad ? extent + after : extent);
        return high - low;
      });
    });
  return perAxis.reduce<number[]>(
    (products, sizes) => products.flatMap((product) => sizes.map((size) => product * size)),
    [1],
  );
}

/** A slice back: zeros with dy at the places that were taken. Steps are undone by interleaving zeros. */
export function sliceBack(dy: Tensor, inputShape: Shape, { axes, starts, ends, steps }: SliceAttributes): Tensor {
  let result = dy;
  const rank = inputShape.length;
  const pads = new Array<number>(2 * rank).fill(0);
  for (const [i, axis] of axes.entries()) {
    const along = normaliseAxis(axis, rank);
    const [start, step] = [starts[i], steps[i]] as [number, number];
    if ((ends[i] as number) <= start) throw new RangeError(`slice ${start}:${ends[i]} is empty`);
    if (step > 1) result = interleaveZeros(result, along, step);
    pads[along] = start;
    pads[along + rank] = (inputShape[along] as number) - start - (result.shape[along] as number);
  }
  return pads.every((extent) => extent === 0) ? result : f.pad(result, pads);
}

/** Elements step apart along an axis, zeros between them. */
function interleaveZeros(x: Tensor, axis: number, step: number): Tensor {
  const extent = x.shape[axis] as number;
  const spread = f.pad(f.unsqueeze(x, axis + 1), [
    ...new Array(x.shape.length + 1).fill(0),
    ...Array.from({ length: x.shape.length + 1 }, (_, a) => (a === axis + 1 ? step - 1 : 0)),
  ]);
  const joined = f.reshape(
    spread,
    x.shape.map((e, a) => (a === axis ? extent * step : e)),
  );
  return f.slice(joined, { axes: [axis], starts: [0], ends: [(extent - 1) * step + 1], steps: [1] });
}

/** Resampling back: each axis times the transpose of its interpolation matrix. */
export function resizeBack(dy: Tensor, inputShape: Shape, { mode, size }: ResizeAttributes): Tensor {
  return size.reduce((t, extent, axis) => {
    const input = inputShape[axis + 2] as number;
    return extent === input ? t : f.alongAxis(t, axis + 2, interpolationRows(mode, input, extent));
  }, dy);
}

/** The [output, input] matrix of one axis's interpolation: row i holds the weights of the inputs that make output i. */
export function interpolationRows(
  mode: ResizeAttributes['mode'],
  input: number,
  output: number,
): readonly (readonly number[])[] {
  return Array.from({ length: output }, (_, i) => {
    const row = new Array<number>(input).fill(0);
    if (mode === 'nearest') {
      row[Math.min(Math.floor((i * input) / output), input - 1)] = 1;
      return row;
    }
    const exact =
      mode === 'linear' ? ((i + 0.5) * input) / output - 0.5 : output === 1 ? 0 : (i * (input - 1)) / (output - 1);
    const position = Math.min(Math.max(exact, 0), input - 1);
    const low = Math.min(Math.floor(position), input - 1);
    const high = Math.min(low + 1, input - 1);
    row[low] = (row[low] as number) + 1 - (position - low);
    row[high] = (row[high] as number) + position - low;
    return row;
  });
}
