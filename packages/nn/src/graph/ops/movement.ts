import { GraphError } from '../errors.ts';
import type { DType, Shape, Tensor } from '../tensor.ts';
import { normaliseAxis, sameShape, showShape, sizeOf } from '../tensor.ts';
import { broadcastShape, commonDType, op, requireOperands, requireShape } from './op.ts';

/** A box of a tensor: along each axis named, elements start, start + step, ... before end (0 <= start < end <= extent). */
export interface SliceAttributes {
  readonly axes: Shape;
  readonly starts: Shape;
  readonly ends: Shape;
  readonly steps: Shape;
}

/** ONNX's pads, [begins..., ends...] over all axes; negative pads crop. */
export interface PadAttributes {
  readonly pads: Shape;
  readonly value: number;
}

/** Ops that move elements without computing; ONNX's ops of the same names. */
export const movementOps = {
  Reshape: op<{ shape: Shape }>({
    infer(inputs, { shape }) {
      requireOperands(inputs, 1);
      const [x] = inputs as [Tensor];
      requireShape(
        sizeOf(x.shape) === sizeOf(shape),
        () =>
          `cannot see ${showShape(x.shape)} as ${showShape(shape)}: ${sizeOf(x.shape)} elements against ${sizeOf(shape)}`,
      );
      return [{ dtype: x.dtype, shape }];
    },
  }),
  Transpose: op<{ perm: Shape }>({
    infer(inputs, { perm }) {
      requireOperands(inputs, 1);
      const [x] = inputs as [Tensor];
      const valid = perm.length === x.shape.length && x.shape.every((_, axis) => perm.includes(axis));
      if (!valid) throw new GraphError('attribute', `${showShape(perm)} is no permutation of ${x.shape.length} axes`);
      return [{ dtype: x.dtype, shape: perm.map((axis) => x.shape[axis] as number) }];
    },
  }),
  Concat: op<{ axis: number }>({
    infer(inputs, { axis }) {
      const [first] = inputs as [Tensor];
      requireShape(inputs.length > 0, () => 'requires at least one operand');
      const along = normaliseAxis(axis, first.shape.length);
      for (const input of inputs) {
        if (input.dtype !== first.dtype) throw new GraphError('dtype', 'requires operands of one type');
        requireShape(
          input.shape.length === first.shape.length &&
            input.shape.every((extent, a) => a === along || extent === first.shape[a]),
          () =>
            `requires operands that differ along axis ${along} only, got ${inputs.map((t) => showShape(t.shape)).join(', ')}`,
        );
      }
      const total = inputs.reduce((sum, input) => sum + (input.shape[along] as number), 0);
      return [{ dtype: first.dtype, shape: first.shape.map((extent, a) => (a === along ? total : extent)) }];
    },
  }),
  Split: op<{ axis: number; sizes: Shape }>({
    infer(inputs, { axis, sizes }) {
      requireOperands(inputs, 1);
      const [x] = inputs as [Tensor];
      const along = normaliseAxis(axis, x.shape.length);
      requireShape(
        sizes.every((size) => size >= 1) && sizes.reduce((sum, size) => sum + size, 0) === x.shape[along],
        () => `sizes ${showShape(sizes)} are not positive or do not add up to ${x.shape[along]}`,
      );
      return sizes.map((size) => ({
        dtype: x.dtype,
        shape: x.shape.map((extent, a) => (a === along ? size : extent)),
      }));
    },
  }),
  Slice: op<SliceAttributes>({
    infer(inputs, { axes, starts, ends, steps }) {
      requireOperands(inputs, 1);
      const [x] = inputs as [Tensor];
      const shape = [...x.shape];
      for (const [i, axis] of axes.entries()) {
        const along = normaliseAxis(axis, shape.length);
        const [start, end, step] = [starts[i], ends[i], steps[i]] as [number, number, number];
        requireShape(
          start >= 0 && start < end && end <= (x.shape[along] as number) && step >= 1,
          () => `${start}:${end}:${step} is no part of axis ${along} of ${showShape(x.shape)}`,
        );
        shape[along] = Math.ceil((end - start) / step);
      }
      return [{ dtype: x.dtype, shape }];
    },
  }),
  Pad: op<PadAttributes>({
    infer(inputs, { pads }) {
      requireOperands(inputs, 1);
      const [x] = inputs as [Tensor];
      const rank = x.shape.length;
      requireShape(pads.length === 2 * rank, () => `requires ${2 * rank} pads, got ${pads.length}`);
      const shape = x.shape.map((extent, axis) => extent + (pads[axis] as number) + (pads[axis + rank] as number));
      requireShape(
        shape.every((extent) => extent > 0),
        () => `pads ${showShape(pads)} leave nothing of ${showShape(x.shape)}`,
      );
      return [{ dtype: x.dtype, shape }];
    },
  }),
  Expand: op<{ shape: Shape }>({
    infer(inputs, { shape }) {
      requireOperands(inputs, 1);
      const [x] = inputs as [Tensor];
      requireShape(
        sameShape(broadcastShape([x.shape, shape]), shape),
        () => `${showShape(x.shape)} does not broadcast to ${showShape(shape)}`,
      );
      return [{ dtype: x.dtype, shape }];
    },
  }),
};

