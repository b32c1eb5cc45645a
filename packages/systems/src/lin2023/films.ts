/** The films of a manifest with their lesions, one film for all rows of one file. */
import {
  type BoxPx,
  boxOnSeen,
  type Laterality,
  type ManifestRow,
  minMaxNormalise,
  type Plane,
  readManifestImage,
} from '@mammoscope/imaging';
import { SystemError } from '../errors.ts';
import { requireOneLabel } from './lesions.ts';
import { CLASSES, classIndex, type LesionClass } from './recipe.ts';
import { boxOnStandardised, standardiseFilm } from './standardisation.ts';

/** A film and the rows that describe it. */
export interface Film {
  readonly path: string;
  readonly patientId: string;
  readonly laterality?: Laterality;
  /** Rows with a box; a film may have none. */
  readonly lesions: readonly ManifestRow[];
  /** Any row of it, by which it is read. */
  readonly row: ManifestRow;
}

/** A film as the detector sees it. */
export interface SeenFilm {
  /** Without its black background, grey values in [0, 1]. */
  readonly plane: Plane;
  /** Where the plane lies on the film. */
  readonly cropPx: BoxPx;
  readonly lesions: readonly { readonly box: BoxPx; readonly class: number }[];
}

const labelOf = ({ label, line }: ManifestRow): LesionClass => {
  const word = CLASSES.find((name) => name === label.trim().toLowerCase());
  if (word) return word;
  throw new SystemError(
    'data-unusable',
    `the label of a box must be ${CLASSES.join(' or ')}, got "${label}" at line ${line}: rename it, or empty its box`,
  );
};

/**
 * Groups rows by file, in the order of their first row. SystemError for a box with another label than benign or malignant, for
 * rows of one file that name two patients or breasts, and for a lesion whose label changes between views.
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
      lesions: own.filter(({ box }) => box !== undefined),
      row,
    };
  });
}

/** Reads a film: standardised, then scaled to [0, 1]; lesions that lie wholly in what is cut off are left out. ImagingError, SystemError. */
export async function readFilm({ row, lesions, laterality, path }: Film): Promise<SeenFilm> {
  const seen = await readManifestImage(row);
  const black = !seen.data.some((value) => value !== 0);
  if (black)
    throw new SystemError(
      'data-unusable',
      `${path} at line ${row.line} is black everywhere: leave the film out or export it again`,
    );
  const { plane, cropPx } = standardiseFilm(seen, laterality);
  return {
    plane: { ...plane, data: minMaxNormalise(plane.data) },
    cropPx,
    lesions: lesions.flatMap((lesion) => {
      const box = boxOnStandardised(boxOnSeen(lesion.box as BoxPx, seen), cropPx);
      return box ? [{ box, class: classIndex(labelOf(lesion)) }] : [];
    }),
  };
}
