/**
 * Convolutions that ONNX Runtime 1.30's webgpu provider refuses or gets wrong, written with those that it gets right.
 * Refused: grouped Conv and every ConvTranspose over three axes. Wrong: ConvTranspose with groups of several channels in
 * and one channel out; Conv with a kernel of the image's extents and pads at the ends alone, which it takes for a matrix
 * product.
 */
import type { ConvAttributes } from '../../graph/ops/convolution.ts';
import type { OpName } from '../../graph/ops/index.ts';
import type { GraphNode, Shape, Tensor } from '../../graph/tensor.ts';
import { sameShape, sizeOf } from '../../graph/tensor.ts';
import type { Target } from '../layout.ts';
import type { Lowering, Way } from '../lowering.ts';
import { convolutionAttributes } from './convolution.ts';

type Lacks<K extends OpName> = (node: GraphNode<K>, target: Target) => boolean;

/** The ways of nodes that have a kernel, then those for nodes that have none. */
function completed<K extends OpName>(known: readonly Way<K>[], lacks: Lacks<K>, instead: Way<K>): readonly Way<K>[] {
  const withKernel = known.map((way) => ({
    ...way,
    applies: (node: GraphNode<K>, target: Target) => !lacks(node, target) && (way.applies?.(node, target) ?? true),
  }));
  return [...withKernel, { ...instead, applies: lacks }];
}

const isVolume = ({ shape }: Tensor) => shape.length === 5;
/** A Conv that is taken for a matrix product though its ends are padded. */
const padsEndsOnly = (image: Shape, kernel: Shape, pads: Shape) =>
  sameShape(image, kernel) &&
  pads.slice(0, kernel.length).every((p) => p === 0) &&
  pads.slice(kernel.length).some((p) => p > 0);
const reachOf = (kernel: Shape, dilations: Shape) => kernel.map((k, i) => (dilations[i] as number) * (k - 1));

const lacksConv: Lacks<'Conv'> = ({ inputs, attributes: { group, pads } }, { device }) => {
  const [x, w] = inputs as [Tensor, Tensor];
  const wrong = padsEndsOnly(x.shape.slice(2), w.shape.slice(2), pads);
  return device === 'webgpu' && (wrong || (group > 1 && isVolume(x)));
};

const lacksExchanged: Lacks<'ConvWeightGradient'> = ({ inputs, attributes: { group, pads } }, { device }) => {
  const [x, dy] = inputs as [Tensor, Tensor];
  const wrong = padsEndsOnly(x.shape.slice(2), dy.shape.slice(2), pads);
  return device === 'webgpu' && (wrong || (group > 1 && isVolume(x)));
};

const lacksTransposed = (w: Tensor, group: number, { device }: Target) => {
  const [channels, perGroup] = w.shape as [number, number];
  return device === 'webgpu' && (isVolume(w) || (group > 1 && perGroup === 1 && channels > group));
};

const lacksConvTranspose: Lacks<'ConvTranspose'> = ({ inputs, attributes: { group } }, target) =>
  lacksTransposed(inputs[1] as Tensor, group, target);

const lacksConvInputGradient: Lacks<'ConvInputGradient'> = ({ inputs, attributes }, target) => {
  const [dy, w] = inputs as [Tensor, Tensor];
  const kernel = w.shape.slice(2);
  const reach = reachOf(kernel, attributes.dilations);
  const pads = attributes.pads.map((pad, i) => (reach[i % reach.length] as number) - pad);
  const wrong = target.device === 'webgpu' && padsEndsOnly(dy.shape.slice(2), kernel, pads);
  return wrong || lacksTransposed(w, attributes.group, target);
};

/** A value cut into equal parts along an axis. */
const parts = (lowering: Lowering, value: string, axis: number, extent: number, count: number): string[] =>
  count === 1
    ? [value]
    : lowering.emitAll('Split', [value, lowering.int64(new Array<number>(count).fill(extent / count))], {
        attributes: { axis: { int: axis } },
        outputs: count,
      });

const concat = (lowering: Lowering, values: readonly string[], axis: number): string =>
  values.length === 1
    ? (values[0] as string)
    : lowering.emit('Concat', values, { attributes: { axis: { int: axis } } });

