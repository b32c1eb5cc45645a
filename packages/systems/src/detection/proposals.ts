/** From anchors, logits and deltas to proposals: Ren et al. 2015, section 3.3; by level, Lin et al. 2017, section 4.1. */
import { decodeBox, RPN_CODER } from './box-coder.ts';
import type { Boxes } from './boxes.ts';
import { byScore, suppress } from './suppression.ts';

/** How many proposals go on. */
export interface ProposalOptions {
  /** Of each level, by logit, before suppression. */
  readonly before: number;
  /** Of an image, after it. */
  readonly after: number;
  /** Overlap above which the lower of two goes, within a level. */
  readonly overlap: number;
}

/** torchvision's, in training and after it. */
export const TRAINING_PROPOSALS: ProposalOptions = { before: 2000, after: 2000, overlap: 0.7 };
export const TEST_PROPOSALS: ProposalOptions = { before: 1000, after: 1000, overlap: 0.7 };

/** Proposals with a shorter side than this are dropped, pixels. */
const LEAST_SIDE_PX = 1e-3;

/** What one level says of one image: its anchors, logits [A, h, w] and deltas [A, 4, h, w]. */
export interface LevelOutput {
  readonly anchors: Boxes;
  readonly objectness: Float32Array;
  readonly deltas: Float32Array;
  /** Pixels of the level, h w. */
  readonly pixels: number;
}

/** Boxes with their scores, best first. */
export interface Proposals {
  readonly boxes: Boxes;
  readonly scores: Float64Array;
}

/** The proposals of one image of the given size, without what was padded. Scores are logits. */
export function proposalsOf(
  levels: readonly LevelOutput[],
  { widthPx, heightPx }: { readonly widthPx: number; readonly heightPx: number },
  { before, after, overlap }: ProposalOptions,
): Proposals {
  const found: { box: Boxes; score: number }[] = [];
  for (const { anchors, objectness, deltas, pixels } of levels) {
    const chosen = highest(objectness, before);
    const boxes = new Float64Array(4 * chosen.length);
    const scores = new Float64Array(chosen.length);
    let count = 0;
    for (const anchor of chosen) {
      const base = Math.floor(anchor / pixels) * 4 * pixels + (anchor % pixels);
      const delta = [0, 1, 2, 3].map((k) => deltas[base + k * pixels]) as [number, number, number, number];
      decodeBox(anchors, anchor, delta, RPN_CODER, boxes, count);
      clip(boxes, count, widthPx, heightPx);
      const [width, height] = [
        (boxes[4 * count + 2] as number) - (boxes[4 * count] as number),
        (boxes[4 * count + 3] as number) - (boxes[4 * count + 1] as number),
      ];
      scores[count] = objectness[anchor] as number;
      if (width >= LEAST_SIDE_PX && height >= LEAST_SIDE_PX) count++;
    }
    const own = boxes.subarray(0, 4 * count);
    for (const i of suppress(own, scores.subarray(0, count), overlap))
      found.push({ box: own.subarray(4 * i, 4 * i + 4), score: scores[i] as number });
  }
  const order = byScore(found.map(({ score }) => score)).subarray(0, after);
  const best = Array.from(order, (i) => found[i] as (typeof found)[number]);
  return {
    boxes: Float64Array.from(best.flatMap(({ box }) => [...box])),
    scores: Float64Array.from(best, ({ score }) => score),
  };
}

/** Moves the corners of a box into the image. */
export function clip(boxes: Boxes, i: number, widthPx: number, heightPx: number): void {
  for (let k = 0; k < 4; k++) {
    const most = k % 2 === 0 ? widthPx : heightPx;
    boxes[4 * i + k] = Math.min(Math.max(boxes[4 * i + k] as number, 0), most);
  }
}

/** Indices of the k highest values, in their order; of equal ones at the border the first. */
function highest(values: Float32Array, k: number): readonly number[] {
  if (values.length <= k) return [...values.keys()];
  const border = kthHighest(values.slice(), k);
  const above: number[] = [];
  const equal: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if ((values[i] as number) > border) above.push(i);
    else if (values[i] === border && equal.length < k) equal.push(i);
  }
  return [...above, ...equal.slice(0, k - above.length)].sort((a, b) => a - b);
}

/** The k-th highest of values, which change places: Hoare's selection, linear where sorting 160,000 anchors takes ten times as long. */
function kthHighest(values: Float32Array, k: number): number {
  const at = values.length - k;
  let [low, high] = [0, values.length - 1];
  while (low < high) {
    const pivot = values[(low + high) >>> 1] as number;
    let [i, j] = [low, high];
    while (i <= j) {
      while ((values[i] as number) < pivot) i++;
      while ((values[j] as number) > pivot) j--;
      if (i > j) break;
      const kept = values[i] as number;
      values[i++] = values[j] as number;
      values[j--] = kept;
    }
    if (at <= j) high = j;
    else if (at >= i) low = i;
    else break;
  }
  return values[at] as number;
}
