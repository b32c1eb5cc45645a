/** Element-wise ops: written in whatever layout their operands have, since the order of elements does not matter. */
import type { OpName } from '../../graph/ops/index.ts';
import type { GraphNode, Tensor } from '../../graph/tensor.ts';
import { sameShape, sizeOf } from '../../graph/tensor.ts';
import type { OnnxAttribute } from '../../onnx/model.ts';
import { holdsFilter, isKernel, type Layout } from '../layout.ts';
import type { Lowering, Way } from '../lowering.ts';

/**
 * The layout in which an element-wise node is best written: that of its operands when all are of the result's shape or
 * scalar, and plain otherwise. Operands that nothing has asked for yet follow the others.
 */
export function pointwiseLayout(lowering: Lowering, node: GraphNode): Layout {
  const { shape } = node.outputs[0] as Tensor;
  const full = node.inputs.filter((input) => sizeOf(input.shape) > 1);
  if (!full.every((input) => sameShape(input.shape, shape))) return 'plain';
  for (const input of full) {
    const natural = lowering.naturalLayout(input);
    if (natural !== null && natural !== 'plain') return natural;
  }
  return 'plain';
}

/** The names of a node's operands in a layout; scalars as they are. */
export function operands(lowering: Lowering, node: GraphNode, layout: Layout): string[] {
  return node.inputs.map((input) => lowering.value(input, sizeOf(input.shape) > 1 ? layout : 'plain'));
}

type Named<K extends OpName> = (node: GraphNode<K>) => Readonly<Record<string, OnnxAttribute>>;

/** The op of the same name in ONNX, element by element. */
export function pointwise<K extends OpName>(op: K, attributes: Named<K> = () => ({})): readonly Way<K>[] {
  return [
    {
      name: 'pointwise',
      emit(lowering, node) {
        const layout = pointwiseLayout(lowering, node as GraphNode);
        const result = lowering.emit(op, operands(lowering, node as GraphNode, layout), {
          attributes: attributes(node),
        });
        lowering.define(node.outputs[0] as Tensor, result, layout);
      },
    },
  ];
}

/**
 * A kernel that lies as a filter, or a parameter that nothing has asked for yet, times a factor for each output channel, [O, 1, ...]:
 * [O/b, ..., b] times [O/b, 1, b] in memory. False where the operands are others.
 */
function scaleFilter(lowering: Lowering, { inputs, outputs }: GraphNode<'Mul'>): boolean {
  const [kernel, factor] = inputs as [Tensor, Tensor];
  const [result] = outputs as [Tensor];
  const [channels, ...rest] = kernel.shape as [number, ...number[]];
  const b = lowering.target.blockSize;
  if (kernel.dtype !== 'float32' || !holdsFilter(kernel.shape, b)) return false;
  if (sizeOf(rest) === 1 || !sameShape(factor.shape, [channels, ...rest.map(() => 1)])) return false;
  if (!isKernel(kernel, lowering.naturalLayout(kernel))) return false;
  const [filter, factors] = [
    lowering.reshape(lowering.value(kernel, 'filter'), [channels / b, sizeOf(rest), b]),
    lowering.reshape(lowering.value(factor), [channels / b, 1, b]),
  ];
  lowering.define(result, lowering.reshape(lowering.emit('Mul', [filter, factors]), result.shape), 'filter');
  return true;
}

const [anyMul] = pointwise('Mul') as [Way<'Mul'>];

export const mulWays: readonly Way<'Mul'>[] = [
  {
    name: 'pointwise',
    emit(lowering, node) {
      if (!scaleFilter(lowering, node)) anyMul.emit(lowering, node);
    },
  },
];

/** The op of the same name in ONNX on plain operands. */
export function direct<K extends OpName>(
  op: K,
  attributes: Named<K> = () => ({}),
  extraInputs: (lowering: Lowering, node: GraphNode<K>) => readonly string[] = () => [],
): readonly Way<K>[] {
  return [
    {
      name: 'direct',
      emit(lowering, node) {
        const inputs = [...node.inputs.map((input) => lowering.value(input)), ...extraInputs(lowering, node)];
        const results = lowering.emitAll(op, inputs, { attributes: attributes(node), outputs: node.outputs.length });
        for (const [i, output] of node.outputs.entries()) lowering.define(output, results[i] as string);
      },
    },
  ];
}

