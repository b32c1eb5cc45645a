/** Per-channel sums and per-channel affine maps of images in either layout: what batch normalisation is made of. */
import type { Shape } from '../../graph/tensor.ts';
import { sizeOf } from '../../graph/tensor.ts';
import type { OnnxAttribute } from '../../onnx/model.ts';
import { imageOf, type Layout } from '../layout.ts';
import type { Lowering } from '../lowering.ts';

/** An ONNX value that holds images [N, C, ...] in a layout. */
export interface Images {
  readonly value: string;
  readonly shape: Shape;
  readonly layout: Layout;
}

/** Sums over all but the channels: [C]. */
export function channelSum(lowering: Lowering, { value, shape, layout }: Images): string {
  const [n, c, ...spatial] = shape as [number, number, ...number[]];
  const sum = (input: string, axes: readonly number[]) =>
    lowering.emit('ReduceSum', [input, lowering.int64(axes)], { attributes: { keepdims: { int: 0 } } });
  if (layout === 'blocked') {
    const b = lowering.target.blockSize;
    const perImage = sum(lowering.reshape(value, [(n * c) / b, sizeOf(spatial), b]), [1]); // [N C/b, b]
    return sum(lowering.reshape(perImage, [n, c]), [0]);
  }
  return sum(lowering.reshape(value, [n, c, sizeOf(spatial)]), [0, 2]);
}

/**
 * Sums of the products of two images of the same shape and layout, over all but the channels: [C]. Blocked, they are the
 * diagonals of products of matrices [pixels, b]: b times the arithmetic, and a pass less over memory, which is what counts.
 */
export function channelDot(lowering: Lowering, images: Images, other: string): string {
  const { value, shape, layout } = images;
  if (layout !== 'blocked') return channelSum(lowering, { ...images, value: lowering.emit('Mul', [value, other]) });
  const [n, c, ...spatial] = shape as [number, number, ...number[]];
  const b = lowering.target.blockSize;
  const matrices = [value, other].map((name) => lowering.reshape(name, [(n * c) / b, sizeOf(spatial), b]));
  const products = lowering.emit('FusedMatMul', matrices, {
    domain: 'com.microsoft',
    attributes: { transA: { int: 1 } },
  }); // [N C/b, b, b]
  const diagonal = Array.from({ length: b * b }, (_, i) => (i % (b + 1) === 0 ? 1 : 0));
  const masked = lowering.emit('Mul', [products, lowering.reshape(lowering.vector(diagonal, 'float32'), [b, b])]);
  const sum = (input: string, axis: number) =>
    lowering.emit('ReduceSum', [input, lowering.int64([axis])], { attributes: { keepdims: { int: 0 } } });
  return sum(lowering.reshape(sum(masked, 2), [n, c]), 0);
}

/** What may follow a per-channel affine map in the same pass. */
export interface AffineEnd {
  /** Images of the same shape and layout to add. */
  readonly addend?: string;
  readonly relu?: boolean;
}

/**
 * scale x + shift per channel, then an optional addition and ReLU; `scale` and `shift` are vectors [C] (scale null: 1).
 * Blocked, all of it is one depthwise 1 x 1 convolution.
 */
export function channelAffine(
  lowering: Lowering,
  { value, shape, layout }: Images,
  scale: string | null,
  shift: string | null,
  end: AffineEnd = {},
): string {
  const [, c, ...spatial] = shape as [number, number, ...number[]];
  if (layout === 'blocked') {
    const kernel = scale === null ? lowering.vector(new Array(c).fill(1), 'float32') : scale;
    const bias = shift === null ? lowering.vector(new Array(c).fill(0), 'float32') : shift;
    const attributes: Record<string, OnnxAttribute> = {
      kernel_shape: { ints: [1, 1] },
      strides: { ints: [1, 1] },
      dilations: { ints: [1, 1] },
      pads: { ints: [0, 0, 0, 0] },
      group: { int: c },
      ...(end.relu ? { activation: { text: 'Relu' } } : {}),
    };
    const volumes = spatial.length > 2;
    const images = (name: string) => (volumes ? lowering.reshape(name, imageOf(shape)) : name);
    const addend = end.addend === undefined ? [] : [images(end.addend)];
    const result = lowering.emit('Conv', [images(value), lowering.reshape(kernel, [c, 1, 1, 1]), bias, ...addend], {
      domain: 'com.microsoft.nchwc',
      attributes,
    });
    return volumes ? lowering.reshape(result, shape) : result;
  }
  const column = (vector: string) => lowering.reshape(vector, [c, ...spatial.map(() => 1)]);
  let result = value;
  if (scale !== null) result = lowering.emit('Mul', [result, column(scale)]);
  if (shift !== null) result = lowering.emit('Add', [result, column(shift)]);
  if (end.addend !== undefined) result = lowering.emit('Add', [result, end.addend]);
  return end.relu ? lowering.emit('Relu', [result]) : result;
}
