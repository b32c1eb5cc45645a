/** Pooling over windows, and the gradient of a maximum. */
import type { PoolAttributes } from '../../graph/ops/pooling.ts';
import type { GraphNode, Tensor } from '../../graph/tensor.ts';
import { sizeOf } from '../../graph/tensor.ts';
import type { OnnxAttribute } from '../../onnx/model.ts';
import { blockable } from '../layout.ts';
import type { Lowering, Way } from '../lowering.ts';

function poolingAttributes({ kernel, strides, pads, ceilMode }: PoolAttributes): Record<string, OnnxAttribute> {
  return {
    kernel_shape: { ints: kernel },
    strides: { ints: strides },
    pads: { ints: pads },
    ceil_mode: { int: ceilMode ? 1 : 0 },
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
    emit: (lowering, node) => emitPool(lowering, node as GraphNode, 'MaxPool', poolingAttributes(node.attributes)),
  },
];

export const averagePoolWays: readonly Way<'AveragePool'>[] = [
  {
    name: 'pool',
    emit(lowering, node) {
      const attributes = {
        ...poolingAttributes(node.attributes),
        count_include_pad: { int: node.attributes.countIncludePad ? 1 : 0 },
      };
      emitPool(lowering, node as GraphNode, 'AveragePool', attributes);
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
    // ONNX Runtime's MaxPool says where it found each maximum, as an index into the whole tensor.
    name: 'scatter',
    applies: (node, { device }) => device === 'cpu' && (node.inputs[0] as Tensor).dtype === 'float32',
    emit(lowering, node) {
      const [x, , dy] = node.inputs as [Tensor, Tensor, Tensor];
      const size = sizeOf(x.shape);
      const [, indices] = lowering.emitAll('MaxPool', [lowering.value(x)], {
        attributes: poolingAttributes(node.attributes),
        outputs: 2,
      }) as [string, string];
      const zeros = lowering.emit('Expand', [lowering.scalar(0, x.dtype), lowering.int64([size])]);
      const flat = [
        lowering.reshape(indices, [sizeOf(dy.shape)]),
        lowering.reshape(lowering.value(dy), [sizeOf(dy.shape)]),
      ];
      const scattered = lowering.emit('ScatterElements', [zeros, ...flat], {
        attributes: { axis: { int: 0 }, reduction: { text: 'add' } },
      });
      lowering.define(node.outputs[0] as Tensor, lowering.reshape(scattered, x.shape));
    },
  },
];
