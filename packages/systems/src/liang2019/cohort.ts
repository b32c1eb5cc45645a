/** A paired phantom cohort: of each virtual woman with a lesion the affected breast, as mammogram and tomosynthesis in two views. */
import { dirname, join, resolve } from 'node:path';
import { writeAside } from '@mammoscope/files';
import { type CsvCells, formatCsv } from '@mammoscope/imaging';
import { BREAST_VIEWS, drawWoman, type PhantomPresetName } from '@mammoscope/phantom';
import { makeFolder } from '../run/make-folder.ts';
import { writePhantomBreast } from '../virtual-cohort/breast.ts';
import { viewPaths } from '../virtual-cohort/paths.ts';

/** What to draw and where. */
export interface PairedCohortOptions {
  readonly out: string;
  /** Women, each with a benign or a malignant lesion. */
  readonly patients: number;
  readonly preset: PhantomPresetName;
  readonly seed: number;
  /** 0 to 1, see drawWoman. */
  readonly difficulty: number;
  /** Called after each woman. */
  readonly onPatient?: (done: number, total: number) => void;
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
