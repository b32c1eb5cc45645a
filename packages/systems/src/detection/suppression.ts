/** Non-maximum suppression, greedy and exact. */
import type { Boxes } from './boxes.ts';

/** Indices by descending score, equal scores in their order. */
export function byScore(scores: ArrayLike<number>): Int32Array {
  const order = Int32Array.from({ length: scores.length }, (_, i) => i);
  return order.sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b);
}

/**
 * Indices of the boxes kept, by descending score: a box goes when it overlaps one that is kept by more than `threshold` of
 * their union. Two boxes without an area never suppress each other. O(n x kept).
 */
export function suppress(boxes: Boxes, scores: ArrayLike<number>, threshold: number): number[] {
  const order = byScore(scores);
  const count = order.length;
  // Sorted columns: the inner loop reads memory in order.
  const [x1, y1, x2, y2, area] = Array.from({ length: 5 }, () => new Float64Array(count)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let i = 0; i < count; i++) {
    const at = 4 * (order[i] as number);
    x1[i] = boxes[at] as number;
    y1[i] = boxes[at + 1] as number;
    x2[i] = boxes[at + 2] as number;
    y2[i] = boxes[at + 3] as number;
    area[i] = ((x2[i] as number) - (x1[i] as number)) * ((y2[i] as number) - (y1[i] as number));
  }
  const gone = new Uint8Array(count);
  const kept: number[] = [];
  for (let i = 0; i < count; i++) {
    if (gone[i]) continue;
    kept.push(order[i] as number);
    const [left, top, right, bottom] = [x1[i] as number, y1[i] as number, x2[i] as number, y2[i] as number];
    const own = area[i] as number;
    for (let j = i + 1; j < count; j++) {
      if (gone[j]) continue;
      const width = Math.min(right, x2[j] as number) - Math.max(left, x1[j] as number);
      const height = Math.min(bottom, y2[j] as number) - Math.max(top, y1[j] as number);
      if (width <= 0 || height <= 0) continue;
      const inside = width * height;
      if (inside / (own + (area[j] as number) - inside) > threshold) gone[j] = 1;
    }
  }
  return kept;
}
