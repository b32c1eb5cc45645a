import type { Shape } from '../../graph/tensor.ts';
import type { Lowering } from '../lowering.ts';

/** All positions of a grid of these extents, in row-major order: [[0, 0], [0, 1], ...]. */
export function gridPositions(extents: Shape): number[][] {
  return extents.reduce<number[][]>(
    (positions, extent) => positions.flatMap((position) => Array.from({ length: extent }, (_, i) => [...position, i])),
    [[]],
  );
}

/** Planes [L, ...extents, B], one for each remainder by the strides, as one tensor [L, ...(extents * strides), B]. */
export function interleave(
  lowering: Lowering,
  planeOf: (remainder: readonly number[]) => string,
  shape: Shape,
  strides: Shape,
): string {
  const [lead, ...rest] = shape as [number, ...number[]];
  const extents = rest.slice(0, -1);
  const block = rest.at(-1) as number;
  const spread = [lead, ...extents.flatMap((extent) => [extent, 1]), block];
  const join = (remainder: readonly number[]): string => {
    const axis = remainder.length;
    if (axis === strides.length) return lowering.reshape(planeOf(remainder), spread);
    const parts = Array.from({ length: strides[axis] as number }, (_, i) => join([...remainder, i]));
    return parts.length === 1
      ? (parts[0] as string)
      : lowering.emit('Concat', parts, { attributes: { axis: { int: 2 + 2 * axis } } });
  };
  return lowering.reshape(join([]), [
    lead,
    ...extents.map((extent, axis) => extent * (strides[axis] as number)),
    block,
  ]);
}
