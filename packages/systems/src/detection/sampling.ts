/** Which of the matched boxes count in a loss. */
import type { RandomStream } from '@mammoscope/random';

/** How many of an image are drawn; null for all of them, as focal losses take. */
export type SamplingOptions = SampleSize | null;

/** A number of boxes, and the largest share of positives among them. */
export interface SampleSize {
  readonly count: number;
  readonly positiveFraction: number;
}

/** Ren et al. 2015, section 3.1.3: 256 anchors, "a ratio of up to 1:1". */
export const ANCHOR_SAMPLING: SampleSize = { count: 256, positiveFraction: 0.5 };
/** Fast R-CNN, section 2.3, with the pyramid's 512 regions (Lin et al. 2017, section 5.2): a quarter positive. */
export const REGION_SAMPLING: SampleSize = { count: 512, positiveFraction: 0.25 };

/** Indices of the positives and negatives that count, ascending. */
export interface Sample {
  readonly positives: readonly number[];
  readonly negatives: readonly number[];
}

/** Draws without replacement, negatives in place of positives that there are not; `matched` as matchBoxes gives it. */
export function sampleMatches(matched: Int32Array, options: SamplingOptions, stream: RandomStream): Sample {
  const positives: number[] = [];
  const negatives: number[] = [];
  for (const [i, match] of matched.entries()) {
    if (match >= 0) positives.push(i);
    else if (match === -1) negatives.push(i);
  }
  if (options === null) return { positives, negatives };
  const wanted = Math.floor(options.count * options.positiveFraction);
  const chosen = draw(positives, wanted, stream);
  return { positives: chosen, negatives: draw(negatives, options.count - chosen.length, stream) };
}

/** Some of a list, in its order: a partial shuffle of Fisher and Yates. */
function draw(items: number[], count: number, stream: RandomStream): readonly number[] {
  if (items.length <= count) return items;
  for (let i = 0; i < count; i++) {
    const other = stream.integer(i, items.length - 1);
    [items[i], items[other]] = [items[other] as number, items[i] as number];
  }
  return items.slice(0, count).sort((a, b) => a - b);
}
