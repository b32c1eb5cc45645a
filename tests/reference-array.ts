/** Arrays of float64 in row-major order: what the references of the sweep compute with. Written for clarity, not speed. */
import type { RandomStream } from '@mammoscope/random';

/** A tensor on the host. Numbers of every element type are held as float64; `dtype` is set where they are not floats. */
export interface Values {
  readonly shape: readonly number[];
  readonly data: Float64Array;
  readonly dtype?: 'int64' | 'bool';
}

/** Number of elements of a shape. */
export const count = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);

/** Every position of a shape in row-major order; a scalar has the one position []. */
export function positions(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (lead, extent) => lead.flatMap((position) => Array.from({ length: extent }, (_, i) => [...position, i])),
    [[]],
  );
}

/** The row-major index of a position. */
export const indexOf = (shape: readonly number[], position: readonly number[]): number =>
  position.reduce((index, i, axis) => index * (shape[axis] as number) + i, 0);

/** The element at a position. */
export const at = ({ shape, data }: Values, position: readonly number[]): number =>
  data[indexOf(shape, position)] as number;

/** An array with an element for every position. */
export const fill = (shape: readonly number[], element: (position: number[]) => number): Values => ({
  shape,
  data: Float64Array.from(positions(shape), element),
});

/** The same elements under another shape. */
export const reshaped = ({ data }: Values, shape: readonly number[]): Values => ({ shape, data });

/** Element by element over broadcast operands. */
export function elementwise(operands: readonly Values[], f: (...elements: number[]) => number): Values {
  const rank = Math.max(...operands.map(({ shape }) => shape.length));
  const shape = Array.from({ length: rank }, (_, axis) =>
    Math.max(...operands.map((operand) => operand.shape[axis - rank + operand.shape.length] ?? 1)),
  );
  const pick = (operand: Values, position: readonly number[]) =>
    at(
      operand,
      operand.shape.map((extent, axis) =>
        extent === 1 ? 0 : (position[axis + rank - operand.shape.length] as number),
      ),
    );
  return fill(shape, (position) => f(...operands.map((operand) => pick(operand, position))));
}

/** An axis counted from the front. */
export const front = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** What lies along some axes (none: all) is handed to `f` as a list, position by position of the other axes. */
export function reduced(
  x: Values,
  axes: readonly number[],
  keepDims: boolean,
  f: (elements: readonly number[]) => number,
): Values {
  const rank = x.shape.length;
  const gone = new Set(axes.length === 0 ? x.shape.keys() : axes.map((axis) => front(axis, rank)));
  const kept = x.shape.map((extent, axis) => (gone.has(axis) ? 1 : extent));
  const lists = Array.from({ length: count(kept) }, () => [] as number[]);
  for (const [i, position] of positions(x.shape).entries()) {
    const target = position.map((p, axis) => (gone.has(axis) ? 0 : p));
    (lists[indexOf(kept, target)] as number[]).push(x.data[i] as number);
  }
  const shape = keepDims ? kept : x.shape.filter((_, axis) => !gone.has(axis));
  return { shape, data: Float64Array.from(lists, f) };
}

/** Sum of a list. */
export const total = (list: readonly number[]): number => list.reduce((sum, element) => sum + element, 0);

/** Uniform random elements, each exact in float32. */
export const uniform = (stream: RandomStream, shape: readonly number[], low = -1, high = 1): Values =>
  fill(shape, () => Math.fround(stream.uniform(low, high)));

/**
 * Random arrays all of whose elements, taken together, are at least `gap` apart and from zero: a central difference of
 * an op with kinks (maxima, absolute values, rectifiers) then stays on one side of each.
 */
export function separated(
  stream: RandomStream,
  shapes: readonly (readonly number[])[],
  gap = 1 / 16,
): readonly Values[] {
  const elements = shapes.reduce((sum, shape) => sum + count(shape), 0);
  const ladder = stream.shuffle(Array.from({ length: elements }, (_, i) => gap * (i - Math.floor(elements / 2) + 0.5)));
  let used = 0;
  return shapes.map((shape) => fill(shape, () => ladder[used++] as number));
}

/** A random shape. */
export const shapeOf = (stream: RandomStream, rank: number, low = 1, high = 4): number[] =>
  Array.from({ length: rank }, () => stream.integer(low, high));

/** A shape that broadcasts to the one given: leading axes dropped and others set to 1 at random. */
export function narrower(stream: RandomStream, shape: readonly number[]): number[] {
  const dropped = stream.chance(0.5) ? 0 : stream.integer(0, shape.length);
  return shape.slice(dropped).map((extent) => (stream.chance(0.4) ? 1 : extent));
}

/** One of a list. */
export const pick = <T>(stream: RandomStream, list: readonly T[]): T => list[stream.integer(0, list.length - 1)] as T;
