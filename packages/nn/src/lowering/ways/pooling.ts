/** Pooling over windows, and the gradient of a maximum. */
import type { PoolAttributes } from '../../graph/ops/pooling.ts';
import type { GraphNode, Shape, Tensor } from '../../graph/tensor.ts';
import { sizeOf } from '../../graph/tensor.ts';
import type { OnnxAttribute } from '../../onnx/model.ts';
import { blockable } from '../layout.ts';
import type { Lowering, Way } from '../lowering.ts';
import { gridPositions } from './windows.ts';

/**
 * End pads with which rounding down gives the op's extents. Rounding up is never asked of ONNX: where a window would
 * start in the padding, its shape inference and ONNX Runtime's kernels disagree. The op drops such windows, so these pads
 * stay shorter than the kernel.
 */
function endPads({ kernel, strides, pads }: PoolAttributes, x: Tensor, y: Tensor): number[] {
  return kernel.map((k, axis) => {
    const reach = ((y.shape[axis + 2] as number) - 1) * (strides[axis] as number) + k;
    const overhang = reach - (pads[axis] as number) - (x.shape[axis + 2] as number);
    return Math.max(pads[axis + kernel.length] as number, overhang);
  });
}

function poolingAttributes(attributes: PoolAttributes, x: Tensor, y: Tensor): Record<string, OnnxAttribute> {
  const { kernel, strides, pads } = attributes;
  return {
    kernel_shape: { ints: kernel },
    strides: { ints: strides },
    pads: { ints: [...pads.slice(0, kernel.length), ...endPads(attributes, x, y)] },
  };
}

const isBlocked = (lowering: Lowering, x: Tensor) =>
  x.dtype === 'float32' && blockable(x.shape, lowering.target.blockSize) && lowering.naturalLayout(x) === 'blocked';

/** Writes a pooling op blocked when its input is, plain otherwise. */
function emitPool(
  lowering: Lowering,
  node: GraphNode,
  opType: string,
  attributes: Record<string, OnnxAttribute>,
): void {
  const [x] = node.inputs as [Tensor];
  const [y] = node.outputs as [Tensor];
  const blocked = isBlocked(lowering, x);
  const value = lowering.value(x, blocked ? 'blocked' : 'plain');
  lowering.define(
    y,
    lowering.emit(opType, [value], { attributes, domain: blocked ? 'com.microsoft.nchwc' : '' }),
    blocked ? 'blocked' : 'plain',
  );
}

export const maxPoolWays: readonly Way<'MaxPool'>[] = [
  {
    name: 'pool',
    emit(lowering, node) {
      const attributes = poolingAttributes(node.attributes, node.inputs[0] as Tensor, node.outputs[0] as Tensor);
      emitPool(lowering, node as GraphNode, 'MaxPool', attributes);
    },
  },
];

export const averagePoolWays: readonly Way<'AveragePool'>[] = [
  {
    name: 'pool',
    emit(lowering, node) {
      const [x, y] = [node.inputs[0] as Tensor, node.outputs[0] as Tensor];
      const { kernel, pads, countIncludePad } = node.attributes;
      const ends = endPads(node.attributes, x, y);
      const overhangs = ends.map((end, axis) => end - (pads[axis + kernel.length] as number));
      if (!countIncludePad || overhangs.every((overhang) => overhang === 0)) {
        const counted = { count_include_pad: { int: countIncludePad ? 1 : 0 } };
        emitPool(lowering, node as GraphNode, 'AveragePool', {
          ...poolingAttributes(node.attributes, x, y),
          ...counted,
        });
        return;
      }
      // A window that reaches past the padding divides by what it covers: pads that count are written as zeros.
      const zeros = [0, 0, ...pads.slice(0, kernel.length), 0, 0, ...pads.slice(kernel.length)];
      const padded = lowering.emit('Pad', [lowering.value(x), lowering.int64(zeros)]);
      const attributes = {
        ...poolingAttributes(node.attributes, x, y),
        pads: { ints: [...kernel.map(() => 0), ...overhangs] },
      };
      lowering.define(y, lowering.emit('AveragePool', [padded], { attributes }));
    },
  },
];

