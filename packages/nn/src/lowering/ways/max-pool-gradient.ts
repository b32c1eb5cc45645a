/** The gradient of max pooling: dy goes to the first largest element of its window, in row-major order. */
import type { PoolAttributes } from '../../graph/ops/pooling.ts';
import type { GraphNode, Shape, Tensor } from '../../graph/tensor.ts';
import { sizeOf } from '../../graph/tensor.ts';
import type { Lowering, Way } from '../lowering.ts';
import { padImages, sliceImages } from './memory-images.ts';
import { isBlocked, poolingAttributes } from './pooling.ts';
import { gridPositions, interleave } from './windows.ts';

type Node = GraphNode<'MaxPoolGradient'>;

const isFloat32OnCpu: Way<'MaxPoolGradient'>['applies'] = (node, { device }) =>
  device === 'cpu' && (node.inputs[0] as Tensor).dtype === 'float32';

export const maxPoolGradientWays: readonly Way<'MaxPoolGradient'>[] = [
  {
    // Tap by tap: where x under the tap equals the maximum, what is left of dy goes there.
    name: 'taps',
    emit: emitTaps,
  },
  {
    // ONNX Runtime's MaxPool says where it found each maximum, as an index into the whole tensor.
    name: 'scatter',
    applies: isFloat32OnCpu,
    emit: emitScatter,
  },
  {
    // A window is the maximum over its rows of the maxima along them: k + k taps in the place of k times k.
    name: 'axis-by-axis',
    applies: (node, target) => isFloat32OnCpu(node, target) && node.attributes.kernel.filter((k) => k > 1).length === 2,
    emit: emitAxisByAxis,
  },
];

/** Indices, zeros and copies of the pooling gradient exist for this share of a batch at a time. */
const SCATTER_PARTS = 4;

