/**
 * The ops as functions on tensors: one line each. A number stands for a scalar constant of the other operand's type.
 */
import type { ConvAttributes, ConvTransposeAttributes } from './ops/convolution.ts';
import type { Attributes, OpName } from './ops/index.ts';
import type { PadAttributes, SliceAttributes } from './ops/movement.ts';
import type { AveragePoolAttributes, PoolAttributes } from './ops/pooling.ts';
import type { ResizeAttributes } from './ops/resize.ts';
import type { DType, Shape, Tensor } from './tensor.ts';
import { normaliseAxis, sameShape, sizeOf } from './tensor.ts';

/** A tensor, or a number for a scalar of the other operand's type. */
export type Operand = Tensor | number;

function apply<K extends OpName>(op: K, inputs: readonly Tensor[], attributes: Attributes<K>): Tensor {
  const [first] = inputs as [Tensor];
  return first.graph.apply(op, inputs, attributes)[0] as Tensor;
}

type BinaryOp =
  | 'Add'
  | 'Sub'
  | 'Mul'
  | 'Div'
  | 'Pow'
  | 'Min'
  | 'Max'
  | 'Equal'
  | 'Greater'
  | 'GreaterOrEqual'
  | 'Less'
  | 'LessOrEqual';

function binary(op: BinaryOp, a: Operand, b: Operand): Tensor {
  const known = typeof a === 'number' ? b : a;
  if (typeof known === 'number') throw new TypeError(`${op} requires at least one tensor`);
  const lift = (operand: Operand) =>
    typeof operand === 'number' ? known.graph.constant(operand, [], known.dtype) : operand;
  return apply(op, [lift(a), lift(b)], {});
}

export const add = (a: Operand, b: Operand) => binary('Add', a, b);
export const sub = (a: Operand, b: Operand) => binary('Sub', a, b);
export const mul = (a: Operand, b: Operand) => binary('Mul', a, b);
export const div = (a: Operand, b: Operand) => binary('Div', a, b);
export const pow = (a: Operand, b: Operand) => binary('Pow', a, b);
export const minimum = (a: Operand, b: Operand) => binary('Min', a, b);
export const maximum = (a: Operand, b: Operand) => binary('Max', a, b);
export const equal = (a: Operand, b: Operand) => binary('Equal', a, b);
export const greater = (a: Operand, b: Operand) => binary('Greater', a, b);
export const greaterOrEqual = (a: Operand, b: Operand) => binary('GreaterOrEqual', a, b);
export const less = (a: Operand, b: Operand) => binary('Less', a, b);
export const lessOrEqual = (a: Operand, b: Operand) => binary('LessOrEqual', a, b);
export const abs = (x: Tensor) => apply('Abs', [x], {});
export const neg = (x: Tensor) => apply('Neg', [x], {});
export const sign = (x: Tensor) => apply('Sign', [x], {});
export const exp = (x: Tensor) => apply('Exp', [x], {});
export const log = (x: Tensor) => apply('Log', [x], {});
export const sqrt = (x: Tensor) => apply('Sqrt', [x], {});
/** `x`, not before `after` has been computed. */
export const barrier = (x: Tensor, after: Tensor) => apply('Barrier', [x, after], {});
export const cast = (x: Tensor, to: DType) => (x.dtype === to ? x : apply('Cast', [x], { to }));

/** Where the condition holds `a`, elsewhere `b`. At least one of them is a tensor. */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  const known = typeof a === 'number' ? b : a;
  if (typeof known === 'number') throw new TypeError('where requires at least one tensor besides the condition');
  const lift = (operand: Operand) =>
    typeof operand === 'number' ? known.graph.constant(operand, [], known.dtype) : operand;
  return apply('Where', [condition, lift(a), lift(b)], {});
}

export const relu = (x: Tensor) => apply('Relu', [x], {});
export const reluGradient = (y: Tensor, dy: Tensor) => apply('ReluGradient', [y, dy], {});
export const leakyRelu = (x: Tensor, alpha = 0.01) => apply('LeakyRelu', [x], { alpha });
export const sigmoid = (x: Tensor) => apply('Sigmoid', [x], {});
export const tanh = (x: Tensor) => apply('Tanh', [x], {});
export const clip = (x: Tensor, min: number, max: number) => apply('Clip', [x], { min, max });
export const softmax = (x: Tensor, axis = -1) => apply('Softmax', [x], { axis });
export const logSoftmax = (x: Tensor, axis = -1) => apply('LogSoftmax', [x], { axis });