/**
 * x plus a zero that is made from an element of `after`: min(|e|, 0). The element is taken from memory as it lies, so no
 * layout is converted for it.
 */
/** An element of a tensor, [1]. */
function firstElement(lowering: Lowering, tensor: Tensor): string {
  const axes = tensor.shape.map((_, axis) => axis);
  const source = lowering.value(tensor, lowering.naturalLayout(tensor) ?? 'plain');
  const box = [axes.map(() => 0), axes.map(() => 1), axes].map((list) => lowering.int64(list));
  return lowering.reshape(axes.length === 0 ? source : lowering.emit('Slice', [source, ...box]), [1]);
}

export const barrierWays: readonly Way<'Barrier'>[] = [
  {
    // A reshape of x, which copies nothing, to its own shape plus a zero that is known when `after` is.
    name: 'runtime-shape',
    applies: (_, { device }) => device === 'cpu',
    emit(lowering, node) {
      const [x, after] = node.inputs as [Tensor, Tensor];
      const layout = lowering.naturalLayout(x) ?? 'plain';
      const infinity = lowering.vector([Number.POSITIVE_INFINITY], after.dtype);
      const never = lowering.emit('Greater', [firstElement(lowering, after), infinity]); // of NaN as well
      const shape = lowering.emit('Add', [lowering.int64(x.shape), lowering.cast(never, 'int64')]);
      lowering.define(node.outputs[0] as Tensor, lowering.emit('Reshape', [lowering.value(x, layout), shape]), layout);
    },
  },
  {
    // Elsewhere a shape would have to come back from the device: x plus zero times an element, NaN when that is.
    name: 'zero-of-element',
    applies: (_, { device }) => device !== 'cpu',
    emit(lowering, node) {
      const [x, after] = node.inputs as [Tensor, Tensor];
      const layout = lowering.naturalLayout(x) ?? 'plain';
      const element = lowering.reshape(firstElement(lowering, after), []);
      const zero = lowering.emit('Min', [lowering.emit('Abs', [element]), lowering.scalar(0, x.dtype)]);
      lowering.define(node.outputs[0] as Tensor, lowering.emit('Add', [lowering.value(x, layout), zero]), layout);
    },
  },
];

/** Clip takes its limits as operands. */
export const clipWays: readonly Way<'Clip'>[] = [
  {
    name: 'pointwise',
    emit(lowering, node) {
      const layout = pointwiseLayout(lowering, node as GraphNode);
      const { min, max } = node.attributes;
      const [x] = node.inputs as [Tensor];
      const result = lowering.emit('Clip', [
        lowering.value(x, layout),
        lowering.scalar(min, x.dtype),
        lowering.scalar(max, x.dtype),
      ]);
      lowering.define(node.outputs[0] as Tensor, result, layout);
    },
  },
];

/** A slope so steep that HardSigmoid is 0 up to 0 and 1 from the smallest float that matters: the mask y > 0 in one pass. */
const STEEP = 1e38;

/** dy where y > 0. ONNX Runtime vectorises HardSigmoid and Mul; comparing, casting and choosing take five times as long. */
export const reluGradientWays: readonly Way<'ReluGradient'>[] = [
  {
    name: 'hard-sigmoid',
    applies: ({ inputs }) => (inputs[0] as Tensor).dtype === 'float32',
    emit(lowering, node) {
      const layout = pointwiseLayout(lowering, node as GraphNode);
      const [y, dy] = operands(lowering, node as GraphNode, layout) as [string, string];
      const mask = lowering.emit('HardSigmoid', [y], { attributes: { alpha: { float: STEEP }, beta: { float: 0 } } });
      lowering.define(node.outputs[0] as Tensor, lowering.emit('Mul', [mask, dy]), layout);
    },
  },
  {
    name: 'where',
    emit(lowering, node) {
      const layout = pointwiseLayout(lowering, node as GraphNode);
      const [y, dy] = operands(lowering, node as GraphNode, layout) as [string, string];
      const zero = lowering.scalar(0, (node.inputs[0] as Tensor).dtype);
      const positive = lowering.emit('Greater', [y, zero]);
      lowering.define(node.outputs[0] as Tensor, lowering.emit('Where', [positive, dy, zero]), layout);
    },
  },
];