export const globalAveragePoolWays: readonly Way<'GlobalAveragePool'>[] = [
  {
    name: 'mean',
    emit(lowering, node) {
      const [x] = node.inputs as [Tensor];
      const [y] = node.outputs as [Tensor];
      const [n, c, ...spatial] = x.shape as [number, number, ...number[]];
      const mean = (value: string, axis: number) =>
        lowering.emit('ReduceMean', [value, lowering.int64([axis])], { attributes: { keepdims: { int: 0 } } });
      const b = lowering.target.blockSize;
      const pooled = isBlocked(lowering, x)
        ? mean(lowering.reshape(lowering.value(x, 'blocked'), [(n * c) / b, sizeOf(spatial), b]), 1)
        : mean(lowering.reshape(lowering.value(x), [n, c, sizeOf(spatial)]), 2);
      lowering.define(y, lowering.reshape(pooled, y.shape));
    },
  },
];

export const maxPoolGradientWays: readonly Way<'MaxPoolGradient'>[] = [
  {
    // Tap by tap: where x under the tap equals the maximum, what is left of dy goes there.
    name: 'taps',
    emit: emitTaps,
  },
  {
    // ONNX Runtime's MaxPool says where it found each maximum, as an index into the whole tensor.
    name: 'scatter',
    applies: (node, { device }) => device === 'cpu' && (node.inputs[0] as Tensor).dtype === 'float32',
    emit: emitScatter,
  },
];

/** Indices, zeros and copies of the pooling gradient exist for this share of a batch at a time. */
const SCATTER_PARTS = 4;

/** dx by scattering dy to the indices of the maxima, a part of the batch after the other. */
function emitScatter(lowering: Lowering, node: GraphNode<'MaxPoolGradient'>): void {
  const [x, y, dy] = node.inputs as [Tensor, Tensor, Tensor];
  const layout = isBlocked(lowering, x) ? 'blocked' : 'plain';
  const batch = x.shape[0] as number;
  const count = batch % SCATTER_PARTS === 0 ? SCATTER_PARTS : 1;
  const partOf = ({ shape }: Tensor) => [batch / count, ...shape.slice(1)];
  const split = (tensor: Tensor): readonly string[] => {
    const value = lowering.value(tensor, layout);
    if (count === 1) return [value];
    const sizes = lowering.int64(Array.from({ length: count }, () => batch / count));
    return lowering.emitAll('Split', [value, sizes], { attributes: { axis: { int: 0 } }, outputs: count });
  };
  const domain = 'com.microsoft.nchwc';
  const plain = (value: string, { shape }: Tensor) =>
    layout === 'plain'
      ? value
      : lowering.emit('ReorderOutput', [value], { domain, attributes: { channels: { int: shape[1] as number } } });
  const gradients = split(dy);
  const parts = split(x).map((part, i) => {
    const [, indices] = lowering.emitAll('MaxPool', [plain(part, x)], {
      attributes: poolingAttributes(node.attributes, x, y),
      outputs: 2,
    }) as [string, string];
    const [inputs, outputs] = [sizeOf(partOf(x)), sizeOf(partOf(dy))];
    const zeros = lowering.emit('Expand', [lowering.scalar(0, x.dtype), lowering.int64([inputs])]);
    const flat = [indices, plain(gradients[i] as string, dy)].map((value) => lowering.reshape(value, [outputs]));
    const scattered = lowering.emit('ScatterElements', [zeros, ...flat], {
      attributes: { axis: { int: 0 }, reduction: { text: 'add' } },
    });
    const dx = lowering.reshape(scattered, partOf(x));
    return layout === 'plain' ? dx : lowering.emit('ReorderInput', [dx], { domain });
  });
  const joined =
    parts.length === 1 ? (parts[0] as string) : lowering.emit('Concat', parts, { attributes: { axis: { int: 0 } } });
  lowering.define(node.outputs[0] as Tensor, joined, layout);
}

/** Below every float32 that an image can hold, and finite, so that differences are no NaN. */
const LOWEST = -3e38;
/** Turns any difference below zero into something below -1. */
const STEEP = 1e38;

/**
 * dx from x, y and dy without indices. Images are seen as [L, ...spatial, B], B the block of the blocked layout or 1. For
 * each tap, in order, g = (x under the tap equals y) * rest goes to x's place and is taken from the rest of dy, so the
 * first of equal elements gets all. Places with the same remainder by the stride form a plane; planes are interleaved
 * at the end.
 */
