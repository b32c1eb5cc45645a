/** Convolutions of volumes [N, C, D, H, W] by kernels that are flat in some axis, written as convolutions of images. */
import * as f from '../graph/functions.ts';
import type { Layer } from './layers.ts';
import { heFanOut, type Scope } from './scope.ts';

interface AnisotropicOptions {
  readonly inputs: number;
  readonly outputs: number;
  /** Odd extent of the kernel; padding keeps the size at stride 1. */
  readonly kernel: number;
  readonly stride?: number;
}

/** A k x k kernel within slices, [O, C, 1, k, k]: slices are images, D goes into N. */
export function withinSlices(scope: Scope, { inputs, outputs, kernel, stride = 1 }: AnisotropicOptions): Layer {
  const shape = [outputs, inputs, 1, kernel, kernel];
  const weight = scope.weight('weight', shape, heFanOut(shape));
  return (x) =>
    scope.build(() => {
      const [n, c, d, rows, columns] = x.shape as [number, number, number, number, number];
      const images = f.reshape(f.transpose(x, [0, 2, 1, 3, 4]), [n * d, c, rows, columns]);
      const y = f.conv(images, f.reshape(weight, [outputs, inputs, kernel, kernel]), undefined, {
        stride,
        padding: (kernel - 1) / 2,
      });
      return f.transpose(f.reshape(y, [n, d, ...y.shape.slice(1)]), [0, 2, 1, 3, 4]);
    });
}

/** A kernel of k across slices, [O, C, k, 1, 1]: the plane becomes one axis, [N, C, D, H * W]. */
export function acrossSlices(scope: Scope, { inputs, outputs, kernel, stride = 1 }: AnisotropicOptions): Layer {
  const shape = [outputs, inputs, kernel, 1, 1];
  const weight = scope.weight('weight', shape, heFanOut(shape));
  return (x) =>
    scope.build(() => {
      const [n, c, d, rows, columns] = x.shape as [number, number, number, number, number];
      const image = f.reshape(x, [n, c, d, rows * columns]);
      const padding = [(kernel - 1) / 2, 0];
      const y = f.conv(image, f.reshape(weight, [outputs, inputs, kernel, 1]), undefined, {
        stride: [stride, 1],
        padding,
      });
      return f.reshape(y, [n, outputs, y.shape[2] as number, rows, columns]);
    });
}
