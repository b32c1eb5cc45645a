import { GraphError } from '../errors.ts';
import type { Shape, Tensor } from '../tensor.ts';
import { sameShape, showShape } from '../tensor.ts';
import { commonDType, type NoAttributes, op, requireOperands, requirePositive, requireShape } from './op.ts';

/** Geometry of a pooling window, one number a spatial axis; `pads` is [begins..., ends...] as in ONNX. */
export interface PoolAttributes {
  readonly kernel: Shape;
  readonly strides: Shape;
  readonly pads: Shape;
  /** Round the output extent up (PyTorch's ceil_mode); a window that would start in the end padding is dropped. */
  readonly ceilMode: boolean;
}

/** An average divides by the window's size, padding counted (true) or not. */
export interface AveragePoolAttributes extends PoolAttributes {
  readonly countIncludePad: boolean;
}

/** Output shape of a pooling window over [N, C, ...]. */
export function poolOutputShape(x: Shape, { kernel, strides, pads, ceilMode }: PoolAttributes): Shape {
  const axes = x.length - 2;
  requireShape(axes >= 1 && axes <= 3, () => `requires an input of 3 to 5 dimensions, got ${showShape(x)}`);
  if (kernel.length !== axes || strides.length !== axes || pads.length !== 2 * axes) {
    throw new GraphError('attribute', `requires a kernel and strides of ${axes} numbers and ${2 * axes} pads`);
  }
  requirePositive('kernels and strides', [...kernel, ...strides]);
  const spatial = x.slice(2).map((extent, axis) => {
    const [k, stride, before, after] = [kernel[axis], strides[axis], pads[axis], pads[axis + axes]] as [
      number,
      number,
      number,
      number,
    ];
    const steps = (extent + before + after - k) / stride;
    let result = (ceilMode ? Math.ceil(steps) : Math.floor(steps)) + 1;
    if (ceilMode && (result - 1) * stride >= extent + before) result--;
    requireShape(
      result > 0 && before < k && after < k,
      () =>
        `a window of ${showShape(kernel)} with pads ${showShape(pads)} does not fit an input of ${showShape(x.slice(2))}`,
    );
    return result;
  });
  return [...x.slice(0, 2), ...spatial];
}

/** Pooling over windows, and its gradients. */
export const poolingOps = {
  MaxPool: op<PoolAttributes>({
    infer(inputs, attributes) {
      requireOperands(inputs, 1);
      const [x] = inputs as [Tensor];
      return [{ dtype: commonDType(inputs), shape: poolOutputShape(x.shape, attributes) }];
    },
  }),
  AveragePool: op<AveragePoolAttributes>({
    infer(inputs, attributes) {
      requireOperands(inputs, 1);
      const [x] = inputs as [Tensor];
      return [{ dtype: commonDType(inputs), shape: poolOutputShape(x.shape, attributes) }];
    },
  }),
  /** [N, C, ...] to [N, C, 1, ...] */
  GlobalAveragePool: op<NoAttributes>({
    infer(inputs) {
      requireOperands(inputs, 1);
      const [x] = inputs as [Tensor];
      requireShape(x.shape.length >= 3, () => `requires [N, C, ...], got ${showShape(x.shape)}`);
      return [{ dtype: commonDType(inputs), shape: [...x.shape.slice(0, 2), ...x.shape.slice(2).map(() => 1)] }];
    },
  }),
  /** [x, y = MaxPool(x), dy] to dx: dy goes to the first largest element of its window. */
  MaxPoolGradient: op<PoolAttributes>({
    infer(inputs, attributes) {
      requireOperands(inputs, 3);
      const [x, y, dy] = inputs as [Tensor, Tensor, Tensor];
      const forward = poolOutputShape(x.shape, attributes);
      requireShape(
        sameShape(y.shape, forward) && sameShape(dy.shape, forward),
        () => `requires y and dy of ${showShape(forward)}`,
      );
      return [{ dtype: commonDType(inputs), shape: x.shape }];
    },
  }),
};
