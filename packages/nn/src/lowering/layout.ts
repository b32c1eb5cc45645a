/**
 * Physical layouts. `plain` is row-major. `blocked` is ONNX Runtime's layout for images on a CPU, [N, C/b, H, W, b] in
 * memory while the declared shape stays [N, C, H, W]; `filter` is its layout for kernels, [O/b, I/b, kh, kw, b(I),
 * b(O)] behind a declared [O, I, kh, kw]. The block b is 8 or 16 and depends on the processor.
 */
import { type Shape, sizeOf, type Tensor } from '../graph/tensor.ts';

export type Layout = 'plain' | 'blocked' | 'filter';

/** What a graph is lowered for. */
export interface Target {
  readonly device: 'cpu' | 'webgpu' | 'cuda';
  /** Channels in a block of the blocked layout; 0 where there is none. */
  readonly blockSize: number;
}

/** A target on which every op is lowered to standard ONNX ops in plain layout. */
export const PORTABLE_TARGET: Target = { device: 'webgpu', blockSize: 0 };

/** True when convolutions and poolings of images of this shape can be blocked. */
export function blockable(shape: Shape, blockSize: number): boolean {
  return blockSize > 0 && shape.length === 4 && (shape[1] as number) % blockSize === 0;
}

/** Images [N, C, D * H, W] that lie in memory as volumes [N, C, D, H, W] do, in either layout; all else as it is. */
export function imageOf(shape: Shape): Shape {
  if (shape.length !== 5) return shape;
  const [n, c, ...spatial] = shape as [number, number, ...number[]];
  const columns = spatial.at(-1) as number;
  return [n, c, sizeOf(spatial) / columns, columns];
}

/** True when kernels of this shape can take the filter layout. */
export function filterable(shape: Shape, blockSize: number): boolean {
  return blockable(shape, blockSize) && (shape[0] as number) % blockSize === 0;
}

/**
 * True when this may be held blocked: images, and volumes [N, C, D, H, W], which are [N, C/b, D, H, W, b] in memory, between
 * convolutions of images.
 */
export const holdsBlocked = (shape: Shape, blockSize: number): boolean => blockable(imageOf(shape), blockSize);

/** True when this may be held as a filter: kernels of images, and of volumes where they are seen as such, flat in some axis. */
export const holdsFilter = (shape: Shape, blockSize: number): boolean => filterable(imageOf(shape), blockSize);

/** A kernel that lies as a filter, or a parameter that nothing has asked for yet. */
export const isKernel = ({ origin, dtype }: Tensor, layout: Layout | null): boolean =>
  layout === 'filter' || (layout === null && origin.kind === 'parameter' && dtype === 'float32');

/** Copies a kernel [O, I, kh, kw], or of more axes, between plain and filter layout on the host. */
export function permuteFilter(
  data: Float32Array,
  shape: Shape,
  blockSize: number,
  to: 'plain' | 'filter',
): Float32Array {
  const [outputs, inputs, ...kernelShape] = shape as [number, number, ...number[]];
  const taps = sizeOf(kernelShape);
  const kernel = inputs * taps;
  const result = new Float32Array(data.length);
  let blocked = 0;
  for (let oBlock = 0; oBlock < outputs; oBlock += blockSize) {
    for (let iBlock = 0; iBlock < inputs; iBlock += blockSize) {
      for (let tap = 0; tap < taps; tap++) {
        for (let i = 0; i < blockSize; i++) {
          let plain = (oBlock * inputs + iBlock + i) * taps + tap;
          const end = blocked + blockSize;
          if (to === 'filter')
            for (; blocked < end; blocked++, plain += kernel) result[blocked] = data[plain] as number;
          else for (; blocked < end; blocked++, plain += kernel) result[plain] = data[blocked] as number;
        }
      }
    }
  }
  return result;
}
