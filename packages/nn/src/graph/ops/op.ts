import { GraphError } from '../errors.ts';
import type { DType, Shape, Tensor, TensorType } from '../tensor.ts';
import { showShape } from '../tensor.ts';

/** An op as data: its attributes' type and the rule that turns operands into the types of its outputs. */
export interface Op<A> {
  /** Throws a GraphError (without names of operands: the graph adds them) when the operands do not fit. */
  infer(inputs: readonly Tensor[], attributes: A): readonly TensorType[];
}

/** Attributes of an op that has none. */
export type NoAttributes = Record<never, never>;

/** A record of an op; only fixes the type of the attributes. */
export function op<A>(record: Op<A>): Op<A> {
  return record;
}

/** Throws unless a condition on the operands' shapes holds. */
export function requireShape(condition: boolean, message: () => string): asserts condition {
  if (!condition) throw new GraphError('shape', message());
}

/** Throws unless the number of operands is one of those allowed. */
export function requireOperands(inputs: readonly Tensor[], least: number, most = least): void {
  if (inputs.length < least || inputs.length > most) {
    const wanted = least === most ? `${least}` : `${least} to ${most}`;
    throw new GraphError('shape', `requires ${wanted} operands, got ${inputs.length}`);
  }
}

/** Throws unless all numbers of a geometry (strides, dilations, groups, kernels) are whole and 1 or more. */
export function requirePositive(what: string, numbers: Shape): void {
  if (!numbers.every((number) => Number.isInteger(number) && number >= 1)) {
    throw new GraphError('attribute', `requires ${what} of 1 or more, got ${showShape(numbers)}`);
  }
}

/** The common element type of the operands, one of those allowed. */
export function commonDType(inputs: readonly Tensor[], allowed: readonly DType[] = FLOATS): DType {
  const first = (inputs[0] as Tensor).dtype;
  for (const { dtype } of inputs) {
    if (dtype !== first || !allowed.includes(dtype)) {
      throw new GraphError('dtype', `requires operands of one type of ${allowed.join(', ')}`);
    }
  }
  return first;
}

export const FLOATS: readonly DType[] = ['float32', 'float64'];
export const NUMBERS: readonly DType[] = ['float32', 'float64', 'int64', 'int32'];

/** The shape of an element-wise result by ONNX's multidirectional broadcasting. */
export function broadcastShape(shapes: readonly Shape[]): Shape {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    let extent = 1;
    for (const shape of shapes) {
      const own = shape[axis - rank + shape.length] ?? 1;
      requireShape(
        own === 1 || extent === 1 || own === extent,
        () => `shapes ${shapes.map(showShape).join(' and ')} do not broadcast`,
      );
      if (own !== 1) extent = own;
    }
    return extent;
  });
}
