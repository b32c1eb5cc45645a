/** Anchors: Ren et al. 2015, section 3.1.1; one scale a level of a pyramid, Lin et al. 2017, section 4.1. */
import type { PyramidLevel } from '@mammoscope/nn';
import { SystemError } from '../errors.ts';
import type { Boxes } from './boxes.ts';

/** The boxes that proposals start from. */
export interface AnchorOptions {
  /** Square root of the area, pixels, one a level, p2 first. */
  readonly sizesPx: readonly number[];
  /** Height over width. */
  readonly ratios: readonly number[];
}

/** Section 4.1: "areas of {32^2, 64^2, 128^2, 256^2, 512^2} pixels" and "aspect ratios {1:2, 1:1, 2:1}". */
export const PUBLISHED_ANCHORS: AnchorOptions = { sizesPx: [32, 64, 128, 256, 512], ratios: [0.5, 1, 2] };

/** Rounds halves to even, as NumPy and PyTorch do. */
export function roundToEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest === 0.5 ? floor + (floor % 2 === 0 ? 0 : 1) : Math.round(x);
}

/**
 * The anchors of one level, ordered as its logits [A, h, w] are: all places of the first ratio, row by row, then of the
 * next. An anchor is centred on the top left corner of its cell, with corners rounded, as torchvision has it.
 */
export function levelAnchors(
  { stride, rows, columns }: PyramidLevel,
  sizePx: number,
  ratios: readonly number[],
): Boxes {
  const boxes = new Float64Array(4 * ratios.length * rows * columns);
  let at = 0;
  for (const ratio of ratios) {
    const [width, height] = [sizePx / Math.sqrt(ratio), sizePx * Math.sqrt(ratio)];
    const corners = [-width / 2, -height / 2, width / 2, height / 2].map(roundToEven) as [
      number,
      number,
      number,
      number,
    ];
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) {
        boxes[at++] = corners[0] + column * stride;
        boxes[at++] = corners[1] + row * stride;
        boxes[at++] = corners[2] + column * stride;
        boxes[at++] = corners[3] + row * stride;
      }
  }
  return boxes;
}

/** The anchors of all levels. SystemError unless there is a size for each. */
export function anchorsOf(levels: readonly PyramidLevel[], { sizesPx, ratios }: AnchorOptions): readonly Boxes[] {
  if (sizesPx.length !== levels.length || ratios.length === 0 || [...sizesPx, ...ratios].some((x) => !(x > 0)))
    throw new SystemError(
      'option-invalid',
      `anchors need a positive size for each of ${levels.length} levels and a ratio, got sizes ${sizesPx.join(', ')} and ratios ${ratios.join(', ')}`,
    );
  return levels.map((level, i) => levelAnchors(level, sizesPx[i] as number, ratios));
}
