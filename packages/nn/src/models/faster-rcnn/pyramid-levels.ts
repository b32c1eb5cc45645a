/** A level of the pyramid as the code between the graphs sees it. */
export interface PyramidLevel {
  readonly name: string;
  readonly stride: number;
  readonly rows: number;
  readonly columns: number;
}

/** Strides of p2 to p6. */
const STRIDES = [4, 8, 16, 32, 64] as const;

/**
 * The levels p2 to p6 of images whose sides are whole multiples of 32 pixels, fine first. p6 is every second pixel of p5, so
 * it rounds up. RangeError for other sides.
 */
export function pyramidLevels(heightPx: number, widthPx: number): PyramidLevel[] {
  for (const sidePx of [heightPx, widthPx])
    if (!(sidePx > 0 && sidePx % 32 === 0))
      throw new RangeError(
        `the sides of a detector's images must be multiples of 32 px, got ${heightPx} x ${widthPx}: pad them`,
      );
  return STRIDES.map((stride) => ({
    name: `p${Math.log2(stride)}`,
    stride,
    rows: Math.ceil(heightPx / stride),
    columns: Math.ceil(widthPx / stride),
  }));
}