export const matMul = (a: Tensor, b: Tensor) => apply('MatMul', [a, b], {});
export const gemm = (a: Tensor, b: Tensor, c?: Tensor, options: { transA?: boolean; transB?: boolean } = {}) =>
  apply('Gemm', c ? [a, b, c] : [a, b], { transA: options.transA ?? false, transB: options.transB ?? false });

/** One number for all spatial axes or one an axis. */
export type PerAxis = number | Shape;
const perAxis = (value: PerAxis, axes: number): Shape =>
  typeof value === 'number' ? new Array(axes).fill(value) : value;
/** Symmetric padding as ONNX's [begins..., ends...]; a list twice as long as the axes is taken as it is. */
const padsOf = (padding: PerAxis, axes: number): Shape => {
  const pads = perAxis(padding, axes);
  return pads.length === axes ? [...pads, ...pads] : pads;
};

/** Geometry as callers give it; what is left out is 1 (strides, dilation, groups) or 0 (padding). */
export interface ConvOptions {
  readonly stride?: PerAxis;
  /** Symmetric per axis, or [begins..., ends...]. */
  readonly padding?: PerAxis;
  readonly dilation?: PerAxis;
  readonly groups?: number;
}

/** The attributes of a convolution over a number of spatial axes. */
export function convAttributes(axes: number, options: ConvOptions = {}): ConvAttributes {
  return {
    strides: perAxis(options.stride ?? 1, axes),
    pads: padsOf(options.padding ?? 0, axes),
    dilations: perAxis(options.dilation ?? 1, axes),
    group: options.groups ?? 1,
  };
}

export const conv = (x: Tensor, w: Tensor, bias?: Tensor, options?: ConvOptions) =>
  apply('Conv', bias ? [x, w, bias] : [x, w], convAttributes(x.shape.length - 2, options));
export const convTranspose = (
  x: Tensor,
  w: Tensor,
  bias?: Tensor,
  options: ConvOptions & { outputPadding?: PerAxis } = {},
) => {
  const axes = x.shape.length - 2;
  const attributes: ConvTransposeAttributes = {
    ...convAttributes(axes, options),
    outputPadding: perAxis(options.outputPadding ?? 0, axes),
  };
  return apply('ConvTranspose', bias ? [x, w, bias] : [x, w], attributes);
};
export const convInputGradient = (dy: Tensor, w: Tensor, inputShape: Shape, attributes: ConvAttributes) =>
  apply('ConvInputGradient', [dy, w], { ...attributes, inputShape });
export const convWeightGradient = (x: Tensor, dy: Tensor, weightShape: Shape, attributes: ConvAttributes) =>
  apply('ConvWeightGradient', [x, dy], { ...attributes, weightShape });

/** Geometry of a pooling window as callers give it: the stride is the kernel unless said otherwise. */
export interface PoolOptions {
  readonly stride?: PerAxis;
  readonly padding?: PerAxis;
  readonly ceilMode?: boolean;
}

function poolAttributes(axes: number, kernel: PerAxis, options: PoolOptions): PoolAttributes {
  return {
    kernel: perAxis(kernel, axes),
    strides: perAxis(options.stride ?? kernel, axes),
    pads: padsOf(options.padding ?? 0, axes),
    ceilMode: options.ceilMode ?? false,
  };
}

export const maxPool = (x: Tensor, kernel: PerAxis, options: PoolOptions = {}) =>
  apply('MaxPool', [x], poolAttributes(x.shape.length - 2, kernel, options));
export const averagePool = (x: Tensor, kernel: PerAxis, options: PoolOptions & { countIncludePad?: boolean } = {}) => {
  const attributes: AveragePoolAttributes = {
    ...poolAttributes(x.shape.length - 2, kernel, options),
    countIncludePad: options.countIncludePad ?? true,
  };
  return apply('AveragePool', [x], attributes);
};
export const globalAveragePool = (x: Tensor) => apply('GlobalAveragePool', [x], {});
export const maxPoolGradient = (x: Tensor, y: Tensor, dy: Tensor, attributes: PoolAttributes) =>
  apply('MaxPoolGradient', [x, y, dy], attributes);

