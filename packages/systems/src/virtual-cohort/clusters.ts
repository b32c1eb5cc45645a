/** A cohort of clusters of calcifications as a folder: for each woman two views of one lesion, as DBT regions and DM patches, and manifests of both. */
import { join, resolve } from 'node:path';
import { writeAside } from '@mammoscope/files';
import { type CsvCells, formatCsv, writeNpy16, writePng16 } from '@mammoscope/imaging';
import { type ClusterCaseOptions, type ClusterRoiGrid, drawClusterCase, drawClusterRoi } from '@mammoscope/phantom';
import { makeFolder } from '../run/make-folder.ts';

/** What to draw and where. */
export interface ClusterCohortOptions extends ClusterCaseOptions {
  readonly out: string;
  readonly patients: number;
  readonly seed: number;
  readonly grid: ClusterRoiGrid;
  /** Called after each woman. */
  readonly onPatient?: (done: number, total: number) => void;
}

/** The manifests of a cohort, written last. */
export interface ClusterCohort {
  /** Tomosyntheses with boxes and slices, for systems that cut lesions out. */
  readonly dbt: string;
  /** Mammograms cut out around the lesion. */
  readonly dm: string;
}

/** Draws and writes a cohort; the same options give the same bytes, and a larger cohort begins with the women of a smaller one. */
export async function writeClusterCohort(options: ClusterCohortOptions): Promise<ClusterCohort> {
  const { patients, seed, grid, onPatient } = options;
  const out = resolve(options.out);
  await makeFolder(join(out, 'images'));
  const rows: { dm: CsvCells; dbt: CsvCells }[] = [];
  for (let patient = 0; patient < patients; patient++) {
    const woman = drawClusterCase(patient, seed, options);
    const patientId = `woman-${String(patient + 1).padStart(4, '0')}`;
    for (const view of ['CC', 'MLO'] as const) {
      const roi = drawClusterRoi(woman, view, grid);
      const name = `images/${patientId}-${view}`;
      await writePng16(join(out, `${name}.png`), roi.dm, grid.sizePx, grid.sizePx);
      await writeNpy16(join(out, `${name}.npy`), roi.dbt, [grid.slices, grid.sizePx, grid.sizePx]);
      const common = { label: woman.label, view, lesion_id: `${patientId}-lesion` };
      const [x1, y1, x2, y2] = roi.box;
      const { morphology, distribution } = woman.cluster;
      rows.push({
        dm: { patient_id: patientId, path: `${name}.png`, modality: 'PATCH', ...common, morphology, distribution },
        dbt: {
          ...{ patient_id: patientId, path: `${name}.npy`, modality: 'DBT', ...common, x1, y1, x2, y2 },
          ...{ slice_first: roi.sliceFirst, slice_last: roi.sliceLast, morphology, distribution },
        },
      });
    }
    onPatient?.(patient + 1, patients);
  }
  const manifests = { dbt: join(out, 'dbt.csv'), dm: join(out, 'dm.csv') };
  await writeAside(manifests.dm, formatCsv(rows.map(({ dm }) => dm)));
  await writeAside(manifests.dbt, formatCsv(rows.map(({ dbt }) => dbt)));
  return manifests;
}
