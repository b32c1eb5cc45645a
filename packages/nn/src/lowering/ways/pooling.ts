/** Pooling over windows. */
import type { PoolAttributes } from '../../graph/ops/pooling.ts';
import type { GraphNode, Tensor } from '../../graph/tensor.ts';
import { sizeOf } from '../../graph/tensor.ts';
import type { OnnxAttribute } from '../../onnx/model.ts';
import { blockable } from '../layout.ts';
import type { Lowering, Way } from '../lowering.ts';

type Shaped = Pick<Tensor, 'shape'>;

/**
 * End pads with which rounding down gives the op's extents. Rounding up is never asked of ONNX: where a window would
 * start in the padding, its shape inference and ONNX Runtime's kernels disagree. The op drops such windows, so these pads
 * stay shorter than the kernel.
 */
function endPads({ kernel, strides, pads }: PoolAttributes, x: Shaped, y: Shaped): number[] {
  return kernel.map((k, axis) => {
    const reach = ((y.shape[axis + 2] as number) - 1) * (strides[axis] as number) + k;
    const overhang = reach - (pads[axis] as number) - (x.shape[axis + 2] as number);
    return Math.max(pads[axis + kernel.length] as number, overhang);
  });
}

/** A window's geometry as attributes of ONNX's poolings. */
export function poolingAttributes(attributes: PoolAttributes, x: Shaped, y: Shaped): Record<string, OnnxAttribute> {
  const { kernel, strides, pads } = attributes;
  return {
    kernel_shape: { ints: kernel },
    strides: { ints: strides },
    pads: { ints: [...pads.slice(0, kernel.length), ...endPads(attributes, x, y)] },
  };
}

/** Whether images are blocked already and a pooling can be. */
export const isBlocked = (lowering: Lowering, x: Tensor) =>
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