function emitTaps(lowering: Lowering, node: GraphNode<'MaxPoolGradient'>): void {
  const [x, y, dy] = node.inputs as [Tensor, Tensor, Tensor];
  const { kernel, strides, pads } = node.attributes;
  const axes = kernel.length;
  const blocked = isBlocked(lowering, x);
  const layout = blocked ? 'blocked' : 'plain';
  const block = blocked ? lowering.target.blockSize : 1;
  const lead = sizeOf(x.shape.slice(0, 2)) / block;
  const [input, output] = [x.shape.slice(2), dy.shape.slice(2)];
  const see = (tensor: Tensor) =>
    lowering.reshape(lowering.value(tensor, layout), [lead, ...tensor.shape.slice(2), block]);
  // Extents of a plane, and of all planes interleaved: whole strides that hold input, padding and every window.
  const plane = input.map((extent, axis) =>
    Math.ceil(
      Math.max(
        extent + (pads[axis] as number),
        ((output[axis] as number) - 1) * (strides[axis] as number) + (kernel[axis] as number),
      ) / (strides[axis] as number),
    ),
  );
  const before = pads.slice(0, axes);
  const after = plane.map(
    (extent, axis) => extent * (strides[axis] as number) - (input[axis] as number) - (before[axis] as number),
  );
  const padded = lowering.emit('Pad', [
    see(x),
    lowering.int64([0, ...before, 0, 0, ...after, 0]),
    lowering.scalar(LOWEST, x.dtype),
  ]);
  const maximum = see(y);
  let rest = see(dy);
  const planes = new Map<string, string>();
  const spatialAxes = lowering.int64(kernel.map((_, axis) => axis + 1));
  for (const tap of gridPositions(kernel)) {
    const ends = tap.map((start, axis) => start + ((output[axis] as number) - 1) * (strides[axis] as number) + 1);
    const under = lowering.emit('Slice', [
      padded,
      lowering.int64(tap),
      lowering.int64(ends),
      spatialAxes,
      lowering.int64(strides),
    ]);
    const share = lowering.emit('Mul', [equalityMask(lowering, under, maximum, x), rest]);
    rest = lowering.emit('Sub', [rest, share]);
    const steps = tap.map((start, axis) => Math.floor(start / (strides[axis] as number)));
    const trailing = plane.map((extent, axis) => extent - (output[axis] as number) - (steps[axis] as number));
    const placed = lowering.emit('Pad', [share, lowering.int64([0, ...steps, 0, 0, ...trailing, 0])]);
    const remainder = tap.map((start, axis) => start % (strides[axis] as number)).join();
    const known = planes.get(remainder);
    planes.set(remainder, known === undefined ? placed : lowering.emit('Add', [known, placed]));
  }
  const empty = () => lowering.emit('Expand', [lowering.scalar(0, x.dtype), lowering.int64([lead, ...plane, block])]);
  const joined = interleave(
    lowering,
    (remainder) => planes.get(remainder.join()) ?? empty(),
    [lead, ...plane, block],
    strides,
  );
  const whole = before.map((start, axis) => start + (input[axis] as number));
  const cropped = lowering.emit('Slice', [joined, lowering.int64(before), lowering.int64(whole), spatialAxes]);
  lowering.define(node.outputs[0] as Tensor, lowering.reshape(cropped, x.shape), layout);
}

/** 1 where a value, never larger than the maximum, equals it, else 0. */
function equalityMask(lowering: Lowering, value: string, maximum: string, { dtype }: Tensor): string {
  if (dtype !== 'float32') return lowering.cast(lowering.emit('Equal', [value, maximum]), dtype);
  const below = lowering.emit('Sub', [value, maximum]); // <= 0
  return lowering.emit('HardSigmoid', [below], { attributes: { alpha: { float: STEEP }, beta: { float: 1 } } });
}

/** Planes [L, ...extents, B], one for each remainder by the strides, as one tensor [L, ...(extents * strides), B]. */
function interleave(
  lowering: Lowering,
  planeOf: (remainder: readonly number[]) => string,
  shape: Shape,
  strides: Shape,
): string {
  const [lead, ...rest] = shape as [number, ...number[]];
  const extents = rest.slice(0, -1);
  const block = rest.at(-1) as number;
  const spread = [lead, ...extents.flatMap((extent) => [extent, 1]), block];
  const join = (remainder: readonly number[]): string => {
    const axis = remainder.length;
    if (axis === strides.length) return lowering.reshape(planeOf(remainder), spread);
    const parts = Array.from({ length: strides[axis] as number }, (_, i) => join([...remainder, i]));
    return parts.length === 1
      ? (parts[0] as string)
      : lowering.emit('Concat', parts, { attributes: { axis: { int: 2 + 2 * axis } } });
  };
  return lowering.reshape(join([]), [
    lead,
    ...extents.map((extent, axis) => extent * (strides[axis] as number)),
    block,
  ]);
}
