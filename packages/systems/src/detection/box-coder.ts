/** Boxes as differences from others: Ren et al. 2015, equation 2. */
import type { Boxes } from './boxes.ts';

/** Factors of (tx, ty, tw, th); Fast R-CNN scales them to unit variance. */
export type CoderWeights = readonly [x: number, y: number, width: number, height: number];

export const RPN_CODER: CoderWeights = [1, 1, 1, 1];
/** 1 / 0.1 and 1 / 0.2, Fast R-CNN's standard deviations. */
export const BOX_CODER: CoderWeights = [10, 10, 5, 5];

/** Sides grow by at most this factor, so that an untrained network's exponentials stay finite (Detectron: 1000 / 16). */
const MOST_LOG_GROWTH = Math.log(1000 / 16);

/** t of `box` from `from`: tx = wx (x - xa) / wa, ty alike, tw = ww log(w / wa), th alike, of centres and sides. */
export function encodeBox(from: Boxes, i: number, box: Boxes, j: number, [wx, wy, ww, wh]: CoderWeights): number[] {
  const [ax1, ay1, ax2, ay2] = [0, 1, 2, 3].map((k) => from[4 * i + k]) as [number, number, number, number];
  const [bx1, by1, bx2, by2] = [0, 1, 2, 3].map((k) => box[4 * j + k]) as [number, number, number, number];
  const [width, height] = [ax2 - ax1, ay2 - ay1];
  return [
    (wx * ((bx1 + bx2) / 2 - (ax1 + ax2) / 2)) / width,
    (wy * ((by1 + by2) / 2 - (ay1 + ay2) / 2)) / height,
    ww * Math.log((bx2 - bx1) / width),
    wh * Math.log((by2 - by1) / height),
  ];
}

/** The box that t says of box i of `from`, written as box `at` of `into`; the inverse of encodeBox. */
export function decodeBox(
  from: Boxes,
  i: number,
  [tx, ty, tw, th]: readonly [number, number, number, number],
  [wx, wy, ww, wh]: CoderWeights,
  into: Boxes,
  at: number,
): void {
  const [ax1, ay1, ax2, ay2] = [from[4 * i], from[4 * i + 1], from[4 * i + 2], from[4 * i + 3]] as unknown as [
    number,
    number,
    number,
    number,
  ];
  const [width, height] = [ax2 - ax1, ay2 - ay1];
  const x = (ax1 + ax2) / 2 + (tx / wx) * width;
  const y = (ay1 + ay2) / 2 + (ty / wy) * height;
  const halfWidth = (Math.exp(Math.min(tw / ww, MOST_LOG_GROWTH)) * width) / 2;
  const halfHeight = (Math.exp(Math.min(th / wh, MOST_LOG_GROWTH)) * height) / 2;
  into[4 * at] = x - halfWidth;
  into[4 * at + 1] = y - halfHeight;
  into[4 * at + 2] = x + halfWidth;
  into[4 * at + 3] = y + halfHeight;
}