/** A convolution of an ONNX value of `channels` channels; over three axes group by group. */
function convolve(
  lowering: Lowering,
  [x, channels]: readonly [value: string, channels: number],
  [w, shape]: readonly [value: string, shape: Shape],
  attributes: ConvAttributes,
  bias: string | null,
): string {
  const [outputs, , ...kernel] = shape as [number, number, ...number[]];
  const { group } = attributes;
  if (group === 1 || kernel.length < 3) {
    const operands = [x, w, ...(bias === null ? [] : [bias])];
    return lowering.emit('Conv', operands, { attributes: convolutionAttributes(attributes, kernel) });
  }
  const images = parts(lowering, x, 1, channels, group);
  const kernels = parts(lowering, w, 0, outputs, group);
  const biases = bias === null ? [] : parts(lowering, bias, 0, outputs, group);
  const single = { attributes: convolutionAttributes({ ...attributes, group: 1 }, kernel) };
  const results = images.map((image, i) =>
    lowering.emit('Conv', [image, kernels[i] as string, ...biases.slice(i, i + 1)], single),
  );
  return concat(lowering, results, 1);
}

const noPads = (pads: Shape) => pads.map(() => 0);

/** An image with the pads of a convolution around it. */
const padded = (lowering: Lowering, x: Tensor, pads: Shape) => {
  const extents = x.shape.slice(2);
  return padOrCrop(lowering, lowering.value(x), extents, pads.slice(0, extents.length), pads.slice(extents.length));
};

const groupwise: Way<'Conv'> = {
  name: 'pad-conv-groupwise',
  emit(lowering, node) {
    const [x, w, bias] = node.inputs as [Tensor, Tensor, Tensor?];
    const { pads } = node.attributes;
    const y = convolve(
      lowering,
      [padded(lowering, x, pads), x.shape[1] as number],
      [lowering.value(w), w.shape],
      { ...node.attributes, pads: noPads(pads) },
      bias ? lowering.value(bias) : null,
    );
    lowering.define(node.outputs[0] as Tensor, y);
  },
};

/** One group at a time, batch and channels exchanged: dw = x^T * dy^T with strides and dilations exchanged. */
const groupwiseExchanged: Way<'ConvWeightGradient'> = {
  name: 'pad-conv-exchanged-groupwise',
  emit(lowering, node) {
    const [x, dy] = node.inputs as [Tensor, Tensor];
    const { strides, pads, dilations, group, weightShape } = node.attributes;
    const [kernel, axes] = [weightShape.slice(2), weightShape.slice(2).map((_, axis) => axis + 2)];
    const exchanged = (value: string) => lowering.transpose(value, [1, 0, ...axes]);
    const attributes = convolutionAttributes(
      { strides: dilations, dilations: strides, pads: noPads(pads), group: 1 },
      dy.shape.slice(2),
    );
    const slopes = parts(lowering, lowering.value(dy), 1, dy.shape[1] as number, group);
    const products = parts(lowering, padded(lowering, x, pads), 1, x.shape[1] as number, group).map((image, i) =>
      lowering.emit('Conv', [exchanged(image), exchanged(slopes[i] as string)], { attributes }),
    ); // [C/g, O/g, >= k...]
    const taps = lowering.emit('Slice', [
      concat(lowering, products, 1),
      lowering.int64(kernel.map(() => 0)),
      lowering.int64(kernel),
      lowering.int64(axes),
    ]);
    lowering.define(node.outputs[0] as Tensor, exchanged(taps));
  },
};

/** Images [N, C, ...] with s - 1 zeros after each element of an axis, s its stride. */
function spread(lowering: Lowering, x: string, shape: Shape, strides: Shape): string {
  let [value, extents] = [x, shape];
  for (const [i, stride] of strides.entries()) {
    if (stride === 1) continue;
    const tail = sizeOf(extents.slice(i + 3)); // elements of one row of the axis, which becomes s rows
    const rows = lowering.reshape(value, [sizeOf(extents) / tail, tail]);
    const padded = lowering.emit('Pad', [rows, lowering.int64([0, 0, 0, (stride - 1) * tail])]);
    extents = extents.map((extent, axis) => (axis === i + 2 ? extent * stride : extent));
    value = lowering.reshape(padded, extents);
  }
  return value;
}

