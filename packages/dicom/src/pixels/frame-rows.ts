/** Some rows of a frame, for whoever needs no more of it. */
import type { ImagePixel } from './image-pixel.ts';
import type { StoredValues } from './stored-values.ts';

/** Rows of an image, counted from 0: from the first to before the end. */
export interface RowRange {
  readonly first: number;
  readonly end: number;
}

/** All rows of an image. */
export const allRows = ({ rows }: ImagePixel): RowRange => ({ first: 0, end: rows });

/** RangeError where the image has not all of these rows. */
export function requireRows({ first, end }: RowRange, { rows }: ImagePixel, path: string): void {
  const isWhole = Number.isInteger(first) && Number.isInteger(end);
  if (!(isWhole && first >= 0 && first < end && end <= rows))
    throw new RangeError(`${path} has rows 0 to ${rows - 1}, got ${first} to before ${end}`);
}

/** The values of these rows of a whole frame, over the same memory. */
export function rowsOf(data: StoredValues, { first, end }: RowRange, image: ImagePixel): StoredValues {
  const rowValues = image.columns * image.samplesPerPixel;
  return data.subarray(first * rowValues, end * rowValues);
}

/** Where the bytes of these rows are in the run of bytes of an uncompressed frame whose rows lie one after the other. */
export function rowBytes({ first, end }: RowRange, { frameBytes, rows }: ImagePixel) {
  const each = frameBytes / rows;
  return { offset: first * each, length: (end - first) * each };
}
