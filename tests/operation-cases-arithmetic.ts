/** Cases of arithmetic, comparisons and activations: one-line references, broadcasting at random. */
import { functions as f, type Tensor } from '@mammoscope/nn';
import type { RandomStream } from '@mammoscope/random';
import { type CaseMaker, several } from './operation-check.ts';
import {
  elementwise,
  front,
  narrower,
  reduced,
  separated,
  shapeOf,
  total,
  uniform,
  type Values,
} from './reference-array.ts';

type Draw = (stream: RandomStream, shapes: readonly (readonly number[])[]) => readonly Values[];
const ranged =
  (low: number, high: number): Draw =>
  (stream, shapes) =>
    shapes.map((shape) => uniform(stream, shape, low, high));
const bool = (values: Values): Values => ({ ...values, data: values.data.map((x) => (x > 0 ? 1 : 0)), dtype: 'bool' });

type Binary = (a: Tensor, b: Tensor) => Tensor;
type BinaryLoop = (a: number, b: number) => number;

const withOperands = (operands: readonly Values[], apply: Binary, reference: BinaryLoop) => ({
  operands,
  apply: (a: Tensor, b: Tensor) => apply(a, b),
  reference: (a: Values, b: Values) => elementwise([a, b], reference),
});

/** Operands of random shapes, either of which broadcasts to the other; and two that both broadcast. */
const binary = (apply: Binary, reference: BinaryLoop, draw: Draw = separated): readonly CaseMaker[] => [
  ...several(5, (stream) => {
    const full = shapeOf(stream, stream.integer(1, 4));
    const shapes = [full, narrower(stream, full)];
    return withOperands(draw(stream, stream.chance(0.5) ? shapes : shapes.reverse()), apply, reference);
  }),
  (stream) => {
    const shapes = [
      [3, 1, 2],
      [4, 1],
    ];
    return withOperands(draw(stream, shapes), apply, reference);
  },
];

/** Equal elements beside unequal ones: a central difference gives each side half there, as the table does. */
const tied =
  (apply: Binary, reference: BinaryLoop): CaseMaker =>
  () => {
    const [a, b] = [Float64Array.of(1, 2, 3, -1), Float64Array.of(1, 3, 2, -1)];
    const operands = [a, b].map((data) => ({ shape: [4], data }));
    return withOperands(operands, apply, reference);
  };

const comparison = (apply: Binary, reference: (a: number, b: number) => boolean): readonly CaseMaker[] => {
  const loop = (a: number, b: number) => Number(reference(a, b));
  const equals = Float64Array.of(1, 2);
  return [
    ...binary(apply, loop),
    () =>
      withOperands(
        [
          { shape: [], data: equals.slice(0, 1), dtype: 'int64' },
          { shape: [2], data: equals, dtype: 'int64' },
        ],
        apply,
        loop,
      ),
  ];
};

const unary = (apply: (x: Tensor) => Tensor, reference: (x: number) => number, draw: Draw = separated) =>
  several(3, (stream) => ({
    operands: draw(stream, [shapeOf(stream, stream.integer(0, 4))]),
    apply: (x) => apply(x),
    reference: (x) => elementwise([x], reference),
  }));

/** Softmax and its logarithm by x and the logarithm of the sum of exponentials over the axis. */
const overAxis = (
  apply: (x: Tensor, axis: number) => Tensor,
  reference: (x: number, logSumExp: number) => number,
): readonly CaseMaker[] =>
  several(4, (stream) => {
    const shape = shapeOf(stream, stream.integer(1, 4), 2, 4);
    const axis = stream.integer(-shape.length, shape.length - 1);
    return {
      operands: [uniform(stream, shape, -3, 3)],
      apply: (x) => apply(x, axis),
      reference: (x) => {
        const along = front(axis, shape.length);
        const logSumExp = reduced(x, [along], true, (list) => Math.log(total(list.map(Math.exp))));
        return elementwise([x, logSumExp], reference);
      },
    };
  });

