import { GraphError } from '../errors.ts';
import type { DType, Tensor } from '../tensor.ts';
import { broadcastShape, commonDType, FLOATS, type NoAttributes, NUMBERS, op, requireOperands } from './op.ts';

const binary = (allowed: readonly DType[] = NUMBERS) =>
  op<NoAttributes>({
    infer(inputs) {
      requireOperands(inputs, 2);
      return [{ dtype: commonDType(inputs, allowed), shape: broadcastShape(inputs.map((input) => input.shape)) }];
    },
  });

const comparison = op<NoAttributes>({
  infer(inputs) {
    requireOperands(inputs, 2);
    commonDType(inputs, NUMBERS);
    return [{ dtype: 'bool', shape: broadcastShape(inputs.map((input) => input.shape)) }];
  },
});

const unary = (allowed: readonly DType[]) =>
  op<NoAttributes>({
    infer(inputs) {
      requireOperands(inputs, 1);
      const [x] = inputs as [Tensor];
      return [{ dtype: commonDType(inputs, allowed), shape: x.shape }];
    },
  });

/** Element-wise arithmetic, comparison and choice, with broadcasting; ONNX's ops of the same names. */
export const arithmeticOps = {
  Add: binary(),
  Sub: binary(),
  Mul: binary(),
  Div: binary(),
  Pow: binary(FLOATS),
  Min: binary(),
  Max: binary(),
  Equal: comparison,
  Greater: comparison,
  GreaterOrEqual: comparison,
  Less: comparison,
  LessOrEqual: comparison,
  Abs: unary(NUMBERS),
  Neg: unary(NUMBERS),
  Sign: unary(NUMBERS),
  Exp: unary(FLOATS),
  Log: unary(FLOATS),
  Sqrt: unary(FLOATS),
  /** [condition: bool, whenTrue, whenFalse] */
  Where: op<NoAttributes>({
    infer(inputs) {
      requireOperands(inputs, 3);
      const [condition, ...branches] = inputs as [Tensor, Tensor, Tensor];
      if (condition.dtype !== 'bool') throw new GraphError('dtype', 'requires a bool condition');
      return [{ dtype: commonDType(branches, NUMBERS), shape: broadcastShape(inputs.map((input) => input.shape)) }];
    },
  }),
  /** [x, after] to x, computed after `after`: an order that the values alone do not imply. */
  Barrier: op<NoAttributes>({
    infer(inputs) {
      requireOperands(inputs, 2);
      const [x] = inputs as [Tensor, Tensor];
      return [{ dtype: commonDType(inputs), shape: x.shape }];
    },
  }),
  Cast: op<{ to: DType }>({
    infer(inputs, { to }) {
      requireOperands(inputs, 1);
      return [{ dtype: to, shape: (inputs[0] as Tensor).shape }];
    },
  }),
};
