import type { Shape } from '../../graph/tensor.ts';

/** All positions of a grid of these extents, in row-major order: [[0, 0], [0, 1], ...]. */
export function gridPositions(extents: Shape): number[][] {
  return extents.reduce<number[][]>(
    (positions, extent) => positions.flatMap((position) => Array.from({ length: extent }, (_, i) => [...position, i])),
    [[]],
  );
}