export const arithmeticCases = {
  Add: binary(f.add, (a, b) => a + b),
  Sub: binary(f.sub, (a, b) => a - b),
  Mul: [
    ...binary(f.mul, (a, b) => a * b),
    // Read twice, so that two gradients arrive.
    ...unary(
      (x) => f.mul(x, x),
      (x) => x * x,
    ),
  ],
  Div: binary(f.div, (a, b) => a / b, ranged(0.5, 2)),
  Pow: [
    ...binary(f.pow, (a, b) => a ** b, ranged(0.5, 2)),
    // Below zero a power has no derivative by its exponent, so the exponent is a constant here.
    ...unary(
      (x) => f.pow(x, 3),
      (x) => x ** 3,
      ranged(-2, -0.5),
    ),
  ],
  Min: [...binary(f.minimum, Math.min), tied(f.minimum, Math.min)],
  Max: [...binary(f.maximum, Math.max), tied(f.maximum, Math.max)],
  Equal: comparison(f.equal, (a, b) => a === b),
  Greater: comparison(f.greater, (a, b) => a > b),
  GreaterOrEqual: comparison(f.greaterOrEqual, (a, b) => a >= b),
  Less: comparison(f.less, (a, b) => a < b),
  LessOrEqual: comparison(f.lessOrEqual, (a, b) => a <= b),
  Abs: unary(f.abs, Math.abs),
  Neg: unary(f.neg, (x) => -x),
  Sign: unary(f.sign, Math.sign),
  Exp: unary(f.exp, Math.exp, ranged(-2, 2)),
  Log: unary(f.log, Math.log, ranged(0.5, 3)),
  Sqrt: unary(f.sqrt, Math.sqrt, ranged(0.5, 3)),
  Where: several(5, (stream) => {
    const full = shapeOf(stream, stream.integer(1, 4));
    const shapes = stream.shuffle([full, narrower(stream, full), narrower(stream, full)]);
    const [condition, a, b] = ranged(-1, 1)(stream, shapes) as [Values, Values, Values];
    return {
      operands: [bool(condition), a, b],
      apply: (c, x, y) => f.where(c, x, y),
      reference: (c, x, y) => elementwise([c, x, y], (chosen, whenTrue, whenFalse) => (chosen ? whenTrue : whenFalse)),
    };
  }),
  Barrier: several(4, (stream) => ({
    operands: [0, 1].map(() => uniform(stream, shapeOf(stream, stream.integer(0, 4)))),
    apply: (x, after) => f.barrier(x, after),
    reference: (x) => x,
  })),
  Cast: [
    // There and back, so that the op is there whatever the element type of the operand.
    ...unary(
      (x) => f.cast(f.cast(x, 'float64'), 'float32'),
      (x) => x,
    ),
    ...unary(
      (x) => f.cast(f.greater(x, 0), 'int32'),
      (x) => Number(x > 0),
    ),
  ],
};

export const activationCases = {
  Relu: unary(f.relu, (x) => Math.max(x, 0)),
  LeakyRelu: unary(
    (x) => f.leakyRelu(x, 0.25),
    (x) => (x > 0 ? x : x / 4),
  ),
  Sigmoid: unary(f.sigmoid, (x) => 1 / (1 + Math.exp(-x)), ranged(-4, 4)),
  Tanh: unary(f.tanh, Math.tanh, ranged(-2, 2)),
  Clip: unary(
    (x) => f.clip(x, -0.25, 0.25),
    (x) => Math.min(Math.max(x, -0.25), 0.25),
  ),
  Softmax: overAxis(f.softmax, (x, logSumExp) => Math.exp(x - logSumExp)),
  LogSoftmax: overAxis(f.logSoftmax, (x, logSumExp) => x - logSumExp),
  ReluGradient: several(3, (stream) => {
    const shape = shapeOf(stream, 3);
    const [y, dy] = separated(stream, [shape, shape]) as [Values, Values];
    const operands = [elementwise([y], (value) => Math.max(value, 0)), dy];
    return withOperands(operands, f.reluGradient, (value, gradient) => (value > 0 ? gradient : 0));
  }),
};
