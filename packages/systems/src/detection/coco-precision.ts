/**
 * Average precision at many overlaps and by lesion size at once, as COCO's evaluation computes it (Lin et al., "Microsoft
 * COCO", ECCV 2014, and the definition on its site). stats' detectionAveragePrecision is the same figure at one overlap and without
 * sizes; here boxes are sorted and overlaps computed once for all.
 */
import type { BoxPx } from '@mammoscope/imaging';
import { intersectionOverUnion } from '@mammoscope/stats';
import { byScore } from './suppression.ts';

/** The boxes of one class in one image. */
export interface ClassBoxes {
  readonly truth: readonly BoxPx[];
  readonly found: readonly { readonly box: BoxPx; readonly score: number }[];
}

/** Lesions by the square root of their area in pixels, both bounds included. */
export interface SizeRange {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** COCO's ranges. */
export const COCO_SIZES: readonly SizeRange[] = [
  { name: 'all', from: 0, to: Number.POSITIVE_INFINITY },
  { name: 'small', from: 0, to: 32 },
  { name: 'medium', from: 32, to: 96 },
  { name: 'large', from: 96, to: Number.POSITIVE_INFINITY },
];

/** COCO's overlaps, 0.5 to 0.95. */
export const COCO_OVERLAPS: readonly number[] = Array.from({ length: 10 }, (_, i) => (50 + 5 * i) / 100);

/** The figures of one range of sizes. */
export interface SizePrecision {
  readonly size: string;
  readonly lesions: number;
  /** One for each overlap. */
  readonly values: readonly number[];
}

/** COCO looks at the highest 100 boxes of an image. */
const MOST_BOXES = 100;

/** Square pixels. */
export const areaOf = ([x1, y1, x2, y2]: BoxPx): number => (x2 - x1) * (y2 - y1);

/** Whether a lesion of an area belongs to a range. */
export const holdsArea = ({ from, to }: SizeRange, area: number): boolean => area >= from ** 2 && area <= to ** 2;

/** One image, its boxes best first. */
interface Prepared {
  readonly truthAreas: readonly number[];
  readonly areas: readonly number[];
  readonly scores: readonly number[];
  /** [found, truth] */
  readonly overlaps: Float64Array;
}

function prepare({ truth, found }: ClassBoxes): Prepared {
  const best = Array.from(byScore(found.map(({ score }) => score)).subarray(0, MOST_BOXES), (i) => found[i]) as {
    readonly box: BoxPx;
    readonly score: number;
  }[];
  const overlaps = new Float64Array(best.length * truth.length);
  for (const [i, { box }] of best.entries())
    for (const [j, lesion] of truth.entries()) overlaps[i * truth.length + j] = intersectionOverUnion(box, lesion);
  return {
    truthAreas: truth.map(areaOf),
    areas: best.map(({ box }) => areaOf(box)),
    scores: best.map(({ score }) => score),
    overlaps,
  };
}

const WRONG = 0;
const RIGHT = 1;
const IGNORED = 2;

/**
 * What each box of an image is. Best first, each takes the free lesion of most overlap; lesions of another size only where none
 * of the size is left, and then the box does not count. Boxes of another size that find nothing do not count either.
 */
function verdicts(
  image: Prepared,
  overlap: number,
  inRange: (area: number) => boolean,
  into: Uint8Array,
  at: number,
): void {
  const { truthAreas, areas, overlaps } = image;
  const lesions = truthAreas.length;
  const taken = new Uint8Array(lesions);
  for (let i = 0; i < areas.length; i++) {
    let [best, most, bestCounts] = [-1, overlap, false];
    for (let j = 0; j < lesions; j++) {
      const own = overlaps[i * lesions + j] as number;
      if (taken[j] || own < overlap) continue;
      const counts = inRange(truthAreas[j] as number);
      if (bestCounts && !counts) continue;
      if (best >= 0 && counts === bestCounts && own < most) continue;
      [best, most, bestCounts] = [j, own, counts];
    }
    if (best >= 0) taken[best] = 1;
    into[at + i] = best >= 0 ? (bestCounts ? RIGHT : IGNORED) : inRange(areas[i] as number) ? WRONG : IGNORED;
  }
}

/** The mean over recalls 0, 0.01, ..., 1 of the highest precision at that recall or above. */
function precisionOver(verdict: Uint8Array, order: Int32Array, lesions: number): number {
  const [hits, precision]: [number[], number[]] = [[], []];
  let right = 0;
  for (const i of order) {
    if (verdict[i] === IGNORED) continue;
    if (verdict[i] === RIGHT) right++;
    hits.push(right);
    precision.push(right / hits.length);
  }
  for (let i = precision.length - 2; i >= 0; i--)
    precision[i] = Math.max(precision[i] as number, precision[i + 1] as number);
  let [sum, row] = [0, 0];
  for (let percent = 0; percent <= 100; percent++) {
    // recall >= percent / 100 in whole numbers, which rounding cannot move
    while (row < hits.length && 100 * (hits[row] as number) < percent * lesions) row++;
    sum += precision[row] ?? 0;
  }
  return sum / 101;
}

/** Average precision of one class over images, for each range of sizes that has a lesion. */
export function cocoAveragePrecision(
  images: readonly ClassBoxes[],
  {
    sizes = COCO_SIZES,
    overlaps = COCO_OVERLAPS,
  }: { readonly sizes?: readonly SizeRange[]; readonly overlaps?: readonly number[] } = {},
): SizePrecision[] {
  const prepared = images.map(prepare);
  const order = byScore(prepared.flatMap(({ scores }) => scores));
  const verdict = new Uint8Array(order.length);
  return sizes.flatMap((range) => {
    const inRange = (area: number) => holdsArea(range, area);
    const lesions = prepared.reduce((sum, { truthAreas }) => sum + truthAreas.filter(inRange).length, 0);
    if (lesions === 0) return [];
    const values = overlaps.map((overlap) => {
      let at = 0;
      for (const image of prepared) {
        verdicts(image, overlap, inRange, verdict, at);
        at += image.areas.length;
      }
      return precisionOver(verdict, order, lesions);
    });
    return [{ size: range.name, lesions, values }];
  });
}
