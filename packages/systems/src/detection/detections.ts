/** From class probabilities and deltas of regions to boxes: Girshick, "Fast R-CNN", ICCV 2015, section 2.1. */
import type { BoxPx } from '@mammoscope/imaging';
import { BOX_CODER, decodeBox } from './box-coder.ts';
import { type Boxes, boxAt } from './boxes.ts';
import { clip } from './proposals.ts';
import { byScore, suppress } from './suppression.ts';

/** A box with its class, 1 or more, and the probability of that class. */
export interface Detected {
  readonly box: BoxPx;
  readonly class: number;
  readonly score: number;
}

/** Which boxes are kept. */
export interface DetectionOptions {
  /** A box needs a higher score than this. */
  readonly score: number;
  /** Of two boxes of a class that overlap by more than this of their union the lower goes. */
  readonly overlap: number;
  /** At most so many an image. */
  readonly most: number;
}

/** torchvision's. */
export const PUBLISHED_DETECTION: DetectionOptions = { score: 0.05, overlap: 0.5, most: 100 };

/** Boxes with a shorter side than this are dropped, pixels. */
const LEAST_SIDE_PX = 1e-2;

/** What the box head says of the regions of one image: probabilities [R, K] and deltas [R, 4 K]. */
export interface RegionOutput {
  readonly regions: Boxes;
  readonly scores: Float32Array;
  readonly deltas: Float32Array;
  readonly classes: number;
}

/** The boxes of one image of the given size, best first. */
export function detectionsOf(
  { regions, scores, deltas, classes }: RegionOutput,
  { widthPx, heightPx }: { readonly widthPx: number; readonly heightPx: number },
  { score: least, overlap, most }: DetectionOptions,
): Detected[] {
  const found: Detected[] = [];
  const box = new Float64Array(4);
  for (let label = 1; label < classes; label++) {
    const [boxes, own]: [number[], number[]] = [[], []];
    for (let i = 0; i < regions.length / 4; i++) {
      const score = scores[i * classes + label] as number;
      if (!(score > least)) continue;
      const at = 4 * (i * classes + label);
      const delta = [0, 1, 2, 3].map((k) => deltas[at + k]) as [number, number, number, number];
      decodeBox(regions, i, delta, BOX_CODER, box, 0);
      clip(box, 0, widthPx, heightPx);
      const [x1, y1, x2, y2] = boxAt(box, 0);
      if (x2 - x1 < LEAST_SIDE_PX || y2 - y1 < LEAST_SIDE_PX) continue;
      boxes.push(x1, y1, x2, y2);
      own.push(score);
    }
    const packed = Float64Array.from(boxes);
    for (const i of suppress(packed, own, overlap))
      found.push({ box: boxAt(packed, i), class: label, score: own[i] as number });
  }
  return Array.from(byScore(found.map(({ score }) => score)).subarray(0, most), (i) => found[i] as Detected);
}