/** dx by scattering dy to the indices of the maxima, a part of the batch after the other. */
function emitScatter(lowering: Lowering, node: Node): void {
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

/** A pooling as ONNX values seen as [L, ...spatial, B], B the block of the blocked layout or 1, and its geometry. */
interface SeenPooling extends Pick<PoolAttributes, 'kernel' | 'strides' | 'pads'> {
  readonly x: string;
  readonly y: string;
  readonly dy: string;
  readonly lead: number;
  readonly block: number;
  /** Spatial extents of x and of y. */
  readonly input: Shape;
  readonly output: Shape;
  readonly dtype: Tensor['dtype'];
}

/** The operands of a gradient as they are seen, and its result defined as it is seen. */
function seen(lowering: Lowering, { inputs, outputs, attributes }: Node) {
  const [x, y, dy] = inputs as [Tensor, Tensor, Tensor];
  const blocked = isBlocked(lowering, x);
  const layout = blocked ? 'blocked' : 'plain';
  const block = blocked ? lowering.target.blockSize : 1;
  const lead = sizeOf(x.shape.slice(0, 2)) / block;
  const see = (tensor: Tensor) =>
    lowering.reshape(lowering.value(tensor, layout), [lead, ...tensor.shape.slice(2), block]);
  const pooling: SeenPooling = {
    ...{ x: see(x), y: see(y), dy: see(dy), lead, block, dtype: x.dtype },
    ...{ ...attributes, input: x.shape.slice(2), output: dy.shape.slice(2) },
  };
  const define = (dx: string) => lowering.define(outputs[0] as Tensor, lowering.reshape(dx, x.shape), layout);
  return { pooling, layout, define } as const;
}

function emitTaps(lowering: Lowering, node: Node): void {
  const { pooling, define } = seen(lowering, node);
  define(tapsBack(lowering, pooling));
}

/** The first of equal elements in row-major order is the first row's first: so columns are pooled first, and go back last. */
function emitAxisByAxis(lowering: Lowering, node: Node): void {
  const { pooling, layout, define } = seen(lowering, node);
  const { kernel, strides, pads, input, output } = pooling;
  const last = kernel.length - 1 - [...kernel].reverse().findIndex((k) => k > 1);
  /** The geometry along one axis, or along all but one. */
  const along = (isAlong: (axis: number) => boolean) => ({
    kernel: kernel.map((k, axis) => (isAlong(axis) ? k : 1)),
    strides: strides.map((stride, axis) => (isAlong(axis) ? stride : 1)),
    pads: pads.map((pad, i) => (isAlong(i % kernel.length) ? pad : 0)),
  });
  const [columns, rows] = [along((axis) => axis === last), along((axis) => axis !== last)];
  const between = input.map((extent, axis) => (axis === last ? (output[axis] as number) : extent));
  const [x] = node.inputs as [Tensor];
  const shape = [...x.shape.slice(0, 2), ...between];
  const pooled = lowering.emit('MaxPool', [lowering.value(x, layout)], {
    attributes: poolingAttributes({ ...node.attributes, ...columns }, x, { shape }),
    domain: layout === 'blocked' ? 'com.microsoft.nchwc' : '',
  });
  const maxima = lowering.reshape(pooled, [pooling.lead, ...between, pooling.block]);
  const back = tapsBack(lowering, { ...pooling, ...rows, x: maxima, input: between });
  define(tapsBack(lowering, { ...pooling, ...columns, y: maxima, dy: back, output: between }));
}

/**
 * dx from x, y and dy without indices. For each tap, in order, g = (x under the tap equals y) * rest goes to x's place and is
 * taken from the rest of dy, so the first of equal elements gets all, and the last tap gets the rest. Places with the same
 * remainder by the stride form a plane; planes are interleaved at the end.
 */
function tapsBack(lowering: Lowering, pooling: SeenPooling): string {
  const { x, y, dy, lead, block, input, output, kernel, strides, pads, dtype } = pooling;
  const axes = kernel.length;
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
  const widened = [...before, ...after].some((extent) => extent > 0);
  const padded = widened
    ? lowering.emit('Pad', [x, lowering.int64([0, ...before, 0, 0, ...after, 0]), lowering.scalar(LOWEST, dtype)])
    : x;
  const extents = widened ? plane.map((extent, axis) => extent * (strides[axis] as number)) : input;
  const images = { lead, block };
  let rest = dy;
  const planes = new Map<string, string>();
  const spatialAxes = lowering.int64(kernel.map((_, axis) => axis + 1));
  const taps = gridPositions(kernel);
  for (const [i, tap] of taps.entries()) {
    let share = rest;
    if (i < taps.length - 1) {
      const under = sliceImages(
        lowering,
        { ...images, value: padded, extents },
        { starts: tap, strides, counts: output },
      );
      share = lowering.emit('Mul', [equalityMask(lowering, under, y, dtype), rest]);
      rest = lowering.emit('Sub', [rest, share]);
    }
    const steps = tap.map((start, axis) => Math.floor(start / (strides[axis] as number)));
    const trailing = plane.map((extent, axis) => extent - (output[axis] as number) - (steps[axis] as number));
    const placed = padImages(lowering, { ...images, value: share, extents: output }, [...steps, ...trailing]);
    const remainder = tap.map((start, axis) => start % (strides[axis] as number)).join();
    const known = planes.get(remainder);
    planes.set(remainder, known === undefined ? placed : lowering.emit('Add', [known, placed]));
  }
  const empty = () => lowering.emit('Expand', [lowering.scalar(0, dtype), lowering.int64([lead, ...plane, block])]);
  const joined = interleave(
    lowering,
    (remainder) => planes.get(remainder.join()) ?? empty(),
    [lead, ...plane, block],
    strides,
  );
  if (!widened) return joined;
  const whole = before.map((start, axis) => start + (input[axis] as number));
  return lowering.emit('Slice', [joined, lowering.int64(before), lowering.int64(whole), spatialAxes]);
}

/** 1 where a value, never larger than the maximum, equals it, else 0. */
function equalityMask(lowering: Lowering, value: string, maximum: string, dtype: Tensor['dtype']): string {
  if (dtype !== 'float32') return lowering.cast(lowering.emit('Equal', [value, maximum]), dtype);
  const below = lowering.emit('Sub', [value, maximum]); // <= 0
  return lowering.emit('HardSigmoid', [below], { attributes: { alpha: { float: STEEP }, beta: { float: 1 } } });
}
