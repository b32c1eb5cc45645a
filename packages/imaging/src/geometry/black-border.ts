import type { BoxPx } from '../manifest-row.ts';
import { type Plane, requirePlane } from '../plane.ts';

/**
 * The part of a mammogram that Lin et al. (2023, section on image standardization) keep: "sum up the image pixels in each column
 * from right or left, and stopped when the sum of pixels in a column was zero", and cut off what is on the other side of that
 * column. All rows are kept. It works as written on detectors whose background is exactly 0; elsewhere no column sums to 0
 * and the whole image is kept, for which breastMask is the remedy.
 * @param from the side of the chest wall; where it is not given, the side whose outermost column has the larger sum
 */
export function blackBorderBox(plane: Plane, from?: 'left' | 'right'): BoxPx {
  requirePlane(plane, 'blackBorderBox');
  const { width, height } = plane;
  const side = from ?? (columnSum(plane, 0) >= columnSum(plane, width - 1) ? 'left' : 'right');
  const column = (step: number) => (side === 'left' ? step : width - 1 - step);
  let kept = 0;
  while (kept < width && columnSum(plane, column(kept)) !== 0) kept++;
  // A black column at the chest wall itself leaves nothing to keep: the sum tells no breast then.
  if (kept === 0) return [0, 0, width, height];
  return side === 'left' ? [0, 0, kept, height] : [width - kept, 0, width, height];
}

function columnSum({ width, height, data }: Plane, x: number): number {
  let sum = 0;
  for (let y = 0; y < height; y++) sum += data[y * width + x] as number;
  return sum;
}
