/**
 * The gradient of a convolution with respect to its kernel: dw[o, i, tap] = sum over images and positions of
 * dy[o, position] x[i, position * stride + tap]. Either one convolution with the roles of batch and channels exchanged,
 * or one matrix product a tap over a shifted view of x.
 */
import type { GraphNode, Shape, Tensor } from '../../graph/tensor.ts';
import { sizeOf } from '../../graph/tensor.ts';
import { blockable, filterable, type Target } from '../layout.ts';
import type { Lowering, Way } from '../lowering.ts';
import { channelsLast } from './channels.ts';
import { convolutionAttributes } from './convolution.ts';
import { pixelTaps } from './weight-gradient-by-pixel-taps.ts';
import { gridPositions } from './windows.ts';

type Node = GraphNode<'ConvWeightGradient'>;

/** What a shifted view needs to know: where the spatial axes start, dy's extents, and the geometry. */
interface Views {
  readonly firstAxis: number;
  readonly extents: Shape;
  readonly kernel: Shape;
  readonly strides: Shape;
  readonly dilations: Shape;
}

/**
 * The elements of a padded image that meet dy under each tap, taps in row-major order. The last axis is cut first, once
 * for all taps that share its offset: cuts along the other axes then copy long runs.
 */
function shiftedViews(
  lowering: Lowering,
  padded: string,
  { firstAxis, extents, kernel, strides, dilations }: Views,
): string[] {
  const last = kernel.length - 1;
  const cut = (value: string, axes: readonly number[], starts: readonly number[]) => {
    const ends = axes.map(
      (axis, i) => (starts[i] as number) + ((extents[axis] as number) - 1) * (strides[axis] as number) + 1,
    );
    const lists = [starts, ends, axes.map((axis) => firstAxis + axis), axes.map((axis) => strides[axis] as number)];
    return lowering.emit('Slice', [value, ...lists.map((list) => lowering.int64(list))]);
  };
  const offset = (k: number, axis: number) => k * (dilations[axis] as number);
  const columns = Array.from({ length: kernel[last] as number }, (_, k) => cut(padded, [last], [offset(k, last)]));
  const others = kernel.slice(0, last).map((_, axis) => axis);
  return gridPositions(kernel).map((tap) => {
    const column = columns[tap[last] as number] as string;
    return others.length === 0
      ? column
      : cut(
          column,
          others,
          others.map((axis) => offset(tap[axis] as number, axis)),
        );
  });
}

function padSpatially(lowering: Lowering, x: string, before: number, pads: Shape, after: number): string {
  if (pads.every((p) => p === 0)) return x;
  const axes = pads.length / 2;
  const zeros = (count: number) => new Array<number>(count).fill(0);
  return lowering.emit('Pad', [
    x,
    lowering.int64([
      ...zeros(before),
      ...pads.slice(0, axes),
      ...zeros(after),
      ...zeros(before),
      ...pads.slice(axes),
      ...zeros(after),
    ]),
  ]);
}

/** Per-tap products [taps, I, O] as the kernel, in filter layout where it can be had. */
function defineKernel(lowering: Lowering, node: Node, products: readonly string[], order: 'IO' | 'OI'): void {
  const [output] = node.outputs as [Tensor];
  const [o, i, ...kernel] = output.shape as [number, number, ...number[]];
  const taps = sizeOf(kernel);
  const stacked =
    taps === 1 ? (products[0] as string) : lowering.emit('Concat', products, { attributes: { axis: { int: 0 } } });
  const b = lowering.target.blockSize;
  if (order === 'IO' && kernel.length === 2 && filterable(output.shape, b)) {
    const split = lowering.reshape(stacked, [taps, i / b, b, o / b, b]);
    lowering.define(output, lowering.reshape(lowering.transpose(split, [3, 1, 0, 2, 4]), output.shape), 'filter');
    return;
  }
  const matrix = lowering.reshape(stacked, order === 'IO' ? [taps, i, o] : [taps, o, i]);
  lowering.define(
    output,
    lowering.reshape(lowering.transpose(matrix, order === 'IO' ? [2, 1, 0] : [1, 2, 0]), output.shape),
  );
}

const matrixProduct = (lowering: Lowering, a: string, b: string, transA: boolean, transB: boolean) =>
  lowering.emit('FusedMatMul', [a, b], {
    domain: 'com.microsoft',
    attributes: { transA: { int: transA ? 1 : 0 }, transB: { int: transB ? 1 : 0 } },
  });

