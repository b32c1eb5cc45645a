/** Which rows of a manifest are whole films, and whether they can be trained on. */
import type { Manifest, ManifestRow, Modality } from '@mammoscope/imaging';
import type { SplitRow } from '../data/training-images.ts';
import { SystemError } from '../errors.ts';
import type { RunRecord } from '../run/run-record.ts';
import type { Film } from './films.ts';
import type { Recipe } from './recipe.ts';

const WHOLE: ReadonlySet<Modality> = new Set(['DM', 'FILM', 'SYNTHETIC2D']);

/** The rows of whole mammograms in two dimensions as a manifest of their own, and what is left out of it. */
export interface FilmRows {
  readonly manifest: Manifest;
  readonly exclusions: RunRecord['exclusions'];
}

/**
 * SystemError 'data-unusable' where no row is a whole mammogram. With `oneClass` rows with a box are malignant and others normal, and films
 * that are called anything but the manifest's negative class without a box are left out.
 */
export function filmRows(manifest: Manifest, { oneClass }: Pick<Recipe, 'oneClass'> = { oneClass: false }): FilmRows {
  const isWhole = ({ modality }: ManifestRow) => WHOLE.has(modality);
  const rows = manifest.rows.filter(isWhole);
  if (rows.length === 0)
    throw new SystemError(
      'data-unusable',
      `${manifest.path} has no whole mammogram: give rows of modality ${[...WHOLE].join(', ')}, with the boxes of their lesions`,
    );
  const exclusions = manifest.rows
    .filter((row) => !isWhole(row))
    .map(({ path, patientId, modality }) => ({ path, patientId, reason: `a ${modality} is no whole mammogram` }));
  return oneClass
    ? ofOneClass({ manifest: { ...manifest, rows }, exclusions })
    : { manifest: { ...manifest, rows }, exclusions };
}

function ofOneClass({ manifest, exclusions }: FilmRows): FilmRows {
  const [negative] = manifest.classes;
  const unmarked = manifest.rows.filter(({ box, label }) => box === undefined && label !== negative);
  const left = new Set(unmarked.map(({ absolutePath }) => absolutePath));
  const rows = manifest.rows
    .filter(({ absolutePath }) => !left.has(absolutePath))
    .map((row) => ({ ...row, label: row.box ? 'malignant' : 'normal' }));
  const reason = 'a lesion without a box';
  return {
    manifest: { ...manifest, rows },
    exclusions: [...exclusions, ...unmarked.map(({ path, patientId }) => ({ path, patientId, reason }))],
  };
}

/** Films by split. */
export interface SplitFilms {
  readonly train: readonly Film[];
  readonly val: readonly Film[];
  readonly test: readonly Film[];
}

/** The films of each split; SystemError 'data-unusable' where there is no lesion to learn from, or validation films of one kind alone. */
export function splitFilms(
  manifest: string,
  rows: readonly SplitRow[],
  filmsOf: (rows: readonly ManifestRow[]) => Film[],
): SplitFilms {
  filmsOf(rows); // a lesion's label is one in all splits
  const of = (split: SplitRow['split']) => filmsOf(rows.filter((row) => row.split === split));
  const [train, val, test] = [of('train'), of('val'), of('test')];
  const refuse = (what: string) => {
    throw new SystemError('data-unusable', `${manifest}: ${what}`);
  };
  if (!train.some(({ lesions }) => lesions.length > 0))
    refuse(`none of ${train.length} training films has a box to learn from: fill x1, y1, x2, y2 of their lesions`);
  const malignant = val.filter((film) => film.malignant).length;
  if (malignant === 0 || malignant === val.length)
    refuse(
      `${malignant} of ${val.length} validation films are malignant: the epoch is chosen on malignant films and others; add some, or change the split column`,
    );
  return { train, val, test };
}
