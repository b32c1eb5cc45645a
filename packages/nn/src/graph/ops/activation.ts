import type { Tensor } from '../tensor.ts';
import { normaliseAxis, sameShape } from '../tensor.ts';
import { commonDType, type NoAttributes, op, requireOperands, requireShape } from './op.ts';

const pointwise = <A>() =>
  op<A>({
    infer(inputs) {
      requireOperands(inputs, 1);
      return [{ dtype: commonDType(inputs), shape: (inputs[0] as Tensor).shape }];
    },
  });

const overAxis = op<{ axis: number }>({
  infer(inputs, { axis }) {
    requireOperands(inputs, 1);
    const [x] = inputs as [Tensor];
    normaliseAxis(axis, x.shape.length);
    return [{ dtype: commonDType(inputs), shape: x.shape }];
  },
});

/** Non-linearities; ONNX's ops of the same names, and the gradient of Relu as one op so that it can be lowered well. */
export const activationOps = {
  Relu: pointwise<NoAttributes>(),
  LeakyRelu: pointwise<{ alpha: number }>(),
  Sigmoid: pointwise<NoAttributes>(),
  Tanh: pointwise<NoAttributes>(),
  Clip: pointwise<{ min: number; max: number }>(),
  Softmax: overAxis,
  LogSoftmax: overAxis,
  /** [y = relu(x), dy] to dx = dy where y > 0, else 0. */
  ReluGradient: op<NoAttributes>({
    infer(inputs) {
      requireOperands(inputs, 2);
      const [y, dy] = inputs as [Tensor, Tensor];
      requireShape(sameShape(y.shape, dy.shape), () => 'requires operands of one shape');
      return [{ dtype: commonDType(inputs), shape: y.shape }];
    },
  }),
};
