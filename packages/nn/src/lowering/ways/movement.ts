/** Ops that move, pick or reduce elements, on plain operands. */
import type { GraphNode, Shape, Tensor } from '../../graph/tensor.ts';
import { normaliseAxis, sameShape, sizeOf } from '../../graph/tensor.ts';
import type { OnnxAttribute } from '../../onnx/model.ts';
import { blockable, holdsBlocked, holdsFilter, isKernel } from '../layout.ts';
import type { Lowering, Way } from '../lowering.ts';
import { channelsLast, fromChannelsLast } from './channels.ts';

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

/** Slices [N, D, C, H, W] and volumes [N, C, D, H, W], either way. */
const SLICES_FIRST = [0, 2, 1, 3, 4];
const movesSlices = (node: GraphNode | null): node is GraphNode<'Transpose'> =>
  node?.op === 'Transpose' && sameShape((node as GraphNode<'Transpose'>).attributes.perm, SLICES_FIRST);

/**
 * Blocked volumes as blocked images of their slices, [N D, C, H, W], or back: the axes [N, C/b] [D] of blocks of planes change
 * places, and planes are copied whole.
 */
function slicesMoved(lowering: Lowering, value: string, outer: Shape, plane: number, result: Shape): string {
  const planes = lowering.reshape(value, [...outer, plane * lowering.target.blockSize]);
  return lowering.reshape(lowering.transpose(planes, [0, 2, 1, 3]), result);
}

/** Pixels as rows: [N, C, P] and [N, P, C], either way. */
const exchangesPixels = (node: GraphNode | null): node is GraphNode<'Transpose'> =>
  node?.op === 'Transpose' && sameShape((node as GraphNode<'Transpose'>).attributes.perm, [0, 2, 1]);
const isFlattened = (flat: Shape, images: Shape) =>
  images.length === 4 && sameShape(flat, [...images.slice(0, 2), sizeOf(images.slice(2))]);

/**
 * Blocked where the channels stay where they are, or where images become volumes of slices; channels last where pixels become rows;
 * a filter where a kernel only gains or loses an axis; plain otherwise.
 */
export const reshapeWays: readonly Way<'Reshape'>[] = [
  {
    name: 'direct',
    emit(lowering, node) {
      const [x] = node.inputs as [Tensor];
      const [y] = node.outputs as [Tensor];
      const b = lowering.target.blockSize;
      const layout = lowering.naturalLayout(x);
      const kept = sameShape(x.shape.slice(0, 2), y.shape.slice(0, 2)); // channels, or those of a kernel
      if (kept && isKernel(x, layout) && holdsFilter(y.shape, b) && holdsFilter(x.shape, b)) {
        lowering.define(y, lowering.reshape(lowering.value(x, 'filter'), y.shape), 'filter');
        return;
      }
      if (layout === 'blocked') {
        if (kept && holdsBlocked(y.shape, b)) {
          lowering.define(y, lowering.reshape(lowering.value(x, 'blocked'), y.shape), 'blocked');
          return;
        }
        const next = lowering.soleConsumer(y);
        if (exchangesPixels(next) && isFlattened(y.shape, x.shape)) {
          const rowsOfPixels = next.outputs[0] as Tensor;
          lowering.done.add(next);
          lowering.define(rowsOfPixels, lowering.reshape(channelsLast(lowering, x), rowsOfPixels.shape));
          return;
        }
        const [n, d, c, rows, columns] = y.shape as [number, number, number, number, number];
        if (movesSlices(next) && sameShape(x.shape, [n * d, c, rows, columns])) {
          const volume = next.outputs[0] as Tensor;
          const value = lowering.value(x, 'blocked');
          lowering.done.add(next);
          lowering.define(volume, slicesMoved(lowering, value, [n, d, c / b], rows * columns, volume.shape), 'blocked');
          return;
        }
      }
      lowering.define(y, lowering.reshape(lowering.value(x), node.attributes.shape));
    },
  },
];

