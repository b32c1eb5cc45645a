import type { Shape, Tensor } from '../tensor.ts';
import { normaliseAxis } from '../tensor.ts';
import { commonDType, NUMBERS, op, requireOperands } from './op.ts';

/** Axes to reduce (none: all), kept as extents of 1 or dropped. */
export interface ReduceAttributes {
  readonly axes: Shape;
  readonly keepDims: boolean;
}

const reduction = op<ReduceAttributes>({
  infer(inputs, { axes, keepDims }) {
    requireOperands(inputs, 1);
    const [x] = inputs as [Tensor];
    const reduced = new Set(axes.map((axis) => normaliseAxis(axis, x.shape.length)));
    const all = reduced.size === 0;
    const shape = keepDims
      ? x.shape.map((extent, axis) => (all || reduced.has(axis) ? 1 : extent))
      : x.shape.filter((_, axis) => !all && !reduced.has(axis));
    return [{ dtype: commonDType(inputs, NUMBERS), shape }];
  },
});

/** Reductions over axes; ONNX's ops of the same names. */
export const reductionOps = {
  ReduceSum: reduction,
  ReduceMean: reduction,
  ReduceMax: reduction,
  ReduceSumSquare: reduction,
};
