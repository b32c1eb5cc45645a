import type { Point } from './layers.ts';

const inStep = (a: Point, b: Point, c: Point) => (a[0] === b[0] && b[0] === c[0]) || (a[1] === b[1] && b[1] === c[1]);

/**
 * Points rounded to a multiple of `unit` without those that change nothing: repeats, and the middle of three on one
 * horizontal or vertical. A ROC curve of 100 000 images keeps its shape in a few hundred points.
 */
export function simplified(points: readonly Point[], unit = 1 / 3200): Point[] {
  const kept: Point[] = [];
  const rounded = (value: number) => Number((Math.round(value / unit) * unit).toPrecision(12));
  for (const [x, y] of points) {
    const point: Point = [rounded(x), rounded(y)];
    const last = kept.at(-1);
    const before = kept.at(-2);
    if (last && last[0] === point[0] && last[1] === point[1]) continue;
    if (last && before && inStep(before, last, point)) kept.pop();
    kept.push(point);
  }
  return kept;
}

/** Runs of points between gaps (null): a line must not bridge what was not measured. */
export function runs(points: readonly (Point | null)[]): Point[][] {
  const result: Point[][] = [[]];
  for (const point of points) {
    if (point) result.at(-1)?.push(point);
    else result.push([]);
  }
  return result.filter((run) => run.length > 0);
}
