/**
 * Images cut out and padded as they lie in memory, for windows that move over them. ONNX Runtime's Slice and Pad copy a block of channels or a
 * row at a time on one thread; of blocked images both are depthwise convolutions with a kernel that is 1 at one place, which all threads share.
 */
import { type Shape, sizeOf } from '../../graph/tensor.ts';
import type { Lowering } from '../lowering.ts';
import { depthwiseAttributes } from './channels.ts';

/** An image [1, C, H, W], blocked, and where the windows of a kernel lie. */
interface DepthwiseImage {
  readonly image: string;
  readonly channels: number;
  readonly strides?: Shape;
  readonly pads?: Shape;
}

/** Each channel of an image convolved by itself with one and the same kernel [kh, kw]. */
function depthwiseConv(
  lowering: Lowering,
  { image, channels, strides = [1, 1], pads = [0, 0, 0, 0] }: DepthwiseImage,
  kernel: readonly number[],
  window: Shape,
): string {
  const b = lowering.target.blockSize;
  const filter = lowering.emit('Expand', [
    lowering.reshape(lowering.vector(kernel, 'float32'), [1, kernel.length, 1]),
    lowering.int64([channels / b, kernel.length, b]),
  ]);
  return lowering.emit('Conv', [image, lowering.reshape(filter, [channels, 1, ...window])], {
    domain: 'com.microsoft.nchwc',
    attributes: { ...depthwiseAttributes(channels, window), strides: { ints: strides }, pads: { ints: pads } },
  });
}

/** Images as they lie in memory, [L, H, W, B] with B the block of the blocked layout, or 1 where they are plain. */
export interface MemoryImages {
  readonly value: string;
  readonly lead: number;
  readonly extents: Shape;
  readonly block: number;
}

const isBlockedInMemory = (lowering: Lowering, { block, extents }: MemoryImages) =>
  block > 1 && block === lowering.target.blockSize && extents.length === 2;

/** Zeros around images, or with a pad below zero less of them. */
export function padImages(lowering: Lowering, images: MemoryImages, pads: Shape): string {
  const { value, lead, extents, block } = images;
  const axes = extents.length;
  const padded = extents.map((extent, axis) => extent + (pads[axis] as number) + (pads[axis + axes] as number));
  const shape = [lead, ...padded, block];
  if (pads.every((pad) => pad === 0)) return lowering.reshape(value, shape);
  if (isBlockedInMemory(lowering, images) && pads.every((pad) => pad >= 0)) {
    const image = lowering.reshape(value, [1, lead * block, ...extents]);
    return lowering.reshape(depthwiseConv(lowering, { image, channels: lead * block, pads }, [1], [1, 1]), shape);
  }
  const all = [0, ...pads.slice(0, axes), 0, 0, ...pads.slice(axes), 0];
  return lowering.emit('Pad', [lowering.reshape(value, [lead, ...extents, block]), lowering.int64(all)]);
}

/** Where elements are taken from images: the first, how far apart, and how many. */
interface Grid {
  readonly starts: Shape;
  readonly strides: Shape;
  readonly counts: Shape;
}

/** Elements of images on a grid, [L, ...counts, B]. */
export function sliceImages(lowering: Lowering, images: MemoryImages, { starts, strides, counts }: Grid): string {
  const { value, lead, extents, block } = images;
  const reached = counts.map((count, axis) => (count - 1) * (strides[axis] as number));
  if (!isBlockedInMemory(lowering, images) || strides.every((stride) => stride === 1)) {
    const ends = starts.map((start, axis) => start + (reached[axis] as number) + 1);
    const lists = [starts, ends, extents.map((_, axis) => axis + 1), strides].map((list) => lowering.int64(list));
    return lowering.emit('Slice', [lowering.reshape(value, [lead, ...extents, block]), ...lists]);
  }
  // The least kernel that has the place and fits in so many times, not more.
  const window = starts.map((start, axis) =>
    Math.max(start + 1, (extents[axis] as number) - (reached[axis] as number) - (strides[axis] as number) + 1),
  );
  const place = (starts[0] as number) * (window[1] as number) + (starts[1] as number);
  const kernel = Array.from({ length: sizeOf(window) }, (_, i) => (i === place ? 1 : 0));
  const image = lowering.reshape(value, [1, lead * block, ...extents]);
  const picked = depthwiseConv(lowering, { image, channels: lead * block, strides }, kernel, window);
  return lowering.reshape(picked, [lead, ...counts, block]);
}
