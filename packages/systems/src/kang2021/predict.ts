import { basename, extname, join } from 'node:path';
import { writeAside } from '@mammoscope/files';
import { formatCsv, type ManifestRow } from '@mammoscope/imaging';
import type { Engine } from '@mammoscope/runtime';
import { cutoffOf, readValidationScores } from '../classifier/validation.ts';
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

/** One image's result. */
export interface Prediction {
  readonly path: string;
  /** Probability of the positive class, averaged over the networks. */
  readonly score: number;
  readonly decision: string;
  readonly members: Readonly<Record<string, number>>;
  /** File name of the Grad-CAM overlay, in the folder overlays/. */
  readonly overlay: string;
}

/**
 * Scores images with a run's networks and writes predictions.csv, predictions.json and Grad-CAM overlays of the first
 * network. The decision uses the cut-off of the validation images.
 */
export async function predictKang2021(
  engine: Engine,
  run: string,
  files: readonly string[],
  out: string,
): Promise<Predictions> {
  const record = await readRunRecord(run);
  const recipe = recipeOf(record.recipe);
  const rows = files.map(
    (path): ManifestRow => ({
      line: 0,
      patientId: '',
      path,
      absolutePath: path,
      modality: 'PATCH',
      label: '',
      other: {},
    }),
  );
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
  for (const [i, path] of files.entries()) {
    const overlay = `${String(i + 1).padStart(4, '0')}-${basename(path, extname(path))}.png`;
    await writeAside(
      join(overlays, overlay),
      Buffer.from((explanations[i]?.overlay ?? '').split(',')[1] ?? '', 'base64'),
    );
    const score = mean[i] as number;
    const members = Object.fromEntries(record.members.map((member, m) => [member, scores[m]?.[i] as number]));
    predictions.push({ path, score, decision: score >= cutoff ? positive : negative, members, overlay });
  }
  await writeAside(
    runFiles(out).predictions,
    formatCsv(
      predictions.map(({ members, ...prediction }) => ({
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
