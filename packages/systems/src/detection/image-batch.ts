/** Films of different sizes as one batch. */
import type { Plane } from '@mammoscope/imaging';
import { SystemError } from '../errors.ts';

/** The sides of a batch are multiples of this: p5's stride. */
export const STRIDE_PX = 32;

/** Means and deviations of the images that published backbones were trained on (torchvision's), red, green, blue. */
const MEAN = [0.485, 0.456, 0.406] as const;
const DEVIATION = [0.229, 0.224, 0.225] as const;

/** The smallest sides that hold every plane and are multiples of the stride. */
export function batchSize(planes: readonly Pick<Plane, 'width' | 'height'>[]): { heightPx: number; widthPx: number } {
  const up = (px: number) => Math.ceil(px / STRIDE_PX) * STRIDE_PX;
  return {
    heightPx: up(Math.max(0, ...planes.map(({ height }) => height))),
    widthPx: up(Math.max(0, ...planes.map(({ width }) => width))),
  };
}

/**
 * Planes of grey values in [0, 1] as images [N, 3, H, W], the grey value in each channel, normalised as published backbones
 * expect, each in the top left corner; the rest is 0, which is the mean. SystemError where a plane is larger than the batch.
 */
export function packImages(
  planes: readonly Plane[],
  { heightPx, widthPx }: { heightPx: number; widthPx: number },
): Float32Array {
  const area = heightPx * widthPx;
  const images = new Float32Array(planes.length * 3 * area);
  for (const [n, { width, height, data }] of planes.entries()) {
    if (width > widthPx || height > heightPx)
      throw new SystemError(
        'data-unusable',
        `image ${n + 1} of a batch is ${width} x ${height} px and the detector takes ${widthPx} x ${heightPx}: cut it into tiles`,
      );
    for (const [channel, mean] of MEAN.entries()) {
      const [gain, first] = [1 / (DEVIATION[channel] as number), (n * 3 + channel) * area];
      for (let row = 0; row < height; row++) {
        const [from, to] = [row * width, first + row * widthPx];
        for (let column = 0; column < width; column++)
          images[to + column] = ((data[from + column] as number) - mean) * gain;
      }
    }
  }
  return images;
}
