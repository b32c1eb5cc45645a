/** A screening cohort as a folder: mammograms in two views with clusters of calcifications or none, and a manifest with boxes, pathological types and receptors. */
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { writeAside } from '@mammoscope/files';
import { type CsvCells, formatCsv, writePng16 } from '@mammoscope/imaging';
import {
  DEFAULT_DIFFICULTY,
  drawScreenedWoman,
  drawScreeningFilm,
  type ScreenedWoman,
  type ScreeningFilm,
  type SeenCluster,
  screeningTextures,
} from '@mammoscope/phantom';
import { SystemError } from '../errors.ts';
import { makeFolder } from '../run/make-folder.ts';

/** Rows of a film where nothing else is said; a cluster has 10 to 60 px there. */
const DEFAULT_HEIGHT_PX = 416;
const HEIGHTS_PX = { least: 128, most: 2048 } as const;

/** What to draw and where. */
export interface ScreeningCohortOptions {
  readonly out: string;
  readonly patients: number;
  readonly seed: number;
  /** 0 to 1, see drawLesion; 0.5 unless given. */
  readonly difficulty?: number;
  /** Rows of a film, which is three quarters as wide; 416 unless given. */
  readonly heightPx?: number;
  /** Called after each woman. */
  readonly onPatient?: (done: number, total: number) => void;
}

/** What was written. */
export interface ScreeningCohort {
  readonly manifest: string;
  readonly patients: number;
  readonly films: number;
  /** Lesions in the breast, each in both views. */
  readonly lesions: number;
}

/**
 * Draws and writes a cohort: one breast a woman in CC and MLO as 16-bit PNG, and manifest.csv, last, with a row a lesion of a
 * film, or one row without a box for a film without. `pathology` and `er_status` are of malignant lesions. The same options give
 * the same bytes, and a larger cohort begins with the women of a smaller one. SystemError 'option-invalid' for a number out of
 * range, or a folder that holds a manifest already.
 */
export async function writeScreeningCohort(options: ScreeningCohortOptions): Promise<ScreeningCohort> {
  const { patients, seed, difficulty = DEFAULT_DIFFICULTY, heightPx = DEFAULT_HEIGHT_PX, onPatient } = options;
  requireScreening({ patients, difficulty, heightPx });
  const out = resolve(options.out);
  const manifest = join(out, 'manifest.csv');
  if (await stat(manifest).catch(() => undefined))
    throw new SystemError('option-invalid', `${manifest} exists already: choose another folder`);
  await makeFolder(join(out, 'images'));
  const rows: CsvCells[] = [];
  let lesions = 0;
  for (let patient = 0; patient < patients; patient++) {
    const woman = drawScreenedWoman(patient, { seed, difficulty });
    const textures = screeningTextures(woman, heightPx);
    for (const view of ['CC', 'MLO'] as const) {
      const film = drawScreeningFilm(woman, view, { heightPx, textures });
      const path = `images/${woman.patientId}-${woman.side}-${view}.png`;
      await writePng16(join(out, path), film.plane, film.widthPx, film.heightPx);
      rows.push(...filmRows(woman, film, { path, view }));
    }
    lesions += woman.clusters.length;
    onPatient?.(patient + 1, patients);
  }
  await writeAside(manifest, formatCsv(rows));
  return { manifest, patients, films: 2 * patients, lesions };
}

function requireScreening({
  patients,
  difficulty,
  heightPx,
}: Required<Pick<ScreeningCohortOptions, 'patients' | 'difficulty' | 'heightPx'>>): void {
  const refuse = (what: string, got: number) => {
    throw new SystemError('option-invalid', `${what}, got ${got}`);
  };
  if (!Number.isInteger(patients) || patients < 1) refuse('patients must be a whole number above 0', patients);
  if (!(difficulty >= 0 && difficulty <= 1)) refuse('difficulty must be a number from 0 to 1', difficulty);
  const { least, most } = HEIGHTS_PX;
  if (!Number.isInteger(heightPx) || heightPx < least || heightPx > most)
    refuse(`films must have ${least} to ${most} rows`, heightPx);
}

/** One row a lesion, or one for a film that shows none. */
function filmRows(
  { patientId, side, density }: ScreenedWoman,
  { lesions, spacingMm }: ScreeningFilm,
  { path, view }: { readonly path: string; readonly view: 'CC' | 'MLO' },
): CsvCells[] {
  const film = { patient_id: patientId, path, modality: 'DM', laterality: side, view, bit_depth: 16 };
  const described = { spacing_mm: spacingMm.toFixed(4), density };
  const row = (label: string, lesion: CsvCells): CsvCells => ({ ...film, label, ...lesion, ...described });
  if (lesions.length === 0) return [row('normal', lesionCells())];
  return lesions.map((cluster) => row(cluster.label, lesionCells(cluster)));
}

function lesionCells(cluster?: SeenCluster): CsvCells {
  const [x1, y1, x2, y2] = cluster?.box ?? [];
  return {
    lesion_id: cluster?.lesionId,
    ...{ x1, y1, x2, y2 },
    pathology: cluster?.cancer?.type,
    er_status: cluster?.cancer?.erStatus,
    morphology: cluster?.lesion.morphology,
    distribution: cluster?.lesion.distribution,
  };
}
