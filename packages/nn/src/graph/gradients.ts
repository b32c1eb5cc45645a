/**
 * The reverse-mode rule of every op, in one table. A rule takes the node and the gradients of its outputs (null where
 * nothing depends on an output) and returns the gradients of its inputs (null where there is none to give).
 */
import { GraphError } from './errors.ts';
import * as f from './functions.ts';
import { averagePoolBack, resizeBack, sliceBack } from './gradients-of-windows.ts';
import type { OpName } from './ops/index.ts';
import type { GraphNode, Shape, Tensor } from './tensor.ts';
import { normaliseAxis, sizeOf } from './tensor.ts';

type Gradients = readonly (Tensor | null)[];
/** How a gradient goes back through an op. */
export type GradientRule<K extends OpName> = (node: GraphNode<K>, outputGradients: Gradients) => Gradients;

/** For ops with a single output: the rule as a function of dy. */
const single =
  <K extends OpName>(rule: (dy: Tensor, node: GraphNode<K>) => Gradients): GradientRule<K> =>
  (node, [dy]) =>
    dy ? rule(dy, node) : node.inputs.map(() => null);

/** Element-wise with broadcasting: each gradient is summed down to its operand. */
const pointwise = <K extends OpName>(
  rule: (dy: Tensor, a: Tensor, b: Tensor, y: Tensor) => readonly [Tensor, Tensor],
) =>
  single<K>((dy, { inputs, outputs }) => {
    const [a, b] = inputs as [Tensor, Tensor];
    const [da, db] = rule(dy, a, b, outputs[0] as Tensor);
    return [f.sumTo(da, a.shape), f.sumTo(db, b.shape)];
  });

const unary = <K extends OpName>(rule: (dy: Tensor, x: Tensor, y: Tensor, node: GraphNode<K>) => Tensor) =>
  single<K>((dy, node) => [rule(dy, node.inputs[0] as Tensor, node.outputs[0] as Tensor, node)]);

/** An op through which no gradient passes because its output does not vary with its input, almost everywhere. */
const flat: GradientRule<OpName> = (node) => node.inputs.map(() => null);

/** An op that has no gradient: it stands for a first derivative already. */
const firstOrderOnly: GradientRule<OpName> = (node) => {
  throw new GraphError('not-differentiable', `${node.name} is a first derivative and is not differentiated again`);
};

const oneWhere = (condition: Tensor, like: Tensor) => f.cast(condition, like.dtype);
const keepAxes = (dy: Tensor, x: Tensor, { axes }: { axes: Shape }): Tensor => {
  const reduced = new Set(axes.length === 0 ? x.shape.keys() : axes.map((axis) => normaliseAxis(axis, x.shape.length)));
  return f.reshape(
    dy,
    x.shape.map((extent, axis) => (reduced.has(axis) ? 1 : extent)),
  );
};
const swapLast = (x: Tensor) =>
  f.transpose(
    x,
    [...x.shape.keys()].map((axis, _, all) => (axis < all.length - 2 ? axis : 2 * all.length - 3 - axis)),
  );
const sumOverAllButChannels = (dy: Tensor) =>
  f.reduceSum(
    dy,
    [...dy.shape.keys()].filter((axis) => axis !== 1),
  );
const perChannel = (vector: Tensor, rank: number) =>
  f.reshape(vector, [vector.shape[0] as number, ...new Array(rank - 2).fill(1)]);

/** Turns any number above 0 that matters into one above 1. */
const STEEP = 1e38;

/**
 * dy times 1 above 0 and the slope elsewhere, in passes that ONNX Runtime vectorises; comparing and choosing take five times as
 * long. By y where the slope keeps its sign, so that x need not be kept.
 */
function leakyReluBack(dy: Tensor, x: Tensor, y: Tensor, { attributes: { alpha } }: GraphNode<'LeakyRelu'>): Tensor {
  if (alpha < 0 || alpha > 1) return f.where(f.greater(x, 0), dy, f.mul(dy, alpha));
  return f.mul(dy, f.clip(f.mul(alpha > 0 ? y : x, STEEP), alpha, 1));
}