/** Ops that pick elements by index or by rank. */
export const indexingOps = {
  /** [data, indices: int64] to data with `axis` replaced by the shape of the indices. */
  Gather: op<{ axis: number }>({
    infer(inputs, { axis }) {
      requireOperands(inputs, 2);
      const [data, indices] = inputs as [Tensor, Tensor];
      requireIndices(indices);
      const along = normaliseAxis(axis, data.shape.length);
      return [
        { dtype: data.dtype, shape: [...data.shape.slice(0, along), ...indices.shape, ...data.shape.slice(along + 1)] },
      ];
    },
  }),
  /** [data, indices: int64 of data's rank] to the elements data[..., indices[...], ...] along the axis. */
  GatherElements: op<{ axis: number }>({
    infer(inputs, { axis }) {
      requireOperands(inputs, 2);
      const [data, indices] = inputs as [Tensor, Tensor];
      requireIndices(indices);
      requireAlongAxis(data.shape, indices.shape, axis);
      return [{ dtype: data.dtype, shape: indices.shape }];
    },
  }),
  /** [indices: int64, updates of the same shape] to zeros of the shape given with the updates added along the axis. */
  ScatterAdd: op<{ axis: number; shape: Shape }>({
    infer(inputs, { axis, shape }) {
      requireOperands(inputs, 2);
      const [indices, updates] = inputs as [Tensor, Tensor];
      requireIndices(indices);
      requireShape(sameShape(indices.shape, updates.shape), () => 'requires indices and updates of one shape');
      requireAlongAxis(shape, indices.shape, axis);
      return [{ dtype: updates.dtype, shape }];
    },
  }),
  /**
   * [data [P, C], indices: int64 [M, S], weights [M, S]] to the weighted sums of rows [M, C]: y_m = sum_s w_ms data_(i_ms),
   * the product with a sparse matrix of S entries a row. More pairs of indices and weights may follow, which say the same of
   * the transpose, as sums of sums: each but the last sums rows of the one before (the first of y's rows), the last sums
   * rows of all of these joined, y's rows in front, to P rows. The gradient then only gathers; without them it scatters.
   */
  GatherSum: op<Record<never, never>>({
    infer(inputs) {
      const [data, indices, weights, ...transposed] = inputs as [Tensor, Tensor, Tensor, ...Tensor[]];
      requireShape(
        inputs.length >= 3 && transposed.length % 2 === 0,
        () => `requires rows and pairs of indices and weights, got ${inputs.length} operands`,
      );
      requireEntries(indices, weights);
      for (let i = 0; i < transposed.length; i += 2)
        requireEntries(transposed[i] as Tensor, transposed[i + 1] as Tensor);
      const last = transposed.at(-1);
      requireShape(
        !last || last.shape[0] === data.shape[0],
        () => `requires the transpose to end in ${data.shape[0]} rows, got ${last?.shape[0]}`,
      );
      requireShape(data.shape.length === 2, () => `requires rows [P, C], got ${showShape(data.shape)}`);
      return [{ dtype: commonDType([data, weights]), shape: [indices.shape[0] as number, data.shape[1] as number] }];
    },
  }),
  /** [dy [M, C], indices: int64 [M, S], weights [M, S]] to [rows, C], the product with that matrix's transpose. */
  GatherSumGradient: op<{ rows: number }>({
    infer(inputs, { rows }) {
      requireOperands(inputs, 3);
      const [dy, indices, weights] = inputs as [Tensor, Tensor, Tensor];
      requireEntries(indices, weights);
      requireShape(
        dy.shape.length === 2 && dy.shape[0] === indices.shape[0],
        () => `requires ${indices.shape[0]} rows [M, C], got ${showShape(dy.shape)}`,
      );
      return [{ dtype: commonDType([dy, weights]), shape: [rows, dy.shape[1] as number] }];
    },
  }),
  /** The k largest (or smallest) along an axis, sorted: [values, indices: int64]. */
  TopK: op<{ axis: number; k: number; largest: boolean }>({
    infer(inputs, { axis, k }) {
      requireOperands(inputs, 1);
      const [x] = inputs as [Tensor];
      const along = normaliseAxis(axis, x.shape.length);
      requireShape(k >= 1 && k <= (x.shape[along] as number), () => `cannot take ${k} of ${x.shape[along]} elements`);
      const shape = x.shape.map((extent, a) => (a === along ? k : extent));
      return [
        { dtype: x.dtype, shape },
        { dtype: 'int64' as DType, shape },
      ];
    },
  }),
};

function requireIndices(indices: Tensor): void {
  if (indices.dtype !== 'int64') throw new GraphError('dtype', `requires int64 indices, got ${indices.dtype}`);
}

function requireEntries(indices: Tensor, weights: Tensor): void {
  requireIndices(indices);
  requireShape(
    indices.shape.length === 2 && sameShape(indices.shape, weights.shape),
    () =>
      `requires indices and weights of one shape [M, S], got ${showShape(indices.shape)} and ${showShape(weights.shape)}`,
  );
}

function requireAlongAxis(data: Shape, indices: Shape, axis: number): void {
  const along = normaliseAxis(axis, data.length);
  requireShape(
    indices.length === data.length && indices.every((extent, a) => a === along || extent === data[a]),
    () => `indices ${showShape(indices)} and data ${showShape(data)} may differ along axis ${along} only`,
  );
}
