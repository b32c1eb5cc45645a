/** Which true box an anchor or a proposal stands for: Ren et al. 2015, section 3.1.2. */
import { type Boxes, overlapOf } from './boxes.ts';

/** Thresholds of the overlap. */
export interface MatchingOptions {
  /** From here on a box is positive. */
  readonly positive: number;
  /** Below this it is negative; between the two it does not count. */
  readonly negative: number;
  /** Whether the boxes of most overlap with a true box are positive whatever it is (rule (i) of the section). */
  readonly bestOfEach: boolean;
}

/** Anchors: "an IoU overlap higher than 0.7", "negative ... lower than 0.3". */
export const ANCHOR_MATCHING: MatchingOptions = { positive: 0.7, negative: 0.3, bestOfEach: true };
/** Proposals: Fast R-CNN, section 2.3, with every overlap below 0.5 as background, as torchvision has it. */
export const PROPOSAL_MATCHING: MatchingOptions = { positive: 0.5, negative: 0.5, bestOfEach: false };

/** Of a box that is background, and of one that does not count. */
export const NEGATIVE = -1;
export const IGNORED = -2;

/**
 * For each box the index of its true box, or NEGATIVE or IGNORED. Without a true box all are negative. A box that is the
 * best of one true box but overlaps another more is matched to the latter, as in Detectron; a true box that overlaps no box
 * at all makes none positive. O(boxes x true boxes).
 */
export function matchBoxes(
  boxes: Boxes,
  truth: Boxes,
  { positive, negative, bestOfEach }: MatchingOptions,
): Int32Array {
  const [count, lesions] = [boxes.length / 4, truth.length / 4];
  const best = new Int32Array(count).fill(NEGATIVE);
  const overlap = new Float64Array(count);
  const most = new Float64Array(lesions);
  for (let lesion = 0; lesion < lesions; lesion++)
    for (let i = 0; i < count; i++) {
      const own = overlapOf(boxes, i, truth, lesion);
      if (own > (overlap[i] as number)) {
        overlap[i] = own;
        best[i] = lesion;
      }
      if (own > (most[lesion] as number)) most[lesion] = own;
    }
  const matched = best.map((lesion, i) =>
    (overlap[i] as number) >= positive ? lesion : (overlap[i] as number) < negative ? NEGATIVE : IGNORED,
  );
  if (bestOfEach)
    for (let lesion = 0; lesion < lesions; lesion++) {
      const highest = most[lesion] as number;
      if (highest === 0) continue;
      for (let i = 0; i < count; i++)
        // A box that overlaps every true box by less cannot be this one's best: most are told without a division.
        if ((overlap[i] as number) >= highest && overlapOf(boxes, i, truth, lesion) === highest)
          matched[i] = best[i] as number;
    }
  return matched;
}
