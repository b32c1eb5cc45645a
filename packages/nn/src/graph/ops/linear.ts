import type { Tensor } from '../tensor.ts';
import { showShape } from '../tensor.ts';
import { broadcastShape, commonDType, type NoAttributes, op, requireOperands, requireShape } from './op.ts';

/** Matrix products; ONNX's ops of the same names. */
export const linearOps = {
  /** [a [..., M, K], b [..., K, N]] to [..., M, N]; leading axes broadcast. */
  MatMul: op<NoAttributes>({
    infer(inputs) {
      requireOperands(inputs, 2);
      const [a, b] = inputs as [Tensor, Tensor];
      requireShape(
        a.shape.length >= 2 && b.shape.length >= 2 && a.shape.at(-1) === b.shape.at(-2),
        () => `requires [..., M, K] and [..., K, N], got ${showShape(a.shape)} and ${showShape(b.shape)}`,
      );
      const batch = broadcastShape([a.shape.slice(0, -2), b.shape.slice(0, -2)]);
      return [{ dtype: commonDType(inputs), shape: [...batch, a.shape.at(-2) as number, b.shape.at(-1) as number] }];
    },
  }),
  /** [a, b, c? broadcast to [M, N]] to a b + c, a and b matrices, transposed on request. */
  Gemm: op<{ transA: boolean; transB: boolean }>({
    infer(inputs, { transA, transB }) {
      requireOperands(inputs, 2, 3);
      const [a, b, c] = inputs as [Tensor, Tensor, Tensor?];
      requireShape(
        a.shape.length === 2 && b.shape.length === 2,
        () => `requires two matrices, got ${showShape(a.shape)} and ${showShape(b.shape)}`,
      );
      const [rows, inner] = transA ? [a.shape[1], a.shape[0]] : a.shape;
      const [innerB, columns] = transB ? [b.shape[1], b.shape[0]] : b.shape;
      requireShape(inner === innerB, () => `inner dimensions ${inner} and ${innerB} differ`);
      const shape = [rows as number, columns as number];
      requireShape(
        c === undefined || broadcastShape([c.shape, shape]).every((extent, axis) => extent === shape[axis]),
        () => `requires an addend that broadcasts to ${showShape(shape)}`,
      );
      return [{ dtype: commonDType(inputs), shape }];
    },
  }),
};
