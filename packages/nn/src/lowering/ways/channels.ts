/** Sums and affine maps of images by channel, in either layout: what batch and group normalisation are made of. */
import type { Shape, Tensor } from '../../graph/tensor.ts';
import { sameShape, sizeOf } from '../../graph/tensor.ts';
import type { OnnxAttribute } from '../../onnx/model.ts';
import { imageOf, type Layout } from '../layout.ts';
import type { Lowering } from '../lowering.ts';
import { type Activation, activationAttributes, emitActivation } from './fused-activation.ts';

/** An ONNX value that holds images [N, C, ...] in a layout. */
export interface Images {
  readonly value: string;
  readonly shape: Shape;
  readonly layout: Layout;
}

const NCHWC = 'com.microsoft.nchwc';

/** A convolution of each channel by itself. */
export const depthwiseAttributes = (channels: number, kernel: Shape): Record<string, OnnxAttribute> => ({
  kernel_shape: { ints: kernel },
  strides: { ints: [1, 1] },
  dilations: { ints: [1, 1] },
  pads: { ints: [0, 0, 0, 0] },
  group: { int: channels },
});

const sumOver = (lowering: Lowering, value: string, axes: readonly number[]) =>
  lowering.emit('ReduceSum', [value, lowering.int64(axes)], { attributes: { keepdims: { int: 0 } } });

/** Extents of blocked images as rows of pixels: each row is added up by itself, so that threads share them and sums stay short. */
function rowsOf(lowering: Lowering, shape: Shape) {
  const [n, c, rows, columns] = imageOf(shape) as [number, number, number, number];
  return { blocks: (n * c) / lowering.target.blockSize, rows, columns, images: [n, c] };
}

/** Sums of rows, [N C/b rows, b] in memory, as sums of images, [N, C]. */
function addRows(lowering: Lowering, sums: string, shape: Shape): string {
  const { blocks, rows, images } = rowsOf(lowering, shape);
  const perBlock = sumOver(lowering, lowering.reshape(sums, [blocks, rows, lowering.target.blockSize]), [1]);
  return lowering.reshape(perBlock, images);
}

/** Sums over the pixels of each image: [N, C]. */
export function imageSum(lowering: Lowering, { value, shape, layout }: Images): string {
  if (layout === 'plain') {
    const [n, c, ...spatial] = shape as [number, number, ...number[]];
    return sumOver(lowering, lowering.reshape(value, [n, c, sizeOf(spatial)]), [2]);
  }
  const { blocks, rows, columns } = rowsOf(lowering, shape);
  const ofRows = lowering.reshape(value, [blocks * rows, columns, lowering.target.blockSize]);
  return addRows(lowering, sumOver(lowering, ofRows, [1]), shape);
}

/** Sums over all but the channels: [C]. */
export function channelSum(lowering: Lowering, images: Images): string {
  const { value, shape, layout } = images;
  const [n, c, ...spatial] = shape as [number, number, ...number[]];
  if (layout === 'plain') return sumOver(lowering, lowering.reshape(value, [n, c, sizeOf(spatial)]), [0, 2]);
  return sumOver(lowering, imageSum(lowering, images), [0]);
}

/**
 * Sums of the products of two images of the same shape and layout, over the pixels of each: [N, C]. Blocked, they are depthwise
 * convolutions of the rows of one by those of the other, which lie in memory as kernels do: nothing but the sums is written.
 */
export function imageDot(lowering: Lowering, images: Images, other: string): string {
  const { value, shape, layout } = images;
  if (layout !== 'blocked') return imageSum(lowering, { ...images, value: lowering.emit('Mul', [value, other]) });
  const { blocks, rows, columns } = rowsOf(lowering, shape);
  const channels = blocks * rows * lowering.target.blockSize;
  const sums = lowering.emit(
    'Conv',
    [lowering.reshape(value, [1, channels, 1, columns]), lowering.reshape(other, [channels, 1, 1, columns])],
    { domain: NCHWC, attributes: depthwiseAttributes(channels, [1, columns]) },
  ); // [1, channels, 1, 1]
  return addRows(lowering, sums, shape);
}

