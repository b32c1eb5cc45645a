import type { Shape, Tensor } from '../tensor.ts';
import { showShape } from '../tensor.ts';
import { commonDType, op, requireOperands, requireShape } from './op.ts';

/**
 * How an output position maps to the input, as PyTorch's interpolate does it: `nearest` takes floor(i in / out);
 * `linear` samples at (i + 0.5) in / out - 0.5, or with aligned corners at i (in - 1) / (out - 1).
 */
export interface ResizeAttributes {
  readonly mode: 'nearest' | 'linear' | 'linear-align-corners';
  /** Spatial output extents. */
  readonly size: Shape;
}

/** Resampling of [N, C, ...] to given spatial extents. */
export const resizeOps = {
  Resize: op<ResizeAttributes>({
    infer(inputs, { size }) {
      requireOperands(inputs, 1);
      const [x] = inputs as [Tensor];
      requireShape(
        size.length === x.shape.length - 2 && size.every((extent) => extent >= 1),
        () => `cannot resize ${showShape(x.shape)} to ${showShape(size)}`,
      );
      return [{ dtype: commonDType(inputs), shape: [...x.shape.slice(0, 2), ...size] }];
    },
  }),
};
