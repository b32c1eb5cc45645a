/** Cases of convolutions and matrix products: random geometry in one to three dimensions. */
import { type Attributes, functions as f, type Tensor } from '@mammoscope/nn';
import type { RandomStream } from '@mammoscope/random';
import { type CaseMaker, type OperationCase, several } from './operation-check.ts';
import { at, elementwise, fill, narrower, pick, shapeOf, total, uniform, type Values } from './reference-array.ts';
import {
  convolution,
  convolutionInputGradient,
  convolutionWeightGradient,
  convolvedShape,
  type Geometry,
  transposedConvolution,
} from './reference-convolution.ts';

interface Drawn {
  readonly geometry: Geometry;
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly y: readonly number[];
}

/** A random convolution that fits: strides 1 to 3, dilations 1 and 2, pads that differ from side to side, groups. */
function drawConvolution(stream: RandomStream, axes: number): Drawn {
  const group = pick(stream, [1, 1, 2, 3]);
  const kernel = shapeOf(stream, axes, 1, 3);
  const geometry = {
    strides: shapeOf(stream, axes, 1, 3),
    dilations: shapeOf(stream, axes, 1, 2),
    pads: shapeOf(stream, 2 * axes, 0, 2),
    group,
  };
  const room = axes === 3 ? 2 : 4;
  const extents = kernel.map((k, axis) => (geometry.dilations[axis] as number) * (k - 1) + stream.integer(1, room));
  const [perGroup, outputs] = [stream.integer(1, 2), group * stream.integer(1, 2)];
  const x = [stream.integer(1, 2), perGroup * group, ...extents];
  const w = [outputs, perGroup, ...kernel];
  return { geometry, x, w, y: convolvedShape(x, w, geometry) };
}

const apply = <K extends 'Conv' | 'ConvTranspose' | 'ConvInputGradient' | 'ConvWeightGradient'>(
  op: K,
  attributes: Attributes<K>,
  operands: readonly Tensor[],
) => (operands[0] as Tensor).graph.apply(op, operands, attributes);

/** The same number of cases in 1, 2 and 3 dimensions. */
const inEachDimension = (times: number, make: (stream: RandomStream, drawn: Drawn) => OperationCase) =>
  [1, 2, 3].flatMap((axes) => several(times, (stream) => make(stream, drawConvolution(stream, axes))));

/** Random arrays of some shapes, and a bias in half of the cases. */
const drawWithBias = (stream: RandomStream, channels: number | undefined, ...shapes: (readonly number[])[]) =>
  [...shapes, ...(stream.chance(0.5) ? [[channels as number]] : [])].map((shape) => uniform(stream, shape));

/** What a transposed convolution adds at the end of each axis, where the stride of the convolution does not divide. */
const remainder = ({ geometry: { strides, pads, dilations }, x, w, y }: Drawn): number[] =>
  strides.map((stride, axis) => {
    const reach = (dilations[axis] as number) * ((w[axis + 2] as number) - 1) + 1;
    const padded = (x[axis + 2] as number) + (pads[axis] as number) + (pads[axis + strides.length] as number);
    return padded - reach - ((y[axis + 2] as number) - 1) * stride;
  });

export const convolutionCases = {
  Conv: inEachDimension(5, (stream, { geometry, x, w }) => ({
    operands: drawWithBias(stream, w[0], x, w),
    apply: (...operands) => apply('Conv', geometry, operands),
    reference: (image, kernel, bias) => convolution(image, kernel, geometry, bias),
  })),
  ConvTranspose: inEachDimension(5, (stream, drawn) => {
    const { geometry, x, w, y } = drawn;
    return {
      operands: drawWithBias(stream, x[1], y, w),
      apply: (...operands) => apply('ConvTranspose', { ...geometry, outputPadding: remainder(drawn) }, operands),
      reference: (image, kernel, bias) => transposedConvolution(image, kernel, x, geometry, bias),
    };
  }),
  ConvInputGradient: inEachDimension(5, (stream, { geometry, x, w, y }) => ({
    operands: [uniform(stream, y), uniform(stream, w)],
    apply: (...operands) => apply('ConvInputGradient', { ...geometry, inputShape: x }, operands),
    reference: (dy, kernel) => convolutionInputGradient(dy, kernel, x, geometry),
  })),
  ConvWeightGradient: inEachDimension(5, (stream, { geometry, x, w, y }) => ({
    operands: [uniform(stream, x), uniform(stream, y)],
    apply: (...operands) => apply('ConvWeightGradient', { ...geometry, weightShape: w }, operands),
    reference: (image, dy) => convolutionWeightGradient(image, dy, w, geometry),
  })),
};