/** The table, total over the ops: a missing rule does not compile. */
export const gradients: { readonly [K in OpName]: GradientRule<K> } = {
  // Arithmetic
  Add: pointwise((dy) => [dy, dy]),
  Sub: pointwise((dy) => [dy, f.neg(dy)]),
  Mul: pointwise((dy, a, b) => [f.mul(dy, b), f.mul(dy, a)]), // (ab)' = a'b + ab'
  Div: pointwise((dy, _, b, y) => [f.div(dy, b), f.neg(f.div(f.mul(dy, y), b))]), // (a/b)' = a'/b - (a/b) b'/b
  Pow: pointwise((dy, a, b, y) => [
    f.mul(dy, f.mul(b, f.pow(a, f.sub(b, 1)))), // b a^(b-1)
    f.mul(dy, f.mul(y, f.log(f.where(f.greater(a, 0), a, 1)))), // a^b ln a, taken as 0 where a <= 0
  ]),
  Min: pointwise((dy, a, b) => [
    f.mul(dy, halfShare(f.less(a, b), f.equal(a, b), dy)),
    f.mul(dy, halfShare(f.less(b, a), f.equal(a, b), dy)),
  ]),
  Max: pointwise((dy, a, b) => [
    f.mul(dy, halfShare(f.greater(a, b), f.equal(a, b), dy)),
    f.mul(dy, halfShare(f.greater(b, a), f.equal(a, b), dy)),
  ]),
  Equal: flat,
  Greater: flat,
  GreaterOrEqual: flat,
  Less: flat,
  LessOrEqual: flat,
  Sign: flat,
  Abs: unary((dy, x) => f.mul(dy, f.sign(x))),
  Neg: unary((dy) => f.neg(dy)),
  Exp: unary((dy, _, y) => f.mul(dy, y)), // (e^x)' = e^x
  Log: unary((dy, x) => f.div(dy, x)),
  Sqrt: unary((dy, _, y) => f.div(f.mul(dy, 0.5), y)), // 1 / (2 sqrt x)
  Where: single((dy, { inputs }) => {
    const [condition, a, b] = inputs as [Tensor, Tensor, Tensor];
    const zero = dy.graph.constant(0, [], dy.dtype);
    return [null, f.sumTo(f.where(condition, dy, zero), a.shape), f.sumTo(f.where(condition, zero, dy), b.shape)];
  }),
  Barrier: single((dy) => [dy, null]),
  Cast: single((dy, { inputs }) => {
    const { dtype } = inputs[0] as Tensor;
    return [dtype.startsWith('float') ? f.cast(dy, dtype) : null];
  }),

  // Activations
  Relu: unary((dy, _, y) => f.reluGradient(y, dy)),
  LeakyRelu: unary(leakyReluBack),
  Sigmoid: unary((dy, _, y) => f.mul(dy, f.mul(y, f.sub(1, y)))), // s' = s (1 - s)
  Tanh: unary((dy, _, y) => f.mul(dy, f.sub(1, f.mul(y, y)))), // 1 - tanh^2
  Clip: unary((dy, x, y) => f.mul(dy, oneWhere(f.equal(x, y), dy))), // passes where nothing was clipped, ends included
  Softmax: unary((dy, _, y, { attributes }) => f.mul(y, f.sub(dy, f.reduceSum(f.mul(dy, y), attributes.axis, true)))), // y (dy - sum dy y)
  LogSoftmax: unary((dy, _, y, { attributes }) => f.sub(dy, f.mul(f.exp(y), f.reduceSum(dy, attributes.axis, true)))), // dy - p sum dy
  ReluGradient: firstOrderOnly,

  // Convolutions
  Conv: single((dy, { inputs, attributes }) => {
    const [x, w, bias] = inputs as [Tensor, Tensor, Tensor?];
    const dx = f.convInputGradient(dy, w, x.shape, attributes);
    const dw = f.convWeightGradient(x, dy, w.shape, attributes);
    return bias ? [dx, dw, sumOverAllButChannels(dy)] : [dx, dw];
  }),
  // A transposed convolution is the input gradient of a convolution from y to x; its own gradients are that one's others.
  ConvTranspose: single((dy, { inputs, attributes }) => {
    const [x, w, bias] = inputs as [Tensor, Tensor, Tensor?];
    const { strides, pads, dilations, group } = attributes;
    const forward = { strides, dilations, group, pads: pads };
    const dx = x.graph.apply('Conv', [dy, w], forward)[0] as Tensor;
    const dw = f.convWeightGradient(dy, x, w.shape, forward);
    return bias ? [dx, dw, sumOverAllButChannels(dy)] : [dx, dw];
  }),
  ConvInputGradient: firstOrderOnly,
  ConvWeightGradient: firstOrderOnly,

  // Products
  MatMul: single((dy, { inputs }) => {
    const [a, b] = inputs as [Tensor, Tensor];
    return [f.sumTo(f.matMul(dy, swapLast(b)), a.shape), f.sumTo(f.matMul(swapLast(a), dy), b.shape)];
  }),
  Gemm: single((dy, { inputs, attributes }) => {
    const [a, b, c] = inputs as [Tensor, Tensor, Tensor?];
    const { transA, transB } = attributes;
    const da = transA
      ? f.gemm(b, dy, undefined, { transA: transB, transB: true })
      : f.gemm(dy, b, undefined, { transB: !transB });
    const db = transB
      ? f.gemm(dy, a, undefined, { transA: true, transB: transA })
      : f.gemm(a, dy, undefined, { transA: !transA });
    return c ? [da, db, f.sumTo(dy, c.shape)] : [da, db];
  }),

  // Pooling
  MaxPool: single((dy, { inputs, outputs, attributes }) => [
    f.maxPoolGradient(inputs[0] as Tensor, outputs[0] as Tensor, dy, attributes),
  ]),
  AveragePool: single((dy, { inputs, attributes }) => [averagePoolBack(dy, (inputs[0] as Tensor).shape, attributes)]),
  GlobalAveragePool: unary((dy, x) => f.expand(f.mul(dy, 1 / sizeOf(x.shape.slice(2))), x.shape)),
  MaxPoolGradient: firstOrderOnly,

  // Normalisation
  BatchNormalization: single((dy, { inputs, attributes }) => {
    const [x, scale, , mean, variance] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
    const rank = x.shape.length;
    const inverse = f.div(1, f.sqrt(f.add(variance, attributes.epsilon)));
    const dx = f.mul(dy, perChannel(f.mul(scale, inverse), rank));
    const dscale = f.mul(sumOverAllButChannels(f.mul(dy, f.sub(x, perChannel(mean, rank)))), inverse);
    return [dx, dscale, sumOverAllButChannels(dy), null, null]; // statistics are buffers, not parameters
  }),
  BatchNormalizationTraining: ({ inputs, outputs, attributes, name }, [dy, ...others]) => {
    if (others.some((gradient) => gradient !== null)) {
      throw new GraphError(
        'not-differentiable',
        `${name}: the batch statistics are for running averages; no gradient goes through them`,
      );
    }
    const [x, scale] = inputs as [Tensor, Tensor];
    const [, , variance, centred] = outputs as [Tensor, Tensor, Tensor, Tensor];
    return dy
      ? x.graph.apply('BatchNormalizationGradient', [centred, dy, scale, variance], attributes)
      : [null, null, null];
  },
  BatchNormalizationGradient: firstOrderOnly,
  GroupNormalization: ({ inputs, outputs, attributes, name }, [dy, ...others]) => {
    if (others.some((gradient) => gradient !== null))
      throw new GraphError(
        'not-differentiable',
        `${name}: the statistics are for the gradient; no gradient goes through them`,
      );
    const [x, scale] = inputs as [Tensor, Tensor];
    const [, mean, variance] = outputs as [Tensor, Tensor, Tensor];
    return dy
      ? x.graph.apply('GroupNormalizationGradient', [x, dy, scale, mean, variance], attributes)
      : [null, null, null];
  },
  GroupNormalizationGradient: firstOrderOnly,

  // Reductions
  ReduceSum: unary((dy, x, _, { attributes }) => f.expand(keepAxes(dy, x, attributes), x.shape)),
  ReduceMean: unary((dy, x, _, { attributes }) =>
    f.expand(f.mul(keepAxes(dy, x, attributes), sizeOf(dy.shape) / sizeOf(x.shape)), x.shape),
  ),
  // The gradient is shared evenly by the elements that reach the maximum, as PyTorch's amax does.
  ReduceMax: unary((dy, x, y, { attributes }) => {
    const reached = oneWhere(f.equal(x, keepAxes(y, x, attributes)), x);
    const share = f.div(keepAxes(dy, x, attributes), f.reduceSum(reached, attributes.axes, true));
    return f.mul(
      reached,
      attributes.axes.length === 0
        ? f.reshape(
            share,
            x.shape.map(() => 1),
          )
        : share,
    );
  }),
  ReduceSumSquare: unary((dy, x, _, { attributes }) => f.mul(f.mul(x, 2), keepAxes(dy, x, attributes))),

  // Movement
  Reshape: unary((dy, x) => f.reshape(dy, x.shape)),
  Transpose: unary((dy, _x, _y, { attributes }) =>
    f.transpose(
      dy,
      attributes.perm.map((_, axis) => attributes.perm.indexOf(axis)),
    ),
  ),
  Concat: single((dy, { inputs, attributes }) => {
    const axis = normaliseAxis(attributes.axis, dy.shape.length);
    return f.split(
      dy,
      axis,
      inputs.map((input) => input.shape[axis] as number),
    );
  }),
  Split: ({ inputs, outputs, attributes }, dys) => {
    const [x] = inputs as [Tensor];
    if (dys.every((dy) => dy === null)) return [null];
    return [
      f.concat(
        dys.map((dy, i) => dy ?? f.expand(x.graph.constant(0, [], x.dtype), (outputs[i] as Tensor).shape)),
        attributes.axis,
      ),
    ];
  },
  Slice: unary((dy, x, _, { attributes }) => sliceBack(dy, x.shape, attributes)),
  Pad: unary((dy, _x, _y, { attributes }) =>
    f.pad(
      dy,
      attributes.pads.map((extent) => -extent),
    ),
  ),
  Expand: unary((dy, x) => f.sumTo(dy, x.shape)),

  // Indexing
  Gather: single((dy, { inputs, attributes }) => {
    const [data, indices] = inputs as [Tensor, Tensor];
    const axis = normaliseAxis(attributes.axis, data.shape.length);
    const flatShape = data.shape.map((extent, a) => (a === axis ? sizeOf(indices.shape) : extent));
    const column = f.reshape(
      indices,
      data.shape.map((_, a) => (a === axis ? sizeOf(indices.shape) : 1)),
    );
    return [f.scatterAdd(f.expand(column, flatShape), f.reshape(dy, flatShape), axis, data.shape), null];
  }),
  GatherElements: single((dy, { inputs, attributes }) => {
    const [data, indices] = inputs as [Tensor, Tensor];
    return [f.scatterAdd(indices, dy, attributes.axis, data.shape), null];
  }),
  ScatterAdd: single((dy, { inputs, attributes }) => [
    null,
    f.gatherElements(dy, inputs[0] as Tensor, attributes.axis),
  ]),
  // y = A(w) x: dx = A^T dy, dw_ms = <dy_m, x_(i_ms)>
  GatherSum: single((dy, { inputs }) => {
    const [data, indices, weights, ...transposed] = inputs as [Tensor, Tensor, Tensor, ...Tensor[]];
    const [rows, channels] = dy.shape as [number, number];
    const dw = f.matMul(f.gather(data, indices), f.reshape(dy, [rows, channels, 1]));
    const dx =
      transposed.length > 0
        ? transposedProduct(dy, transposed)
        : f.gatherSumGradient(dy, indices, weights, data.shape[0] as number);
    return [dx, null, f.reshape(dw, weights.shape), ...transposed.map(() => null)];
  }),
  GatherSumGradient: firstOrderOnly,
  TopK: ({ inputs, outputs, attributes }, [dValues]) => {
    const [x] = inputs as [Tensor];
    return [dValues ? f.scatterAdd(outputs[1] as Tensor, dValues, attributes.axis, x.shape) : null];
  },
  Resize: unary((dy, x, _, { attributes }) => resizeBack(dy, x.shape, attributes)),
};

/** A^T dy by gathering alone; see GatherSum. */
function transposedProduct(dy: Tensor, transposed: readonly Tensor[]): Tensor {
  const sums = [dy];
  for (let i = 0; i < transposed.length - 2; i += 2)
    sums.push(f.gatherSum(sums.at(-1) as Tensor, transposed[i] as Tensor, transposed[i + 1] as Tensor));
  const [indices, weights] = transposed.slice(-2) as [Tensor, Tensor];
  return f.gatherSum(sums.length === 1 ? dy : f.concat(sums, 0), indices, weights);
}

/** 1 where an operand wins, 1/2 where both are equal, as PyTorch's minimum and maximum share a gradient. */
function halfShare(wins: Tensor, ties: Tensor, like: Tensor): Tensor {
  return f.add(oneWhere(wins, like), f.mul(oneWhere(ties, like), 0.5));
}
