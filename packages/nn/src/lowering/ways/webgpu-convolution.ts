/**
 * Convolutions that ONNX Runtime 1.30's webgpu provider refuses or gets wrong, written with those that it gets right.
 * Refused: grouped Conv and every ConvTranspose over three axes. Wrong: ConvTranspose with groups of several channels in
 * and one channel out; Conv with groups of 5, 6, 7, 9 ... channels out, where it writes 2 or 4 channels at a time across
 * groups; Conv with a kernel of one place or of the image's extents and with pads at the ends alone, which it takes for a
 * matrix product. Found by tests/webgpu-operations.test.ts and by comparing 500 random convolutions with the CPU's.
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

/** A Conv that is taken for a matrix product though its ends are padded. */
const padsEndsOnly = (image: Shape, kernel: Shape, pads: Shape) =>
  (sameShape(image, kernel) || kernel.every((k) => k === 1)) &&
  pads.slice(0, kernel.length).every((p) => p === 0) &&
  pads.slice(kernel.length).some((p) => p > 0);
/** Whether a Conv of several groups must be written group by group. */
const needsSplit = (rank: number, outputs: number, group: number) => {
  const written = outputs % 4 === 0 ? 4 : outputs % 2 === 0 ? 2 : 1; // channels at a time
  return group > 1 && (rank === 5 || (outputs / group > 4 && (outputs / group) % written !== 0));
};
const reachOf = (kernel: Shape, dilations: Shape) => kernel.map((k, i) => (dilations[i] as number) * (k - 1));

const lacksConv: Lacks<'Conv'> = ({ inputs, attributes: { group, pads } }, { device }) => {
  const [x, w] = inputs as [Tensor, Tensor];
  const wrong = padsEndsOnly(x.shape.slice(2), w.shape.slice(2), pads);
  return device === 'webgpu' && (wrong || needsSplit(w.shape.length, w.shape[0] as number, group));
};

const lacksExchanged: Lacks<'ConvWeightGradient'> = ({ inputs, attributes: { group, pads } }, { device }) => {
  const [x, dy] = inputs as [Tensor, Tensor];
  const wrong = padsEndsOnly(x.shape.slice(2), dy.shape.slice(2), pads);
  return device === 'webgpu' && (wrong || needsSplit(dy.shape.length, dy.shape[1] as number, group));
};

