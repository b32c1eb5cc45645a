import type { BoxPx } from '@mammoscope/imaging';
import { SystemError } from '../errors.ts';

/** Boxes one after the other, four numbers each: x1, y1, x2, y2 in pixels. */
export type Boxes = Float64Array;

/** Boxes of a list as one array. SystemError 'data-unusable' for a box without an area. */
export function packBoxes(boxes: readonly BoxPx[], of: string): Boxes {
  for (const [row, [x1, y1, x2, y2]] of boxes.entries())
    if (!(x1 < x2 && y1 < y2 && Number.isFinite(x1 + y1 + x2 + y2)))
      throw new SystemError(
        'data-unusable',
        `box ${row + 1} of ${of} must satisfy x1 < x2 and y1 < y2, got ${x1}, ${y1}, ${x2}, ${y2}: mend or remove it`,
      );
  return Float64Array.from(boxes.flat());
}

/** Boxes of several lists as one. */
export function joinBoxes(lists: readonly Boxes[]): Boxes {
  const joined = new Float64Array(lists.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const boxes of lists) {
    joined.set(boxes, at);
    at += boxes.length;
  }
  return joined;
}

/** The i-th box. */
export const boxAt = (boxes: Boxes, i: number): BoxPx =>
  [boxes[4 * i], boxes[4 * i + 1], boxes[4 * i + 2], boxes[4 * i + 3]] as unknown as BoxPx;

/** Overlap over union of box i of one list and box j of another; 0 where both have no area. */
export function overlapOf(a: Boxes, i: number, b: Boxes, j: number): number {
  const [ax1, ay1, ax2, ay2] = [a[4 * i], a[4 * i + 1], a[4 * i + 2], a[4 * i + 3]] as unknown as BoxPx;
  const [bx1, by1, bx2, by2] = [b[4 * j], b[4 * j + 1], b[4 * j + 2], b[4 * j + 3]] as unknown as BoxPx;
  const width = Math.min(ax2, bx2) - Math.max(ax1, bx1);
  const height = Math.min(ay2, by2) - Math.max(ay1, by1);
  if (width <= 0 || height <= 0) return 0;
  const inside = width * height;
  return inside / ((ax2 - ax1) * (ay2 - ay1) + (bx2 - bx1) * (by2 - by1) - inside);
}