/** A kernel [C, M/g, k...] of a transposed convolution as that of the convolution, [M, C/g, k...] with its taps reversed. */
function flipped(lowering: Lowering, w: string, shape: Shape, group: number): readonly [string, Shape] {
  const [channels, perGroup, ...kernel] = shape as [number, number, ...number[]];
  const taps = sizeOf(kernel);
  const split = lowering.reshape(w, [group, channels / group, perGroup, taps]);
  const turned = lowering.transpose(split, [0, 2, 1, 3]);
  const backwards = lowering.int64(Array.from({ length: taps }, (_, tap) => taps - 1 - tap));
  const reversed = lowering.emit('Gather', [turned, backwards], { attributes: { axis: { int: 3 } } });
  const result = [group * perGroup, channels / group, ...kernel];
  return [lowering.reshape(reversed, result), result];
}

/** What is missing (positive) or too much (negative) at the ends of the spatial axes of an image. */
function padOrCrop(lowering: Lowering, x: string, extents: Shape, begins: Shape, ends: Shape): string {
  const axes = extents.map((_, axis) => axis + 2);
  const more = [0, 0, ...begins.map((p) => Math.max(p, 0)), 0, 0, ...ends.map((p) => Math.max(p, 0))];
  const padded = more.some((p) => p > 0) ? lowering.emit('Pad', [x, lowering.int64(more)]) : x;
  if ([...begins, ...ends].every((p) => p >= 0)) return padded;
  const starts = begins.map((p) => Math.max(-p, 0));
  const stops = extents.map((extent, i) => extent + Math.max(begins[i] as number, 0) + (ends[i] as number));
  return lowering.emit('Slice', [padded, lowering.int64(starts), lowering.int64(stops), lowering.int64(axes)]);
}

/** The transposed convolution as a convolution of stride 1 over x with zeros between its elements. */
function emitSpread(
  lowering: Lowering,
  node: GraphNode<'ConvTranspose'> | GraphNode<'ConvInputGradient'>,
  bias: Tensor | null,
): void {
  const [x, w] = node.inputs as [Tensor, Tensor];
  const [y] = node.outputs as [Tensor];
  const { strides, dilations, pads, group } = node.attributes;
  const extents = x.shape.slice(2).map((extent, i) => extent * (strides[i] as number));
  const reach = reachOf(w.shape.slice(2), dilations);
  const begins = reach.map((r, i) => r - (pads[i] as number));
  const ends = reach.map((r, i) => (y.shape[i + 2] as number) + r - (begins[i] as number) - (extents[i] as number));
  const image = padOrCrop(lowering, spread(lowering, lowering.value(x), x.shape, strides), extents, begins, ends);
  const attributes = { group, dilations, strides: strides.map(() => 1), pads: noPads(pads) };
  const result = convolve(
    lowering,
    [image, x.shape[1] as number],
    flipped(lowering, lowering.value(w), w.shape, group),
    attributes,
    bias === null ? null : lowering.value(bias),
  );
  lowering.define(y, result);
}

/** The ways to write a convolution, given those of nodes for which the provider has a kernel. */
export const completedConvWays = (known: readonly Way<'Conv'>[]) => completed(known, lacksConv, groupwise);

/** Likewise of the gradient with respect to the kernel. */
export const completedConvWeightGradientWays = (known: readonly Way<'ConvWeightGradient'>[]) =>
  completed(known, lacksExchanged, groupwiseExchanged);

/** Likewise of a transposed convolution. */
export const completedConvTransposeWays = (known: readonly Way<'ConvTranspose'>[]) =>
  completed(known, lacksConvTranspose, {
    name: 'spread-conv',
    emit: (lowering, node) => emitSpread(lowering, node, node.inputs[2] ?? null),
  });

/** Likewise of the gradient with respect to the image. */
export const completedConvInputGradientWays = (known: readonly Way<'ConvInputGradient'>[]) =>
  completed(known, lacksConvInputGradient, {
    name: 'spread-conv',
    emit: (lowering, node) => emitSpread(lowering, node, null),
  });
