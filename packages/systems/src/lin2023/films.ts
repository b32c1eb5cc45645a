/** The films of a manifest with their lesions, one film for all rows of one file. */
import {
  type BoxPx,
  boxOnSeen,
  boxOnStored,
  type Laterality,
  type ManifestRow,
  type Placement,
  type Plane,
  readManifestImage,
  resampleSize,
  type View,
} from '@mammoscope/imaging';
import { SystemError } from '../errors.ts';
import { requireOneLabel } from './lesions.ts';
import { CLASSES, classIndex, type LesionClass, type Recipe } from './recipe.ts';
import { boxOnFilm, boxOnStandardised, standardiseFilm } from './standardisation.ts';

/** A film and the rows that describe it. */
export interface Film {
  readonly path: string;
  readonly patientId: string;
  readonly laterality?: Laterality;
  readonly view?: View;
  /** Rows with a box; a film may have none. */
  readonly lesions: readonly ManifestRow[];
  /** Whether it shows a malignant lesion. */
  readonly malignant: boolean;
  /** Any row of it, by which it is read. */
  readonly row: ManifestRow;
}

/** A film as the networks see it. */
export interface SeenFilm {
  /** Without its black background, grey values as they were read. */
  readonly plane: Plane;
  /** The smallest and largest of them, which become 0 and 1. */
  readonly range: readonly [low: number, high: number];
  /** Where the plane lies on what was read, and that on the stored image. */
  readonly cropPx: BoxPx;
  /** Pixels of the plane for one of what was cut out, along columns and rows, where it was made smaller. */
  readonly scale?: readonly [x: number, y: number];
  readonly placement?: Placement;
  /** Of the stored image. */
  readonly stored: { readonly width: number; readonly height: number };
  readonly lesions: readonly { readonly box: BoxPx; readonly class: number }[];
}

const wordOf = ({ label }: ManifestRow) => CLASSES.find((name) => name === label.trim().toLowerCase());

/** The class of a row with a box. SystemError for another word. */
export function labelOf(row: ManifestRow): LesionClass {
  const word = wordOf(row);
  if (word) return word;
  throw new SystemError(
    'data-unusable',
    `the label of a box must be ${CLASSES.join(' or ')}, got "${row.label}" at line ${row.line}: rename it, or empty its box`,
  );
}

/** Rows by file, in the order of their first row, their labels not looked at. SystemError for rows of one file that name two patients or breasts. */
export function filmsToRead(rows: readonly ManifestRow[]): Film[] {
  return [...Map.groupBy(rows, ({ absolutePath }) => absolutePath).values()].map((own) => {
    const [row] = own as [ManifestRow];
    const other = own.find(({ patientId, laterality }) => patientId !== row.patientId || laterality !== row.laterality);
    if (other)
      throw new SystemError(
        'data-unusable',
        `lines ${row.line} and ${other.line} name one file and two patients or breasts: give each film one patient and laterality`,
      );
    return {
      path: row.path,
      patientId: row.patientId,
      ...(row.laterality ? { laterality: row.laterality } : {}),
      ...(row.view ? { view: row.view } : {}),
      lesions: own.filter(({ box }) => box !== undefined),
      malignant: own.some((each) => wordOf(each) === 'malignant'),
      row,
    };
  });
}

/**
 * The films of rows with what they show. SystemError for a box with another label than benign or malignant, a lesion whose label
 * changes between views, and a malignant film whose lesion has no box: it would be learnt as background.
 */
export function filmsOf(rows: readonly ManifestRow[]): Film[] {
  const boxed = rows.filter(({ box }) => box !== undefined);
  requireOneLabel(
    boxed.map((row) => ({
      patient: row.patientId,
      label: labelOf(row),
      place: `line ${row.line}`,
      ...(row.laterality ? { laterality: row.laterality } : {}),
      ...(row.lesionId ? { lesionId: row.lesionId } : {}),
    })),
  );
  const films = filmsToRead(rows);
  const unmarked = films.find(
    ({ malignant, lesions }) => malignant && !lesions.some((lesion) => labelOf(lesion) === 'malignant'),
  );
  if (unmarked)
    throw new SystemError(
      'data-unusable',
      `film ${unmarked.path} at line ${unmarked.row.line} is malignant and has no malignant lesion with a box: fill x1, y1, x2, y2, or leave the film out`,
    );
  return films;
}

/**
 * Reads a film, standardised, and made smaller where it has more rows than `filmRowsPx`, each pixel the mean of what it covers (0: as it is);
 * lesions that lie wholly in what is cut off are left out. ImagingError, SystemError.
 */
export async function readFilm(
  { row, lesions, laterality, path }: Film,
  { filmRowsPx }: Pick<Recipe, 'filmRowsPx'> = { filmRowsPx: 0 },
): Promise<SeenFilm> {
  const seen = await readManifestImage(row);
  const black = !seen.data.some((value) => value !== 0);
  if (black)
    throw new SystemError(
      'data-unusable',
      `${path}${row.line > 0 ? ` at line ${row.line}` : ''} is black everywhere: leave the film out or export it again`,
    );
  const { plane: whole, cropPx } = standardiseFilm(seen, laterality ?? seen.laterality);
  const share = filmRowsPx > 0 ? Math.min(1, filmRowsPx / whole.height) : 1;
  const plane = share < 1 ? resampleSize(whole, Math.max(1, Math.round(share * whole.width)), filmRowsPx) : whole;
  const scale = [plane.width / whole.width, plane.height / whole.height] as const;
  const { placement } = seen;
  return {
    plane,
    range: rangeOf(plane),
    cropPx,
    ...(share < 1 ? { scale } : {}),
    ...(placement ? { placement } : {}),
    stored: { width: placement?.width ?? seen.width, height: placement?.height ?? seen.height },
    lesions: lesions.flatMap((lesion) => {
      const box = boxOnStandardised(boxOnSeen(lesion.box as BoxPx, seen), cropPx);
      return box ? [{ box: boxTimes(box, scale), class: classIndex(labelOf(lesion)) }] : [];
    }),
  };
}

function rangeOf({ data }: Plane): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of data) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/** A box of what the networks see in pixels of the stored image. */
export function boxOnFile(
  box: BoxPx,
  { cropPx, placement, scale: [x, y] = [1, 1] }: Pick<SeenFilm, 'cropPx' | 'placement' | 'scale'>,
): BoxPx {
  const onRead = boxOnFilm(boxTimes(box, [1 / x, 1 / y]), cropPx);
  return placement ? boxOnStored(onRead, placement) : onRead;
}

/** A box in pixels of another size. */
export const boxTimes = ([x1, y1, x2, y2]: BoxPx, [x, y]: readonly [number, number]): BoxPx => [
  x1 * x,
  y1 * y,
  x2 * x,
  y2 * y,
];