/** Products of the last two axes, the leading ones broadcast. */
function product(a: Values, b: Values): Values {
  const [rows, inner, columns] = [a.shape.at(-2), a.shape.at(-1), b.shape.at(-1)] as [number, number, number];
  const rank = Math.max(a.shape.length, b.shape.length);
  const batch = Array.from({ length: rank - 2 }, (_, axis) =>
    Math.max(a.shape[axis - rank + a.shape.length] ?? 1, b.shape[axis - rank + b.shape.length] ?? 1),
  );
  const element = (x: Values, lead: readonly number[], row: number, column: number) => {
    const missing = rank - x.shape.length;
    const own = x.shape.slice(0, -2).map((extent, axis) => (extent === 1 ? 0 : (lead[axis + missing] as number)));
    return at(x, [...own, row, column]);
  };
  return fill([...batch, rows, columns], (position) => {
    const [row, column] = position.slice(-2) as [number, number];
    const terms = Array.from(
      { length: inner },
      (_, k) => element(a, position, row, k) * element(b, position, k, column),
    );
    return total(terms);
  });
}

const transposed = (x: Values): Values => fill([...x.shape].reverse(), ([i, j]) => at(x, [j as number, i as number]));

/** All four combinations of transposed operands, without an addend and with one that broadcasts. */
const gemm = [false, true].flatMap((transA) =>
  [false, true].flatMap((transB) =>
    [null, [1], [1, 3], [2, 1], [2, 3], [3]].map(
      (addend): CaseMaker =>
        (stream) => {
          const shapes = [transA ? [4, 2] : [2, 4], transB ? [3, 4] : [4, 3], ...(addend ? [addend] : [])];
          return {
            operands: shapes.map((shape) => uniform(stream, shape)),
            apply: (a, b, c) => f.gemm(a, b, c, { transA, transB }),
            reference: (a, b, c) => {
              const ab = product(transA ? transposed(a) : a, transB ? transposed(b) : b);
              return c ? elementwise([ab, c], (p, q) => p + q) : ab;
            },
          };
        },
    ),
  ),
);

/** Adaptive average pooling is a product with a constant matrix along each axis. */
const averagedTo =
  (from: readonly [number, number], to: readonly [number, number]): CaseMaker =>
  (stream) => ({
    operands: [uniform(stream, [2, 2, ...from])],
    apply: (x) => f.adaptiveAveragePool(x, to),
    reference: (x) =>
      fill([2, 2, ...to], ([n, c, ...place]) => {
        const [rows, columns] = place.map((p, axis) => {
          const [extent, size] = [from[axis] as number, to[axis] as number];
          const start = Math.floor((p * extent) / size);
          return Array.from({ length: Math.ceil(((p + 1) * extent) / size) - start }, (_, i) => start + i);
        }) as [number[], number[]];
        const window = rows.flatMap((row) => columns.map((column) => at(x, [n as number, c as number, row, column])));
        return total(window) / window.length;
      }),
  });

export const linearCases = {
  MatMul: [
    averagedTo([5, 7], [3, 4]),
    averagedTo([6, 2], [2, 5]),
    ...several(6, (stream) => {
      const batch = shapeOf(stream, stream.integer(0, 2), 1, 3);
      const [rows, inner, columns] = shapeOf(stream, 3) as [number, number, number];
      const [a, b] = stream.shuffle([batch, narrower(stream, batch)]) as [number[], number[]];
      return {
        operands: [uniform(stream, [...a, rows, inner]), uniform(stream, [...b, inner, columns])],
        apply: (x, y) => f.matMul(x, y),
        reference: product,
      };
    }),
  ] as readonly CaseMaker[],
  Gemm: gemm,
};
