import { basename, extname, join } from 'node:path';
import { writeAside } from '@mammoscope/files';
import { formatCsv, type ManifestRow, openManifestImage, readManifest } from '@mammoscope/imaging';
import type { Engine } from '@mammoscope/runtime';
import { cutoffOf, readValidationScores } from '../classifier/validation.ts';
import { requireBoxes } from '../data/lesion-roi.ts';
import { SystemError } from '../errors.ts';
import { makeFolder } from '../run/make-folder.ts';
import { formatJson, readRunRecord, runFiles } from '../run/run-record.ts';
import { average, averageValidation, scoreMember } from './evaluate.ts';
import { explain } from './explain.ts';
import { recipeOf } from './settings.ts';

/** What predictions.json holds. */
export interface Predictions {
  readonly system: string;
  readonly classes: readonly string[];
  /** Images are called positive from this score on; null where no cut-off beats chance on the validation images: none is. */
  readonly cutoff: number | null;
  readonly notice: string;
  readonly predictions: readonly Prediction[];
}

/** The result of one image, or of one row of a manifest. */
export interface Prediction {
  /** As the user named it, or as the manifest does. */
  readonly path: string;
  /** Of a manifest's row; absent for files. */
  readonly patientId?: string;
  readonly lesionId?: string;
  /** Probability of the positive class, averaged over the networks. */
  readonly score: number;
  readonly decision: string;
  readonly members: Readonly<Record<string, number>>;
  /** File name of the Grad-CAM overlay, in the folder overlays/. */
  readonly overlay: string;
}

/**
 * Scores images with a run's networks and writes predictions.csv, predictions.json and Grad-CAM overlays of the first
 * network. A manifest (CSV) among the files stands for its rows, whose labels are not looked at, and lesions are cut out of whole
 * mammograms where training cut them out. The decision uses the cut-off of the validation images.
 */
export async function predictKang2021(
  engine: Engine,
  run: string,
  files: readonly string[],
  out: string,
): Promise<Predictions> {
  const record = await readRunRecord(run);
  const recipe = recipeOf(record.recipe);
  const rows: ManifestRow[] = [];
  for (const file of files) rows.push(...(await rowsOf(file, recipe.roiPx)));
  const validation = await Promise.all(
    record.members.map((member) => readValidationScores(runFiles(run).member(member).validation)),
  );
  const cutoff = cutoffOf(averageValidation(validation));
  const scores: number[][] = [];
  for (const member of record.members) scores.push(await scoreMember(engine, run, record, recipe, member, rows));
  const mean = average(scores);
  const [negative, positive] = [record.classes[0] as string, record.classes.slice(1).join(' or ')];
  const explanations = await explain(engine, run, record, recipe, record.members[0] as string, rows);
  const overlays = join(out, 'overlays');
  await makeFolder(overlays); // not before every image was read: one that is refused leaves no folder behind
  const predictions: Prediction[] = [];
  for (const [i, row] of rows.entries()) {
    const { path } = row;
    const overlay = `${String(i + 1).padStart(4, '0')}-${basename(path, extname(path))}.png`;
    await writeAside(
      join(overlays, overlay),
      Buffer.from((explanations[i]?.overlay ?? '').split(',')[1] ?? '', 'base64'),
    );
    const score = mean[i] as number;
    const members = Object.fromEntries(record.members.map((member, m) => [member, scores[m]?.[i] as number]));
    predictions.push({
      path,
      ...(row.patientId && { patientId: row.patientId }),
      ...(row.lesionId && { lesionId: row.lesionId }),
      ...{ score, decision: score >= cutoff ? positive : negative, members, overlay },
    });
  }
  const fromManifest = rows.some(({ patientId }) => patientId !== '');
  await writeAside(
    runFiles(out).predictions,
    formatCsv(
      predictions.map(({ members, patientId, lesionId, ...prediction }) => ({
        ...(fromManifest && { patient_id: patientId ?? '', lesion_id: lesionId ?? '' }),
        ...prediction,
        ...Object.fromEntries(Object.entries(members).map(([name, score]) => [`score_${name}`, score])),
      })),
    ),
  );
  const result: Predictions = {
    system: record.system,
    classes: record.classes,
    cutoff: Number.isFinite(cutoff) ? cutoff : null,
    notice: 'Not a medical device. For research only.',
    predictions,
  };
  await writeAside(join(out, 'predictions.json'), formatJson(result));
  return result;
}

/**
 * The rows of a manifest, or a file as a PATCH. Where training cut out ROIs a file must not be larger than one: SystemError
 * 'option-invalid', since it shows more than the lesion and does not say where that is.
 */
async function rowsOf(file: string, roiPx: number): Promise<readonly ManifestRow[]> {
  if (/\.csv$/i.test(file)) {
    const { path, rows } = await readManifest(file);
    if (roiPx > 0) requireBoxes(path, rows);
    return rows;
  }
  const image = { path: file, absolutePath: file, modality: 'PATCH' } as const;
  const row: ManifestRow = { ...image, line: 0, patientId: '', label: '', other: {} };
  if (roiPx === 0) return [row];
  const { width, height, close } = await openManifestImage(row);
  await close();
  if (Math.max(width, height) > roiPx)
    throw new SystemError(
      'option-invalid',
      `${file} has ${width} x ${height} pixels and the run was trained on lesions cut out of whole mammograms in squares of ${roiPx}: give a manifest (CSV) with the boxes of its lesions, or with modality PATCH if it shows a lesion alone`,
    );
  return [row];
}
