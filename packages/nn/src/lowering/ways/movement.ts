/** Ops that move, pick or reduce elements, on plain operands. */
import { GraphError } from '../../graph/errors.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { normaliseAxis, sizeOf } from '../../graph/tensor.ts';
import type { OnnxAttribute } from '../../onnx/model.ts';
import type { Way } from '../lowering.ts';

/** Reductions over all axes do not care about the layout; the others are written plain. */
export function reductionWays<K extends 'ReduceSum' | 'ReduceMean' | 'ReduceMax' | 'ReduceSumSquare'>(
  op: K,
): readonly Way<K>[] {
  return [
    {
      name: 'reduce',
      emit(lowering, node) {
        const [x] = node.inputs as [Tensor];
        const { axes, keepDims } = node.attributes as { axes: readonly number[]; keepDims: boolean };
        const value = lowering.value(x, axes.length === 0 ? (lowering.naturalLayout(x) ?? 'plain') : 'plain');
        const inputs = axes.length === 0 ? [value] : [value, lowering.int64(axes)];
        lowering.define(
          node.outputs[0] as Tensor,
          lowering.emit(op, inputs, { attributes: { keepdims: { int: keepDims ? 1 : 0 } } }),
        );
      },
    },
  ];
}

export const reshapeWays: readonly Way<'Reshape'>[] = [
  {
    name: 'direct',
    emit: (lowering, node) =>
      lowering.define(
        node.outputs[0] as Tensor,
        lowering.reshape(lowering.value(node.inputs[0] as Tensor), node.attributes.shape),
      ),
  },
];

export const transposeWays: readonly Way<'Transpose'>[] = [
  {
    name: 'direct',
    emit: (lowering, node) =>
      lowering.define(
        node.outputs[0] as Tensor,
        lowering.transpose(lowering.value(node.inputs[0] as Tensor), node.attributes.perm),
      ),
  },
];

/** Channels of blocked images are joined block by block; everything else plain. */
export const concatWays: readonly Way<'Concat'>[] = [
  {
    name: 'direct',
    emit(lowering, node) {
      const { axis } = node.attributes;
      const alongChannels = normaliseAxis(axis, (node.outputs[0] as Tensor).shape.length) === 1;
      const blocked = alongChannels && node.inputs.every((input) => lowering.naturalLayout(input) === 'blocked');
      const b = lowering.target.blockSize;
      const values = node.inputs.map((input) => {
        const [n, c, ...spatial] = input.shape as [number, number, ...number[]];
        return blocked
          ? lowering.reshape(lowering.value(input, 'blocked'), [n, c / b, b * sizeOf(spatial)])
          : lowering.value(input);
      });
      const output = node.outputs[0] as Tensor;
      const joined = lowering.emit('Concat', values, { attributes: { axis: { int: axis } } });
      lowering.define(output, blocked ? lowering.reshape(joined, output.shape) : joined, blocked ? 'blocked' : 'plain');
    },
  },
];

export const expandWays: readonly Way<'Expand'>[] = [
  {
    name: 'direct',
    emit: (lowering, node) =>
      lowering.define(
        node.outputs[0] as Tensor,
        lowering.emit('Expand', [lowering.value(node.inputs[0] as Tensor), lowering.int64(node.attributes.shape)]),
      ),
  },
];

/** Zeros with updates added. ONNX's ScatterElements adds where indices repeat. */
export const scatterAddWays: readonly Way<'ScatterAdd'>[] = [
  {
    name: 'scatter',
    emit(lowering, node) {
      const [indices, updates] = node.inputs as [Tensor, Tensor];
      const zeros = lowering.emit('Expand', [lowering.scalar(0, updates.dtype), lowering.int64(node.attributes.shape)]);
      const attributes = { axis: { int: node.attributes.axis }, reduction: { text: 'add' } };
      lowering.define(
        node.outputs[0] as Tensor,
        lowering.emit('ScatterElements', [zeros, lowering.value(indices), lowering.value(updates)], { attributes }),
      );
    },
  },
];

export const resizeWays: readonly Way<'Resize'>[] = [
  {
    name: 'direct',
    emit(lowering, node) {
      const { mode, size } = node.attributes;
      const [x] = node.inputs as [Tensor];
      const output = node.outputs[0] as Tensor;
      if (x.shape.length !== output.shape.length)
        throw new GraphError('shape', `${node.name}: Resize keeps the number of axes`);
      const attributes: Record<string, OnnxAttribute> =
        mode === 'nearest'
          ? {
              mode: { text: 'nearest' },
              coordinate_transformation_mode: { text: 'asymmetric' },
              nearest_mode: { text: 'floor' },
            }
          : {
              mode: { text: 'linear' },
              coordinate_transformation_mode: { text: mode === 'linear' ? 'half_pixel' : 'align_corners' },
            };
      const inputs = [lowering.value(x), '', '', lowering.int64([...x.shape.slice(0, 2), ...size])];
      lowering.define(output, lowering.emit('Resize', inputs, { attributes }));
    },
  },
];