const axesOf = (axes: PerAxis | undefined): Shape =>
  axes === undefined ? [] : typeof axes === 'number' ? [axes] : axes;
/** Reductions: over all axes when none are given. */
export const reduceSum = (x: Tensor, axes?: PerAxis, keepDims = false) =>
  apply('ReduceSum', [x], { axes: axesOf(axes), keepDims });
export const reduceMean = (x: Tensor, axes?: PerAxis, keepDims = false) =>
  apply('ReduceMean', [x], { axes: axesOf(axes), keepDims });
export const reduceMax = (x: Tensor, axes?: PerAxis, keepDims = false) =>
  apply('ReduceMax', [x], { axes: axesOf(axes), keepDims });
export const reduceSumSquare = (x: Tensor, axes?: PerAxis, keepDims = false) =>
  apply('ReduceSumSquare', [x], { axes: axesOf(axes), keepDims });

export const reshape = (x: Tensor, shape: Shape) => (sameShape(x.shape, shape) ? x : apply('Reshape', [x], { shape }));
export const transpose = (x: Tensor, perm: Shape) =>
  perm.every((axis, i) => axis === i) ? x : apply('Transpose', [x], { perm });
export const expand = (x: Tensor, shape: Shape) => (sameShape(x.shape, shape) ? x : apply('Expand', [x], { shape }));
export const concat = (tensors: readonly Tensor[], axis: number) => apply('Concat', tensors, { axis });
export const split = (x: Tensor, axis: number, sizes: Shape) => x.graph.apply('Split', [x], { axis, sizes });
export const slice = (x: Tensor, attributes: SliceAttributes) => apply('Slice', [x], attributes);
export const pad = (x: Tensor, pads: PadAttributes['pads'], value = 0) => apply('Pad', [x], { pads, value });
/** Collapses everything after an axis: [N, C, H, W] to [N, C*H*W]. */
export const flatten = (x: Tensor, axis = 1) => reshape(x, [...x.shape.slice(0, axis), sizeOf(x.shape.slice(axis))]);
/** Drops axes of extent 1 (RangeError when one is longer). */
export function squeeze(x: Tensor, axes: PerAxis): Tensor {
  const dropped = new Set(axesOf(axes).map((axis) => normaliseAxis(axis, x.shape.length)));
  for (const axis of dropped)
    if (x.shape[axis] !== 1) throw new RangeError(`cannot squeeze axis ${axis} of extent ${x.shape[axis]}`);
  return reshape(
    x,
    x.shape.filter((_, axis) => !dropped.has(axis)),
  );
}
/** Inserts axes of extent 1 at the positions that they have in the result. */
export function unsqueeze(x: Tensor, axes: PerAxis): Tensor {
  const wanted = axesOf(axes);
  const rank = x.shape.length + wanted.length;
  const inserted = new Set(wanted.map((axis) => normaliseAxis(axis, rank)));
  const extents = [...x.shape];
  return reshape(
    x,
    Array.from({ length: rank }, (_, axis) => (inserted.has(axis) ? 1 : (extents.shift() as number))),
  );
}

export const gather = (data: Tensor, indices: Tensor, axis = 0) => apply('Gather', [data, indices], { axis });
export const gatherElements = (data: Tensor, indices: Tensor, axis: number) =>
  apply('GatherElements', [data, indices], { axis });
export const scatterAdd = (indices: Tensor, updates: Tensor, axis: number, shape: Shape) =>
  apply('ScatterAdd', [indices, updates], { axis, shape });
/** Weighted sums of rows: data [P, C], int64 indices and weights [M, S] to [M, C]; see the op for what may follow. */
export const gatherSum = (data: Tensor, indices: Tensor, weights: Tensor, transposed: readonly Tensor[] = []) =>
  apply('GatherSum', [data, indices, weights, ...transposed], {});
/** The transpose of gatherSum: [M, C] added up in [rows, C]. */
export const gatherSumGradient = (dy: Tensor, indices: Tensor, weights: Tensor, rows: number) =>
  apply('GatherSumGradient', [dy, indices, weights], { rows });
export function topK(x: Tensor, k: number, axis = -1, largest = true): { values: Tensor; indices: Tensor } {
  const [values, indices] = x.graph.apply('TopK', [x], { axis, k, largest }) as [Tensor, Tensor];
  return { values, indices };
}
export const resize = (x: Tensor, size: Shape, mode: ResizeAttributes['mode']) => apply('Resize', [x], { size, mode });

