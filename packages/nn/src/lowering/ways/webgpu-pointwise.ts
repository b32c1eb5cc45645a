/**
 * Pointwise ops and the logarithm of softmax as ONNX Runtime 1.30's webgpu provider can run them. An op without a kernel
 * there runs on the CPU, with a copy of its operands from the device and of its result back to it.
 */
import type { GraphNode, Tensor } from '../../graph/tensor.ts';
import { normaliseAxis, sameShape } from '../../graph/tensor.ts';
import type { Target } from '../layout.ts';
import type { Way } from '../lowering.ts';

const onWebgpu = (_: unknown, { device }: Target) => device === 'webgpu';

/** x - max - log(sum(exp(x - max))): LogSoftmax has no kernel. */
export const webgpuLogSoftmaxWays: readonly Way<'LogSoftmax'>[] = [
  {
    name: 'shifted',
    applies: onWebgpu,
    emit(lowering, node) {
      const [x] = node.inputs as [Tensor];
      const along = lowering.int64([normaliseAxis(node.attributes.axis, x.shape.length)]);
      const reduce = (op: 'ReduceMax' | 'ReduceSum', value: string) =>
        lowering.emit(op, [value, along], { attributes: { keepdims: { int: 1 } } });
      const value = lowering.value(x);
      const shifted = lowering.emit('Sub', [value, reduce('ReduceMax', value)]);
      const logSum = lowering.emit('Log', [reduce('ReduceSum', lowering.emit('Exp', [shifted]))]);
      lowering.define(node.outputs[0] as Tensor, lowering.emit('Sub', [shifted, logSum]));
    },
  },
];

/** (x > 0) - (x < 0): Sign has no kernel. */
export const webgpuSignWays: readonly Way<'Sign'>[] = [
  {
    name: 'comparisons',
    applies: onWebgpu,
    emit(lowering, node) {
      const [x] = node.inputs as [Tensor];
      const [value, zero] = [lowering.value(x), lowering.scalar(0, x.dtype)];
      const one = (comparison: 'Greater' | 'Less') => lowering.cast(lowering.emit(comparison, [value, zero]), x.dtype);
      lowering.define(node.outputs[0] as Tensor, lowering.emit('Sub', [one('Greater'), one('Less')]));
    },
  },
];

/** True when an operand with dimensions is broadcast; a plain number is no trouble. */
const broadcasts = ({ inputs, outputs }: GraphNode<'Pow'>) =>
  inputs.some(({ shape }) => shape.length > 0 && !sameShape(shape, (outputs[0] as Tensor).shape));

/** Operands repeated before the op: the kernel of Pow fails on some broadcasts, [3, 2, 4] to the power of [3, 2, 1]. */
export const webgpuPowWays: readonly Way<'Pow'>[] = [
  {
    name: 'expanded',
    applies: (node, target) => onWebgpu(node, target) && broadcasts(node),
    emit(lowering, node) {
      const [y] = node.outputs as [Tensor];
      const operands = node.inputs.map((input) =>
        sameShape(input.shape, y.shape)
          ? lowering.value(input)
          : lowering.emit('Expand', [lowering.value(input), lowering.int64(y.shape)]),
      );
      lowering.define(y, lowering.emit('Pow', operands));
    },
  },
];