const lacksTransposed = (w: Tensor, group: number, { device }: Target) => {
  const [channels, perGroup] = w.shape as [number, number];
  return device === 'webgpu' && (w.shape.length === 5 || (group > 1 && perGroup === 1 && channels > group));
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

/** An ONNX value with its shape. */
interface Shaped {
  readonly value: string;
  readonly shape: Shape;
}

/** A value cut into equal parts along an axis. */
function groupsOf(lowering: Lowering, { value, shape }: Shaped, axis: number, group: number): Shaped[] {
  if (group === 1) return [{ value, shape }];
  const size = (shape[axis] as number) / group;
  const parts = lowering.emitAll('Split', [value, lowering.int64(new Array<number>(group).fill(size))], {
    attributes: { axis: { int: axis } },
    outputs: group,
  });
  return parts.map((part) => ({ value: part, shape: shape.map((extent, i) => (i === axis ? size : extent)) }));
}

/** A convolution of one group; where pads at the ends alone would mislead, one more place at the start, then dropped. */
function convolveGroup(
  lowering: Lowering,
  image: Shaped,
  kernel: Shaped,
  attributes: ConvAttributes,
  bias: readonly string[],
): string {
  const [extents, window] = [image.shape.slice(2), kernel.shape.slice(2)];
  const { strides, pads } = attributes;
  const misleads = padsEndsOnly(extents, window, pads);
  const used = misleads ? { ...attributes, pads: [strides[0] as number, ...pads.slice(1)] } : attributes;
  const operands = [image.value, kernel.value, ...bias];
  const result = lowering.emit('Conv', operands, { attributes: convolutionAttributes(used, window) });
  if (!misleads) return result;
  const box = [[1], [Number.MAX_SAFE_INTEGER], [2]].map((list) => lowering.int64(list));
  return lowering.emit('Slice', [result, ...box]);
}

/** A convolution with a bias or none, group by group where it must be. */
function convolve(
  lowering: Lowering,
  image: Shaped,
  kernel: Shaped,
  attributes: ConvAttributes,
  bias: readonly string[] = [],
): string {
  const { group } = attributes;
  if (!needsSplit(kernel.shape.length, kernel.shape[0] as number, group))
    return convolveGroup(lowering, image, kernel, attributes, bias);
  const images = groupsOf(lowering, image, 1, group);
  const kernels = groupsOf(lowering, kernel, 0, group);
  const biases = bias.flatMap((value) => groupsOf(lowering, { value, shape: kernel.shape.slice(0, 1) }, 0, group));
  const results = images.map((part, i) =>
    convolveGroup(
      lowering,
      part,
      kernels[i] as Shaped,
      { ...attributes, group: 1 },
      biases.slice(i, i + 1).map(({ value }) => value),
    ),
  );
  return lowering.emit('Concat', results, { attributes: { axis: { int: 1 } } });
}

const shaped = (lowering: Lowering, tensor: Tensor): Shaped => ({
  value: lowering.value(tensor),
  shape: tensor.shape,
});

const groupwise: Way<'Conv'> = {
  name: 'conv-groupwise',
  emit(lowering, node) {
    const [x, w, bias] = node.inputs as [Tensor, Tensor, Tensor?];
    const addend = bias ? [lowering.value(bias)] : [];
    const y = convolve(lowering, shaped(lowering, x), shaped(lowering, w), node.attributes, addend);
    lowering.define(node.outputs[0] as Tensor, y);
  },
};

/** One group at a time, batch and channels exchanged: dw = x^T * dy^T with strides and dilations exchanged. */
const groupwiseExchanged: Way<'ConvWeightGradient'> = {
  name: 'conv-exchanged-groupwise',
  emit(lowering, node) {
    const [x, dy] = node.inputs as [Tensor, Tensor];
    const { strides, pads, dilations, group, weightShape } = node.attributes;
    const [kernel, axes] = [weightShape.slice(2), weightShape.slice(2).map((_, axis) => axis + 2)];
    const exchanged = ({ value, shape }: Shaped): Shaped => ({
      value: lowering.transpose(value, [1, 0, ...axes]),
      shape: [shape[1] as number, shape[0] as number, ...shape.slice(2)],
    });
    const attributes = { strides: dilations, dilations: strides, pads, group: 1 };
    const slopes = groupsOf(lowering, shaped(lowering, dy), 1, group);
    const products = groupsOf(lowering, shaped(lowering, x), 1, group).map((image, i) =>
      convolve(lowering, exchanged(image), exchanged(slopes[i] as Shaped), attributes),
    ); // [C/g, O/g, >= k...]
    const joined =
      group === 1 ? (products[0] as string) : lowering.emit('Concat', products, { attributes: { axis: { int: 1 } } });
    const box = [kernel.map(() => 0), kernel, axes].map((list) => lowering.int64(list));
    const taps = lowering.emit('Slice', [joined, ...box]);
    lowering.define(node.outputs[0] as Tensor, lowering.transpose(taps, [1, 0, ...axes]));
  },
};

/** Images [N, C, ...] with s - 1 zeros after each element of an axis, s its stride. */
function spread(lowering: Lowering, { value, shape }: Shaped, strides: Shape): Shaped {
  return strides.reduce<Shaped>(
    (image, stride, i) => {
      if (stride === 1) return image;
      const tail = sizeOf(image.shape.slice(i + 3)); // elements of one row of the axis, which becomes s rows
      const rows = lowering.reshape(image.value, [sizeOf(image.shape) / tail, tail]);
      const apart = lowering.emit('Pad', [rows, lowering.int64([0, 0, 0, (stride - 1) * tail])]);
      const longer = image.shape.map((extent, axis) => (axis === i + 2 ? extent * stride : extent));
      return { value: lowering.reshape(apart, longer), shape: longer };
    },
    { value, shape },
  );
}

/** A kernel [C, M/g, k...] of a transposed convolution as that of the convolution, [M, C/g, k...] with its taps reversed. */
function flipped(lowering: Lowering, { value, shape }: Shaped, group: number): Shaped {
  const [channels, perGroup, ...kernel] = shape as [number, number, ...number[]];
  const taps = sizeOf(kernel);
  const split = lowering.reshape(value, [group, channels / group, perGroup, taps]);
  const turned = lowering.transpose(split, [0, 2, 1, 3]);
  const backwards = lowering.int64(Array.from({ length: taps }, (_, tap) => taps - 1 - tap));
  const reversed = lowering.emit('Gather', [turned, backwards], { attributes: { axis: { int: 3 } } });
  const result = [group * perGroup, channels / group, ...kernel];
  return { value: lowering.reshape(reversed, result), shape: result };
}

/** Images with zeros added at the ends of the spatial axes, or places taken away where `pads` are negative. */
function padOrCrop(lowering: Lowering, { value, shape }: Shaped, pads: Shape): Shaped {
  const axes = pads.length / 2;
  const more = pads.map((pad) => Math.max(pad, 0));
  const padded = lowering.emit('Pad', [
    value,
    lowering.int64([0, 0, ...more.slice(0, axes), 0, 0, ...more.slice(axes)]),
  ]);
  const extents = shape.slice(2).map((extent, i) => extent + (pads[i] as number) + (pads[i + axes] as number));
  const starts = pads.slice(0, axes).map((pad) => Math.max(-pad, 0));
  const stops = starts.map((start, i) => start + (extents[i] as number));
  const box = [starts, stops, starts.map((_, i) => i + 2)].map((list) => lowering.int64(list));
  return { value: lowering.emit('Slice', [padded, ...box]), shape: [...shape.slice(0, 2), ...extents] };
}

/** The transposed convolution as a convolution of stride 1 over x with zeros between its elements. */
function emitSpread(
  lowering: Lowering,
  node: GraphNode<'ConvTranspose'> | GraphNode<'ConvInputGradient'>,
  bias: readonly string[],
): void {
  const [x, w] = node.inputs as [Tensor, Tensor];
  const [y] = node.outputs as [Tensor];
  const { strides, dilations, pads, group } = node.attributes;
  const apart = spread(lowering, shaped(lowering, x), strides);
  const reach = reachOf(w.shape.slice(2), dilations);
  const begins = reach.map((r, i) => r - (pads[i] as number));
  const ends = reach.map(
    (r, i) => (y.shape[i + 2] as number) + r - (begins[i] as number) - (apart.shape[i + 2] as number),
  );
  const around = [...begins, ...ends];
  const fits = around.every((pad) => pad >= 0);
  const result = convolve(
    lowering,
    fits ? apart : padOrCrop(lowering, apart, around),
    flipped(lowering, shaped(lowering, w), group),
    { group, dilations, strides: strides.map(() => 1), pads: fits ? around : around.map(() => 0) },
    bias,
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
    emit: (lowering, node) =>
      emitSpread(
        lowering,
        node,
        node.inputs.slice(2).map((bias) => lowering.value(bias)),
      ),
  });

/** Likewise of the gradient with respect to the image. */
export const completedConvInputGradientWays = (known: readonly Way<'ConvInputGradient'>[]) =>
  completed(known, lacksConvInputGradient, {
    name: 'spread-conv',
    emit: (lowering, node) => emitSpread(lowering, node, []),
  });