const sumOverFirst = (lowering: Lowering, x: string) =>
  lowering.emit('ReduceSum', [x, lowering.int64([0])], { attributes: { keepdims: { int: 0 } } });

const dense = ({ attributes, inputs }: Node, { device }: Target) =>
  attributes.group === 1 && (inputs[0] as Tensor).dtype === 'float32' && device === 'cpu';
const blocked = (node: Node, target: Target) => {
  const [x, dy] = node.inputs as [Tensor, Tensor];
  return dense(node, target) && blockable(x.shape, target.blockSize) && blockable(dy.shape, target.blockSize);
};

/**
 * Whether products image by image, i o numbers for each tap that are written and added up, cost more than bringing the
 * images of a batch side by side, `length` times i numbers for each tap and o: so it is deep inside a network, where kernels
 * are large and images small. The half is from timing ResNets and Inception-ResNet-v2.
 */
function hasLargeKernels({ inputs, attributes }: Node): boolean {
  const [x, dy] = inputs as [Tensor, Tensor];
  const [i, o] = [x.shape[1] as number, dy.shape[1] as number];
  const taps = sizeOf(attributes.weightShape.slice(2));
  return i * o * taps > 0.5 * sizeOf(dy.shape.slice(2)) * (i * taps + o);
}

export const convWeightGradientWays: readonly Way<'ConvWeightGradient'>[] = [
  {
    // x and dy with channels last: a shifted view copies whole rows, and each tap is x^T dy, image by image.
    name: 'taps-channels-last',
    applies: blocked,
    emit(lowering, node) {
      const [x, dy] = node.inputs as [Tensor, Tensor];
      const [n, i] = x.shape as [number, number];
      const [, o, ...extents] = dy.shape as [number, number, ...number[]];
      const { pads, strides, dilations, weightShape } = node.attributes;
      const length = sizeOf(extents);
      const gradient = lowering.reshape(channelsLast(lowering, dy), [n, length, o]);
      const padded = padSpatially(lowering, channelsLast(lowering, x), 1, pads, 1);
      const products = shiftedViews(lowering, padded, {
        firstAxis: 1,
        extents,
        kernel: weightShape.slice(2),
        strides,
        dilations,
      }).map((shiftedView) => {
        const view = lowering.reshape(shiftedView, [n, length, i]);
        return lowering.reshape(sumOverFirst(lowering, matrixProduct(lowering, view, gradient, true, false)), [
          1,
          i,
          o,
        ]);
      });
      defineKernel(lowering, node, products, 'IO');
    },
  },
  pixelTaps,
  {
    // The same with the images of a batch side by side, [C, N * H * W]: no sum over images afterwards.
    name: 'taps-batch-inside-blocked',
    applies: blocked,
    suits: hasLargeKernels,
    emit(lowering, node) {
      emitBatchInside(lowering, node);
    },
  },
  {
    name: 'taps-blocked',
    applies: blocked,
    emit(lowering, node) {
      emitBatched(lowering, node, 'IO');
    },
  },
  {
    name: 'conv-exchanged',
    emit(lowering, node) {
      const [x, dy] = node.inputs as [Tensor, Tensor];
      const [n, c, ...input] = x.shape as [number, number, ...number[]];
      const [, o, ...extents] = dy.shape as [number, number, ...number[]];
      const { strides, pads, dilations, group, weightShape } = node.attributes;
      const perGroup = c / group;
      // x as [C/g, g N, ...], dy as kernels [O, N, ...]: what was a batch is now summed over.
      const grouped = lowering.transpose(
        lowering.reshape(lowering.value(x), [n, group, perGroup, sizeOf(input)]),
        [2, 1, 0, 3],
      );
      const images = lowering.reshape(grouped, [perGroup, group * n, ...input]);
      const kernels = lowering.transpose(lowering.value(dy), [1, 0, ...extents.map((_, axis) => axis + 2)]);
      const exchanged = convolutionAttributes({ strides: dilations, dilations: strides, pads, group }, extents);
      const product = lowering.emit('Conv', [images, kernels], { attributes: exchanged }); // [C/g, O, >= k...]
      const kernel = weightShape.slice(2);
      const axes = kernel.map((_, axis) => axis + 2);
      const taps = lowering.emit('Slice', [
        product,
        lowering.int64(kernel.map(() => 0)),
        lowering.int64(kernel),
        lowering.int64(axes),
      ]);
      lowering.define(
        node.outputs[0] as Tensor,
        lowering.reshape(lowering.transpose(taps, [1, 0, ...axes]), [o, perGroup, ...kernel]),
      );
    },
  },
  {
    name: 'taps',
    applies: dense,
    emit(lowering, node) {
      emitBatched(lowering, node, 'OI');
    },
  },
  {
    // One channel in, one out: a product and a sum for each tap.
    name: 'taps-depthwise',
    applies: ({ attributes, inputs }) => {
      const [x, dy] = inputs as [Tensor, Tensor];
      return attributes.group > 1 && attributes.group === x.shape[1] && attributes.group === dy.shape[1];
    },
    emit(lowering, node) {
      const [x, dy] = node.inputs as [Tensor, Tensor];
      const [, c, ...extents] = dy.shape as [number, number, ...number[]];
      const { pads, strides, dilations, weightShape } = node.attributes;
      const padded = padSpatially(lowering, lowering.value(x), 2, pads, 0);
      const sumAxes = lowering.int64([0, ...extents.map((_, axis) => axis + 2)]);
      const sums = shiftedViews(lowering, padded, {
        firstAxis: 2,
        extents,
        kernel: weightShape.slice(2),
        strides,
        dilations,
      }).map((shiftedView) => {
        const product = lowering.emit('Mul', [shiftedView, lowering.value(dy)]);
        return lowering.reshape(
          lowering.emit('ReduceSum', [product, sumAxes], { attributes: { keepdims: { int: 0 } } }),
          [c, 1],
        );
      });
      const stacked =
        sums.length === 1 ? (sums[0] as string) : lowering.emit('Concat', sums, { attributes: { axis: { int: 1 } } });
      lowering.define(node.outputs[0] as Tensor, lowering.reshape(stacked, weightShape));
    },
  },
];

