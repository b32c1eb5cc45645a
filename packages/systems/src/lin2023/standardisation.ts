import { type BoxPx, blackBorderBox, cropPlane, type Laterality, type Plane } from '@mammoscope/imaging';
import { SystemError } from '../errors.ts';

/** A film without its black background, and where it was. */
export interface StandardisedFilm {
  readonly plane: Plane;
  /** In pixels of the film as it was given. */
  readonly cropPx: BoxPx;
}

/**
 * Section 2.4: "we used an algorithm to sum up the image pixels in each column from right or left, and stopped when the sum of
 * pixels in a column was zero. [...] We then cut out the images on the other side of the column". A left breast hangs with its
 * chest wall on the left and is summed from there; the right breast is its mirror image. Without a laterality the side
 * whose outermost column is brighter is taken. On scanned films the edge of the plate may lie at the chest wall with a black gap before
 * the breast: where the columns kept have less than half of the film's brightness, the run of columns that has most of it is kept
 * instead. SystemError 'data-unusable' for a film that is black everywhere.
 */
export function standardiseFilm(plane: Plane, laterality?: Laterality): StandardisedFilm {
  if (!plane.data.some((value) => value !== 0))
    throw new SystemError(
      'data-unusable',
      `a film of ${plane.width} x ${plane.height} px is black in every column: leave it out or read it again`,
    );
  const from = laterality === undefined ? undefined : laterality === 'L' ? 'left' : 'right';
  const [x1, , x2] = blackBorderBox(plane, from);
  const sums = columnSums(plane);
  const [left, right] = 2 * sumOf(sums, x1, x2) < sumOf(sums, 0, plane.width) ? brightestRun(sums) : [x1, x2];
  const cropPx = [left, 0, right, plane.height] as const;
  return { plane: cropPlane(plane, cropPx), cropPx };
}

function columnSums({ width, height, data }: Plane): Float64Array {
  const sums = new Float64Array(width);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) sums[x] = (sums[x] as number) + (data[y * width + x] as number);
  return sums;
}

const sumOf = (sums: Float64Array, from: number, to: number): number =>
  sums.subarray(from, to).reduce((sum, value) => sum + value, 0);

/** The run without a black column whose sum is largest, its end not included. */
function brightestRun(sums: Float64Array): readonly [from: number, to: number] {
  let best: readonly [number, number] = [0, 0];
  for (let from = 0; from < sums.length; from++) {
    let to = from;
    while (to < sums.length && sums[to] !== 0) to++;
    if (sumOf(sums, from, to) > sumOf(sums, ...best)) best = [from, to];
    from = to;
  }
  return best;
}

/** A box of the film in pixels of the standardised film, cut to it; undefined where nothing of it is left. */
export function boxOnStandardised([x1, y1, x2, y2]: BoxPx, [left, top, right, bottom]: BoxPx): BoxPx | undefined {
  const [width, height] = [right - left, bottom - top];
  const within = (value: number, most: number) => Math.min(Math.max(value, 0), most);
  const box: BoxPx = [
    within(x1 - left, width),
    within(y1 - top, height),
    within(x2 - left, width),
    within(y2 - top, height),
  ];
  return box[0] < box[2] && box[1] < box[3] ? box : undefined;
}

/** A box of the standardised film in pixels of the film. */
export const boxOnFilm = ([x1, y1, x2, y2]: BoxPx, [left, top]: BoxPx): BoxPx => [
  x1 + left,
  y1 + top,
  x2 + left,
  y2 + top,
];
