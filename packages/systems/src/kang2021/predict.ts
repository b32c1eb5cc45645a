import { join } from 'node:path';
import { writeAside } from '@mammoscope/files';
import { formatCsv, type ManifestRow, openManifestImage, readManifest } from '@mammoscope/imaging';
import type { Engine } from '@mammoscope/runtime';
import { type CasePictures, writePictures } from '../classifier/pictures.ts';
import { cutoffOf, readValidationScores } from '../classifier/validation.ts';
import { requireBoxes } from '../data/lesion-roi.ts';
import { SystemError } from '../errors.ts';
import { type OnProgress, partsDone, withEach } from '../run/progress.ts';
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
  /** The same of each network by itself. */
  readonly memberCutoffs: Readonly<Record<string, number | null>>;
  readonly notice: string;
  readonly predictions: readonly Prediction[];
}

/** The result of one image, or of one row of a manifest. */
export interface Prediction extends CasePictures {
  /** As the user named it, or as the manifest does. */
  readonly path: string;
  /** Of a manifest's row; absent for files. */
  readonly patientId?: string;
  readonly lesionId?: string;
  /** Probability of the positive class, averaged over the networks. */
  readonly score: number;
  readonly decision: string;
  /** Scores of the networks. */
  readonly members: Readonly<Record<string, number>>;
  /** What each network calls the image at its own cut-off. */
  readonly votes: Readonly<Record<string, string>>;
}

/**
 * Scores images with a run's networks and writes predictions.csv, predictions.json and the Grad-CAM of every network. A manifest (CSV) among the files stands for its rows, whose labels are not looked at, and lesions are cut out of whole
 * mammograms where training cut them out. Decisions use the cut-offs of the validation images.
 */
export async function predictKang2021(
  engine: Engine,
  run: string,
  files: readonly string[],
  out: string,
  onProgress?: OnProgress,
): Promise<Predictions> {
  const record = await readRunRecord(run);
  const recipe = recipeOf(record.recipe);
  const rows: ManifestRow[] = [];
  for (const file of files) rows.push(...(await rowsOf(file, recipe.roiPx)));
  const validation = await Promise.all(
    record.members.map((member) => readValidationScores(runFiles(run).member(member).validation)),
  );
  const cutoff = cutoffOf(averageValidation(validation));
  const cutoffs = validation.map(cutoffOf);
  const done = partsDone(2 * rows.length * record.members.length, onProgress); // scored, and explained
  const scores: number[][] = [];
  for (const member of record.members) scores.push(await scoreMember(engine, run, record, recipe, member, rows, done));
  const mean = average(scores);
  const pictures = await writePictures(out, rows, record.members, (member) =>
    withEach(explain(engine, run, record, recipe, member, rows), done),
  );
  const [negative, positive] = [record.classes[0] as string, record.classes.slice(1).join(' or ')];
  const called = (score: number, from: number) => (score >= from ? positive : negative);
  const byMember = <T>(figureOf: (member: number) => T): Record<string, T> =>
    Object.fromEntries(record.members.map((name, member) => [name, figureOf(member)]));
  const predictions = rows.map(({ path, patientId, lesionId }, i): Prediction => {
    const scoreOf = (member: number) => scores[member]?.[i] as number;
    return {
      path,
      ...(patientId && { patientId }),
      ...(lesionId && { lesionId }),
      ...{ score: mean[i] as number, decision: called(mean[i] as number, cutoff), members: byMember(scoreOf) },
      votes: byMember((member) => called(scoreOf(member), cutoffs[member] as number)),
      ...(pictures[i] as CasePictures),
    };
  });
  const fromManifest = rows.some(({ patientId }) => patientId !== '');
  const columns = (name: string, values: Readonly<Record<string, number | string>>) =>
    Object.fromEntries(Object.entries(values).map(([member, value]) => [`${name}_${member}`, value]));
  await writeAside(
    runFiles(out).predictions,
    formatCsv(
      predictions.map(({ patientId, lesionId, path, score, decision, members, votes }) => ({
        ...(fromManifest && { patient_id: patientId ?? '', lesion_id: lesionId ?? '' }),
        ...{ path, score, decision },
        ...columns('score', members),
        ...columns('vote', votes),
      })),
    ),
  );
  const finite = (value: number) => (Number.isFinite(value) ? value : null);
  const result: Predictions = {
    system: record.system,
    classes: record.classes,
    cutoff: finite(cutoff),
    memberCutoffs: byMember((member) => finite(cutoffs[member] as number)),
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
    const { path, rows } = await readManifest(file, { unlabelled: true });
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
