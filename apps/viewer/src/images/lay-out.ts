/** A frame as it is hung: grey levels mapped, turned, and reduced to what a display can show. */
import { type Orientation, orientedSize } from '@mammoscope/imaging/browser';
import type { GreyMapping } from './grey-mapping.ts';

/** Values for a viewport, [height * width]. */
export interface ShownFrame {
  readonly width: number;
  readonly height: number;
  readonly values: Uint16Array<ArrayBuffer>;
}

/** A frame of stored values, row by row. */
export interface StoredFrame {
  readonly columns: number;
  readonly rows: number;
  readonly data: ArrayLike<number>;
}

/** Means of squares of `reduce` pixels after mapping, laid by `orientation`; the last column and row are means of what is left. */
export function layOut(
  { columns, rows, data }: StoredFrame,
  { first, table }: GreyMapping,
  orientation: Orientation,
  reduce: number,
): ShownFrame {
  const small = { width: Math.ceil(columns / reduce), height: Math.ceil(rows / reduce) };
  const { width, height } = orientedSize(small, orientation);
  const values = new Uint16Array(width * height);
  const { transpose, flipHorizontal, flipVertical } = orientation;
  const placeOf = (x: number, y: number) => {
    const [column, row] = transpose ? [y, x] : [x, y];
    return (flipVertical ? height - 1 - row : row) * width + (flipHorizontal ? width - 1 - column : column);
  };
  const origin = placeOf(0, 0);
  const stepX = small.width > 1 ? placeOf(1, 0) - origin : 0;
  const stepY = small.height > 1 ? placeOf(0, 1) - origin : 0;
  const sums = new Float64Array(small.width);
  for (let y = 0; y < small.height; y++) {
    const last = Math.min(rows, (y + 1) * reduce);
    let to = origin + y * stepY;
    if (reduce === 1) {
      for (let x = 0, at = y * columns; x < columns; x++, at++, to += stepX)
        values[to] = table[(data[at] as number) - first] as number;
      continue;
    }
    sums.fill(0);
    for (let row = y * reduce; row < last; row++)
      for (let x = 0, at = row * columns; x < small.width; x++) {
        let sum = 0;
        for (const end = Math.min(row * columns + (x + 1) * reduce, (row + 1) * columns); at < end; at++)
          sum += table[(data[at] as number) - first] as number;
        sums[x] = (sums[x] as number) + sum;
      }
    const high = last - y * reduce;
    for (let x = 0; x < small.width; x++, to += stepX) {
      const wide = Math.min(columns, (x + 1) * reduce) - x * reduce;
      values[to] = (sums[x] as number) / (wide * high) + 0.5;
    }
  }
  return { width, height, values };
}

/** The brightest value of each pixel over neighbouring slices: a slab. */
export function slabOf(frames: readonly ShownFrame[]): ShownFrame {
  const [first, ...others] = frames;
  if (!first) throw new RangeError('a slab requires one slice or more, got none');
  const values = first.values.slice();
  for (const { values: other } of others)
    for (let i = 0; i < values.length; i++)
      if ((other[i] as number) > (values[i] as number)) values[i] = other[i] as number;
  return { ...first, values };
}