/** Blocked where volumes become images of their slices, or rows of pixels images; plain otherwise. */
export const transposeWays: readonly Way<'Transpose'>[] = [
  {
    name: 'direct',
    emit(lowering, node) {
      const [x] = node.inputs as [Tensor];
      const [y] = node.outputs as [Tensor];
      const b = lowering.target.blockSize;
      const next = lowering.soleConsumer(y);
      if (movesSlices(node as GraphNode) && lowering.naturalLayout(x) === 'blocked' && next?.op === 'Reshape') {
        const [n, c, d, rows, columns] = x.shape as [number, number, number, number, number];
        const images = next.outputs[0] as Tensor;
        if (sameShape(images.shape, [n * d, c, rows, columns])) {
          const value = lowering.value(x, 'blocked');
          lowering.done.add(next);
          lowering.define(images, slicesMoved(lowering, value, [n, c / b, d], rows * columns, images.shape), 'blocked');
          return;
        }
      }
      const images = next?.op === 'Reshape' ? (next.outputs[0] as Tensor) : undefined;
      const blocked = images?.dtype === 'float32' && blockable(images.shape, b);
      if (next && images && blocked && exchangesPixels(node as GraphNode) && isFlattened(y.shape, images.shape)) {
        const value = lowering.value(x);
        lowering.done.add(next);
        lowering.define(images, fromChannelsLast(lowering, value, images.shape), 'blocked');
        return;
      }
      lowering.define(y, lowering.transpose(lowering.value(x), node.attributes.perm));
    },
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
      const joined = lowering.emit('Concat', values, { attributes: { axis: { int: blocked ? 1 : axis } } });
      lowering.define(output, blocked ? lowering.reshape(joined, output.shape) : joined, blocked ? 'blocked' : 'plain');
    },
  },
];

export const expandWays: readonly Way<'Expand'>[] = [
  {
    name: 'direct',
    emit(lowering, node) {
      const [x] = node.inputs as [Tensor];
      const [first, ...rest] = node.attributes.shape as [number, ...number[]];
      // A first extent that stays, of images for example, is not said: 1 keeps it, whatever it is in an exported model.
      const kept = x.shape.length === rest.length + 1 && x.shape[0] === first;
      const shape = lowering.int64(kept ? [1, ...rest] : node.attributes.shape);
      lowering.define(node.outputs[0] as Tensor, lowering.emit('Expand', [lowering.value(x), shape]));
    },
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

/** Whether nearest neighbours repeat every element equally often along each axis. */
const repeats = ({ attributes, inputs }: GraphNode<'Resize'>) =>
  attributes.size.every((extent, axis) => extent % ((inputs[0] as Tensor).shape[axis + 2] as number) === 0);

export const resizeWays: readonly Way<'Resize'>[] = [
  {
    name: 'direct',
    applies: (node) => node.attributes.mode !== 'nearest' || repeats(node),
    emit(lowering, node) {
      const { mode, size } = node.attributes;
      const [x] = node.inputs as [Tensor];
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
      lowering.define(node.outputs[0] as Tensor, lowering.emit('Resize', inputs, { attributes }));
    },
  },
  {
    // ONNX Runtime takes floor(i / (out / in)) in float32, which is one too few at 14 to 2: exact indices instead.
    name: 'gather',
    applies: (node) => node.attributes.mode === 'nearest' && !repeats(node),
    emit(lowering, node) {
      const [x] = node.inputs as [Tensor];
      const resized = node.attributes.size.reduce((value, extent, axis) => {
        const input = x.shape[axis + 2] as number;
        const sources = Array.from({ length: extent }, (_, i) => Math.floor((i * input) / extent));
        if (extent === input) return value;
        return lowering.emit('Gather', [value, lowering.int64(sources)], { attributes: { axis: { int: axis + 2 } } });
      }, lowering.value(x));
      lowering.define(node.outputs[0] as Tensor, resized);
    },
  },
];
