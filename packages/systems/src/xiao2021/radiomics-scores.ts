/** The radiomics comparator within an evaluation: learnt from the run's training regions, scored on the others. */
import type { Manifest, ManifestRow, Split } from '@mammoscope/imaging';
import type { RunRecord } from '../run/run-record.ts';
import { manifestKey, rowKey } from '../run/unseen-rows.ts';
import { readLesionRegion } from './lesion-roi.ts';
import { compareRadiomics, type RadiomicsRoi, radiomicsCases } from './radiomics.ts';
import type { Recipe } from './recipe.ts';

/** Folds of cross-validation, of fewer patients of a class as many as these. */
const FOLDS = 10;

/** Folds for cases of patients: each class needs a patient in every fold; a patient with a positive case counts as positive. */
export function foldsFor(cases: readonly { readonly patientId: string; readonly malignant: boolean }[]): number {
  const all = new Set(cases.map(({ patientId }) => patientId)).size;
  const positive = new Set(cases.filter(({ malignant }) => malignant).map(({ patientId }) => patientId)).size;
  return Math.min(FOLDS, positive, all - positive);
}

/** The rows of a manifest that a run has in a split, in the order of the run. */
function rowsOf(record: RunRecord, manifest: Manifest, split: Split): ManifestRow[] {
  const known = new Map(manifest.rows.map((row) => [manifestKey(manifest, row), row]));
  return record.rows.filter((row) => row.split === split).flatMap((row) => known.get(rowKey(row)) ?? []);
}

/** Scores of the models radiomics-2d, radiomics-3d and radiomics-combined on rows and on the run's validation rows; features are in voxels. */
export async function radiomicsScores(
  { record, recipe, manifest }: { readonly record: RunRecord; readonly recipe: Recipe; readonly manifest: Manifest },
  rows: readonly ManifestRow[],
) {
  const casesOf = async (of: readonly ManifestRow[]) => {
    const cases = [];
    for (const row of of) {
      const { planes, focus } = await readLesionRegion(row, recipe);
      const malignant = record.classes.indexOf(row.label) > 0;
      const roi: RadiomicsRoi = { patientId: row.patientId, malignant, slices: planes, focus };
      cases.push(...(await radiomicsCases([roi])));
    }
    return cases;
  };
  const training = await casesOf(rowsOf(record, manifest, 'train'));
  const validation = await casesOf(rowsOf(record, manifest, 'val'));
  const held = [...validation, ...(await casesOf(rows))];
  return compareRadiomics(training, held, { seed: record.seed, folds: foldsFor(training) }).map(
    ({ model, scores }) => ({
      model: `radiomics-${model.domain}`,
      role: 'single' as const,
      scores: [...scores.subarray(validation.length)],
      validation: [...scores.subarray(0, validation.length)],
    }),
  );
}