/** Those over all but the channels: [C]. */
export function channelDot(lowering: Lowering, images: Images, other: string): string {
  if (images.layout !== 'blocked')
    return channelSum(lowering, { ...images, value: lowering.emit('Mul', [images.value, other]) });
  return sumOver(lowering, imageDot(lowering, images, other), [0]);
}

/** What may follow a per-channel affine map in the same pass. */
export interface AffineEnd {
  /** Images of the same shape and layout to add. */
  readonly addend?: string;
  readonly activation?: Activation;
}

/** Whether an affine map has a slope and a shift for each channel, [C], or for each channel of each image, [N, C]. */
export type AffineBy = 'channel' | 'image';

/**
 * scale x + shift by channel or by image, then an optional addition and ReLU; a scale of null is 1, a shift of null 0.
 * Blocked, all of it is one depthwise 1 x 1 convolution: the channels of N images lie as those of one image of N C channels.
 */
export function channelAffine(
  lowering: Lowering,
  { value, shape, layout }: Images,
  scale: string | null,
  shift: string | null,
  end: AffineEnd = {},
  by: AffineBy = 'channel',
): string {
  const [n, c, ...spatial] = shape as [number, number, ...number[]];
  if (layout === 'blocked') {
    const channels = by === 'image' ? n * c : c;
    const [, , rows, columns] = imageOf(shape) as [number, number, number, number];
    const seen = [(n * c) / channels, channels, rows, columns];
    const image = (name: string) => (sameShape(seen, shape) ? name : lowering.reshape(name, seen));
    const vector = (name: string | null, constant: number) =>
      name === null
        ? lowering.vector(new Array(channels).fill(constant), 'float32')
        : by === 'image'
          ? lowering.reshape(name, [channels])
          : name;
    const attributes = { ...depthwiseAttributes(channels, [1, 1]), ...activationAttributes(end.activation) };
    const addend = end.addend === undefined ? [] : [image(end.addend)];
    const kernel = lowering.reshape(scale ?? vector(null, 1), [channels, 1, 1, 1]);
    const operands = [image(value), kernel, vector(shift, 0), ...addend];
    const result = lowering.emit('Conv', operands, { domain: NCHWC, attributes });
    return sameShape(seen, shape) ? result : lowering.reshape(result, shape);
  }
  const column = (name: string) => lowering.reshape(name, [...(by === 'image' ? [n] : []), c, ...spatial.map(() => 1)]);
  let result = value;
  if (scale !== null) result = lowering.emit('Mul', [result, column(scale)]);
  if (shift !== null) result = lowering.emit('Add', [result, column(shift)]);
  if (end.addend !== undefined) result = lowering.emit('Add', [result, end.addend]);
  return end.activation ? emitActivation(lowering, result, end.activation) : result;
}

const LAST = { channels_last: { int: 1 } };

/** Images of a blocked tensor with channels last, [N, H, W, C]; those of one block lie so. */
export function channelsLast(lowering: Lowering, tensor: Tensor): string {
  const [n, channels, ...spatial] = tensor.shape as [number, number, ...number[]];
  const value = lowering.value(tensor, 'blocked');
  if (channels === lowering.target.blockSize) return lowering.reshape(value, [n, ...spatial, channels]);
  return lowering.emit('ReorderOutput', [value], {
    domain: NCHWC,
    attributes: { channels: { int: channels }, ...LAST },
  });
}

/** The same back: images [N, C, H, W], blocked, of values with channels last. */
export function fromChannelsLast(lowering: Lowering, value: string, shape: Shape): string {
  const [n, channels, ...spatial] = shape as [number, number, ...number[]];
  if (channels === lowering.target.blockSize) return lowering.reshape(value, shape);
  const images = lowering.reshape(value, [n, ...spatial, channels]);
  return lowering.emit('ReorderInput', [images], { domain: NCHWC, attributes: LAST });
}
