import type { BoxPx } from '../manifest-row.ts';
import { type Plane, requirePlane } from '../plane.ts';

/*
 * The eight ways to lay a rectangle on itself (the dihedral group D4): rows and columns exchanged first, then left and right,
 * then top and bottom. No pixel is ever changed, only moved.
 */

/** One of the eight: out = flipVertical(flipHorizontal(transpose(in))), each where it is true. */
export interface Orientation {
  readonly transpose: boolean;
  readonly flipHorizontal: boolean;
  readonly flipVertical: boolean;
}

const orientation = (transpose: boolean, flipHorizontal: boolean, flipVertical: boolean): Orientation => ({
  transpose,
  flipHorizontal,
  flipVertical,
});

export const AS_STORED = orientation(false, false, false);
export const MIRRORED = orientation(false, true, false);
export const UPSIDE_DOWN = orientation(false, false, true);
export const ROTATED_180 = orientation(false, true, true);
/** Counter-clockwise: what was on top is on the left. */
export const ROTATED_LEFT = orientation(true, false, true);
/** Clockwise: what was at the bottom is on the left. */
export const ROTATED_RIGHT = orientation(true, true, false);

/** All eight. */
export const ORIENTATIONS: readonly Orientation[] = [false, true].flatMap((transpose) =>
  [false, true].flatMap((h) => [false, true].map((v) => orientation(transpose, h, v))),
);

/** In words. */
export function describeOrientation({ transpose, flipHorizontal, flipVertical }: Orientation): string {
  const index = (transpose ? 4 : 0) + (flipHorizontal ? 2 : 0) + (flipVertical ? 1 : 0);
  const names = ['as stored', 'turned upside down (mirrored)', 'mirrored left to right', 'rotated by 180 degrees'];
  const turned = [
    'transposed',
    'rotated counter-clockwise',
    'rotated clockwise',
    'transposed and rotated by 180 degrees',
  ];
  return [...names, ...turned][index] as string;
}

/** The orientation that undoes another. H^h V^v T = T H^v V^h, so a transposed one has its flips exchanged. */
export function inverseOrientation(of: Orientation): Orientation {
  return of.transpose ? orientation(true, of.flipVertical, of.flipHorizontal) : of;
}

/** First one, then the other, as one. */
export function composeOrientations(first: Orientation, then: Orientation): Orientation {
  const [h, v] = then.transpose
    ? [first.flipVertical, first.flipHorizontal]
    : [first.flipHorizontal, first.flipVertical];
  return orientation(first.transpose !== then.transpose, h !== then.flipHorizontal, v !== then.flipVertical);
}

/** A plane laid in another way; a copy. */
export function orientPlane(plane: Plane, to: Orientation): Plane {
  requirePlane(plane, 'orientPlane');
  return { ...orientedSize(plane, to), data: orientValues(plane.data, plane.width, plane.height, to) };
}

/** Width and height after an orientation. */
export function orientedSize({ width, height }: { readonly width: number; readonly height: number }, to: Orientation) {
  return to.transpose ? { width: height, height: width } : { width, height };
}

/** The values of an image, [height * width], in their new order. */
export function orientValues<T extends Float32Array | Uint8Array>(
  data: T,
  width: number,
  height: number,
  to: Orientation,
): T {
  return walkedValues(data, orientWalk(wholeWalk(width, height), to));
}

/** The values that a walk comes by, in its order; a copy. */
export function walkedValues<T extends Float32Array | Uint8Array>(data: T, walk: GridWalk): T {
  const { width, height, start, stepX, stepY } = walk;
  const result = (data instanceof Uint8Array ? new Uint8Array(width * height) : new Float32Array(width * height)) as T;
  for (let y = 0, i = 0; y < height; y++, i += width) {
    const first = start + y * stepY;
    if (stepX === 1) result.set(data.subarray(first, first + width), i);
    else for (let x = 0, at = first; x < width; x++, at += stepX) result[i + x] = data[at] as number;
  }
  return result;
}

/** How to walk through the pixels of a part of an image, in any orientation, without moving them: pixel (x, y) is at start + x stepX + y stepY. */
export interface GridWalk {
  readonly width: number;
  readonly height: number;
  readonly start: number;
  readonly stepX: number;
  readonly stepY: number;
}

/** The walk along the rows of a whole image. */
export const wholeWalk = (width: number, height: number): GridWalk => ({
  ...{ width, height, start: 0, stepX: 1, stepY: width },
});

/** A walk through the same pixels in another orientation. */
export function orientWalk(walk: GridWalk, to: Orientation): GridWalk {
  const { width, height } = orientedSize(walk, to);
  const [stepX, stepY] = to.transpose ? [walk.stepY, walk.stepX] : [walk.stepX, walk.stepY];
  const right = to.flipHorizontal ? (width - 1) * stepX : 0;
  const down = to.flipVertical ? (height - 1) * stepY : 0;
  return {
    ...{ width, height, start: walk.start + right + down },
    stepX: to.flipHorizontal ? -stepX : stepX,
    stepY: to.flipVertical ? -stepY : stepY,
  };
}

/** A walk through the pixels of a box of another, which must lie within it. */
export function cutWalk({ start, stepX, stepY }: GridWalk, [x1, y1, x2, y2]: BoxPx): GridWalk {
  return { width: x2 - x1, height: y2 - y1, start: start + x1 * stepX + y1 * stepY, stepX, stepY };
}

/** Where a box of an image of width x height lies after an orientation. */
export function orientBox([x1, y1, x2, y2]: BoxPx, width: number, height: number, to: Orientation): BoxPx {
  const size = orientedSize({ width, height }, to);
  const [a1, b1, a2, b2] = to.transpose ? [y1, x1, y2, x2] : [x1, y1, x2, y2];
  const [c1, c2] = to.flipHorizontal ? [size.width - a2, size.width - a1] : [a1, a2];
  const [d1, d2] = to.flipVertical ? [size.height - b2, size.height - b1] : [b1, b2];
  return [c1, d1, c2, d2];
}