/** One product a tap and image, channels first; `order` says which operand comes first. */
function emitBatched(lowering: Lowering, node: Node, order: 'IO' | 'OI'): void {
  const [x, dy] = node.inputs as [Tensor, Tensor];
  const [n, i] = x.shape as [number, number];
  const [, o, ...extents] = dy.shape as [number, number, ...number[]];
  const { pads, strides, dilations, weightShape } = node.attributes;
  const length = sizeOf(extents);
  const gradient = lowering.reshape(lowering.value(dy), [n, o, length]);
  const padded = padSpatially(lowering, lowering.value(x), 2, pads, 0);
  const products = shiftedViews(lowering, padded, {
    firstAxis: 2,
    extents,
    kernel: weightShape.slice(2),
    strides,
    dilations,
  }).map((shiftedView) => {
    const view = lowering.reshape(shiftedView, [n, i, length]);
    const [a, b] = order === 'IO' ? [view, gradient] : [gradient, view];
    return lowering.reshape(
      sumOverFirst(lowering, matrixProduct(lowering, a, b, false, true)),
      order === 'IO' ? [1, i, o] : [1, o, i],
    );
  });
  defineKernel(lowering, node, products, order);
}

/** One product a tap over all images, [I, N * H * W] times [N * H * W, O]. */
function emitBatchInside(lowering: Lowering, node: Node): void {
  const [x, dy] = node.inputs as [Tensor, Tensor];
  const [n, i, ...input] = x.shape as [number, number, ...number[]];
  const [, o, ...extents] = dy.shape as [number, number, ...number[]];
  const { pads, strides, dilations, weightShape } = node.attributes;
  const length = sizeOf(extents);
  const inside = (tensor: Tensor, channels: number, pixels: number) =>
    lowering.transpose(lowering.reshape(lowering.value(tensor), [n, channels, pixels]), [1, 0, 2]);
  const gradient = lowering.reshape(inside(dy, o, length), [o, n * length]);
  const padded = padSpatially(lowering, lowering.reshape(inside(x, i, sizeOf(input)), [i, n, ...input]), 2, pads, 0);
  const products = shiftedViews(lowering, padded, {
    firstAxis: 2,
    extents,
    kernel: weightShape.slice(2),
    strides,
    dilations,
  }).map((shiftedView) => {
    const view = lowering.reshape(shiftedView, [i, n * length]);
    return lowering.reshape(matrixProduct(lowering, view, gradient, false, true), [1, i, o]);
  });
  defineKernel(lowering, node, products, 'IO');
}