/** Batch normalisation by given statistics. */
export const batchNormalization = (
  x: Tensor,
  scale: Tensor,
  bias: Tensor,
  mean: Tensor,
  variance: Tensor,
  epsilon = 1e-5,
) => apply('BatchNormalization', [x, scale, bias, mean, variance], { epsilon });
/** Batch normalisation by the statistics of the batch, with the statistics. */
export function batchNormalizationTraining(x: Tensor, scale: Tensor, bias: Tensor, epsilon = 1e-5) {
  const [y, mean, variance] = x.graph.apply('BatchNormalizationTraining', [x, scale, bias], { epsilon }) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  return { y, mean, variance };
}

/** Group normalisation of [N, C, ...], each image by itself over each of `groups` groups of channels. */
export const groupNormalization = (x: Tensor, scale: Tensor, bias: Tensor, groups: number, epsilon = 1e-5) =>
  apply('GroupNormalization', [x, scale, bias], { groups, epsilon });

/** Sums a tensor down to a shape that broadcasts to its own: the gradient of broadcasting. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const lead = x.shape.length - shape.length;
  const axes = x.shape.flatMap((extent, axis) =>
    axis < lead || (shape[axis - lead] === 1 && extent !== 1) ? [axis] : [],
  );
  return reshape(reduceSum(x, axes, true), shape);
}

/**
 * Adaptive average pooling of [N, C, ...] to given extents: output i averages inputs floor(i n / m) to
 * ceil((i + 1) n / m). Where all of these lie side by side it is an average pooling; else each axis is a product with a constant
 * matrix, and an axis that has its extent already is left alone.
 */
export function adaptiveAveragePool(x: Tensor, size: Shape): Tensor {
  if (size.every((extent) => extent === 1)) return globalAveragePool(x);
  const spatial = x.shape.slice(2);
  if (sameShape(spatial, size)) return x;
  if (size.every((extent, axis) => (spatial[axis] as number) % extent === 0))
    return averagePool(
      x,
      size.map((extent, axis) => (spatial[axis] as number) / extent),
    );
  return size.reduce(
    (t, extent, axis) =>
      t.shape[axis + 2] === extent
        ? t
        : alongAxis(t, axis + 2, adaptiveAverageMatrix(t.shape[axis + 2] as number, extent)),
    x,
  );
}

/** Adaptive maximum pooling of [N, C, ...] to given extents, over the windows of adaptiveAveragePool; axis after axis. */
export function adaptiveMaxPool(x: Tensor, size: Shape): Tensor {
  return size.reduce((t, extent, i) => {
    const axis = i + 2;
    const n = t.shape[axis] as number;
    if (extent === n) return t;
    const windows = Array.from({ length: extent }, (_, window) => {
      const [start, end] = adaptiveWindow(window, n, extent);
      return reduceMax(slice(t, { axes: [axis], starts: [start], ends: [end], steps: [1] }), [axis], true);
    });
    return windows.length === 1 ? (windows[0] as Tensor) : concat(windows, axis);
  }, x);
}

/** Where window i of m over n elements starts and ends; windows overlap where m does not divide n. */
const adaptiveWindow = (i: number, n: number, m: number): [number, number] => [
  Math.floor((i * n) / m),
  Math.ceil(((i + 1) * n) / m),
];

/** The [n, m] matrix of adaptive averaging along one axis. */
function adaptiveAverageMatrix(n: number, m: number): readonly (readonly number[])[] {
  return Array.from({ length: n }, (_, row) =>
    Array.from({ length: m }, (_, column) => {
      const [start, end] = adaptiveWindow(column, n, m);
      return row >= start && row < end ? 1 / (end - start) : 0;
    }),
  );
}

/** Multiplies an axis of extent n by a constant [n, m] matrix. */
export function alongAxis(x: Tensor, axis: number, matrix: readonly (readonly number[])[]): Tensor {
  const last = x.shape.length - 1;
  const perm = x.shape.map((_, a) => (a === axis ? last : a === last ? axis : a));
  const constant = x.graph.constant(matrix.flat(), [matrix.length, (matrix[0] as readonly number[]).length], x.dtype);
  return transpose(matMul(transpose(x, perm), constant), perm);
}
