/** Paired phantom cohorts: of each virtual woman with a lesion the affected breast, or a mass alone, as mammogram and tomosynthesis in two views. */
import { dirname, join, resolve } from 'node:path';
import { writeAside } from '@mammoscope/files';
import { type CsvCells, formatCsv, writeNpy16, writePng16 } from '@mammoscope/imaging';
import {
  BREAST_VIEWS,
  type ClusterRoiGrid,
  drawMassCase,
  drawMassRoi,
  drawWoman,
  type PhantomPresetName,
} from '@mammoscope/phantom';
import { makeFolder } from '../run/make-folder.ts';
import { writePhantomBreast } from '../virtual-cohort/breast.ts';
import { viewPaths } from '../virtual-cohort/paths.ts';

/** What all cohorts have in common. */
interface CohortOptions {
  readonly out: string;
  /** Women, each with a benign or a malignant lesion. */
  readonly patients: number;
  readonly seed: number;
  /** 0 to 1, see drawWoman. */
  readonly difficulty: number;
  /** Called after each woman. */
  readonly onPatient?: (done: number, total: number) => void;
}

/** Whole breasts. */
export interface PairedCohortOptions extends CohortOptions {
  readonly preset: PhantomPresetName;
}

/** Spot views. */
export interface SpotCohortOptions extends CohortOptions {
  readonly grid: ClusterRoiGrid;
}

/** Of three women in a row two have a lesion. */
const WITH_LESION = 2 / 3;

/** Name of the manifest. */
export const PAIRED_MANIFEST = 'pairs.csv';

/** Draws and writes a cohort, its manifest last; the same options give the same bytes. */
export async function writePairedCohort(options: PairedCohortOptions): Promise<string> {
  const { patients, preset, seed, difficulty, onPatient } = options;
  const out = resolve(options.out);
  const women = Array.from({ length: Math.ceil(patients / WITH_LESION) + 2 }, (_, patient) =>
    drawWoman(patient, { seed, difficulty }),
  )
    .filter(({ lesion }) => lesion)
    .slice(0, patients);
  const rows: CsvCells[] = [];
  for (const [done, { patient, patientId, lesion }] of women.entries()) {
    const side = lesion?.side ?? 'L';
    for (const view of BREAST_VIEWS) {
      const { dbt, slices = dirname(dbt) } = viewPaths(patientId, side, view, 'png');
      await makeFolder(join(out, slices));
    }
    await makeFolder(join(out, 'masks', patientId));
    const task = { out, patient, side, preset, seed, difficulty, format: 'png', raw: false } as const;
    rows.push(...(await writePhantomBreast(task)).rows);
    onPatient?.(done + 1, women.length);
  }
  const manifest = join(out, PAIRED_MANIFEST);
  await writeAside(manifest, formatCsv(rows));
  return manifest;
}

/**
 * Draws and writes spot views of masses, the manifest last; the same options give the same bytes. They show no chest wall, so rows say that
 * their side is to be believed.
 */
export async function writeSpotCohort(options: SpotCohortOptions): Promise<string> {
  const { patients, seed, difficulty, grid, onPatient } = options;
  const out = resolve(options.out);
  await makeFolder(join(out, 'images'));
  const rows: CsvCells[] = [];
  for (let patient = 0; patient < patients; patient++) {
    const woman = drawMassCase(patient, seed, difficulty);
    const patientId = `woman-${String(patient + 1).padStart(4, '0')}`;
    for (const view of BREAST_VIEWS) {
      const { dm, dbt } = drawMassRoi(woman, view, grid);
      const name = `images/${patientId}-${view}`;
      await writePng16(join(out, `${name}.png`), dm, grid.sizePx, grid.sizePx);
      await writeNpy16(join(out, `${name}.npy`), dbt, [grid.slices, grid.sizePx, grid.sizePx]);
      const { label, mass } = woman;
      const common = { patient_id: patientId, laterality: 'L', view, label, prefer: 'laterality=user' };
      const described = { shape: mass.shape, margin: mass.margin };
      rows.push(
        { ...common, path: `${name}.png`, modality: 'DM', ...described },
        { ...common, path: `${name}.npy`, modality: 'DBT', ...described },
      );
    }
    onPatient?.(patient + 1, patients);
  }
  const manifest = join(out, PAIRED_MANIFEST);
  await writeAside(manifest, formatCsv(rows));
  return manifest;
}
