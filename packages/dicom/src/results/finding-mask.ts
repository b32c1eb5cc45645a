import type { Point } from '../structured-report/content-item.ts';

/**
 * The pixels whose centres lie inside a closed outline (even-odd rule), 1 and 0, row-major, [rows, columns]. The outline's last point is its first. O(rows
 * times edges).
 */
export function findingMask(outline: readonly Point[], rows: number, columns: number): Uint8Array {
  const mask = new Uint8Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const crossings = crossingsAt(outline, row + 0.5);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const first = Math.max(0, Math.ceil((crossings[i] as number) - 0.5));
      const end = Math.min(columns, Math.ceil((crossings[i + 1] as number) - 0.5));
      if (end > first) mask.fill(1, row * columns + first, row * columns + end);
    }
  }
  return mask;
}

/** Where a horizontal line crosses the outline, from left to right. */
function crossingsAt(outline: readonly Point[], y: number): readonly number[] {
  const crossings: number[] = [];
  for (let i = 1; i < outline.length; i++) {
    const [[x1, y1], [x2, y2]] = [outline[i - 1] as Point, outline[i] as Point];
    if (y1 <= y !== y2 <= y) crossings.push(x1 + ((y - y1) / (y2 - y1)) * (x2 - x1));
  }
  return crossings.sort((a, b) => a - b);
}
