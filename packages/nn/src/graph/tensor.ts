import type { Graph } from './graph.ts';
import type { Attributes, OpName } from './ops/index.ts';

/** Element types of tensors, in ONNX's words. */
export type DType = 'float32' | 'float64' | 'int64' | 'int32' | 'bool';
/** Dimensions, outermost first; images are [N, C, H, W], volumes [N, C, D, H, W]. */
export type Shape = readonly number[];
/** What an op's shape rule says of one of its outputs. */
export interface TensorType {
  readonly dtype: DType;
  readonly shape: Shape;
}
/** The array that holds a tensor's elements on the host. */
export type TensorData = Float32Array | Float64Array | BigInt64Array | Int32Array | Uint8Array;

/** One application of an op. */
export interface GraphNode<K extends OpName = OpName> {
  readonly id: number;
  readonly op: K;
  readonly inputs: readonly Tensor[];
  readonly attributes: Attributes<K>;
  readonly outputs: readonly Tensor[];
  /** Where in the network it stands, for messages and profiles: 'layer1.0.conv1/Conv'. */
  readonly name: string;
}

/** How a tensor comes to be: computed by a node, or given from outside. */
export type Origin =
  | { readonly kind: 'node'; readonly node: GraphNode; readonly index: number }
  | { readonly kind: 'input' | 'parameter'; readonly name: string }
  | { readonly kind: 'constant'; readonly data: TensorData };

/** A value in a graph, of static shape. */
export interface Tensor extends TensorType {
  readonly id: number;
  readonly graph: Graph;
  readonly origin: Origin;
}

/** Number of elements of a shape. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** True when two shapes are equal in every dimension. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

/** A shape as messages show it: [8, 3, 224, 224]. */
export function showShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** An axis counted from the front; negative axes count from the back. RangeError when it is outside. */
export function normaliseAxis(axis: number, rank: number): number {
  const result = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || result < 0 || result >= rank) {
    throw new RangeError(`axis ${axis} is outside a tensor of ${rank} dimensions`);
  }
  return result;
}

/** A typed array of a tensor's element type from numbers. */
export function toTensorData(dtype: DType, values: ArrayLike<number>): TensorData {
  switch (dtype) {
    case 'float32':
      return Float32Array.from(values);
    case 'float64':
      return Float64Array.from(values);
    case 'int64':
      return BigInt64Array.from(Array.from(values, BigInt));
    case 'int32':
      return Int32Array.from(values);
    case 'bool':
      return Uint8Array.from(values);
  }
}
