import { join } from 'node:path';
import { writeAside } from '@mammoscope/files';
import { formatCsv, type ManifestRow, readManifest } from '@mammoscope/imaging';
import { type CasePictures, writePictures } from '../classifier/pictures.ts';
import { cutoffOf, readValidationScores } from '../classifier/validation.ts';
import { SystemError } from '../errors.ts';
import { partsDone, withEach } from '../run/progress.ts';
import { formatJson, readRunRecord, runFiles } from '../run/run-record.ts';
import type { PredictionSummary, PredictRequest } from '../system.ts';
import { ensembleScores, scoreMember } from './evaluate.ts';
import { explain } from './explain.ts';
import { requireLesions } from './lesion-check.ts';
import { LesionRois } from './lesion-inputs.ts';
import { lesionUnits, type Unit, unitScores } from './levels.ts';
import { SYSTEM } from './recipe.ts';
import { recipeOf } from './settings.ts';
import { lesionRows } from './train.ts';

/** One lesion's result. */
export interface LesionPrediction {
  /** Of its first view, as the manifest has it. */
  readonly path: string;
  readonly patientId: string;
  readonly lesionId: string | null;
  /** Probability of the positive class, averaged over the views. */
  readonly score: number;
  readonly decision: string;
  /** Of every member and ensemble. */
  readonly members: Readonly<Record<string, number>>;
  /** What each of them calls the lesion at its own cut-off. */
  readonly votes: Readonly<Record<string, string>>;
  readonly views: readonly LesionView[];
}

/** A view of a lesion; its image is the focus slice. */
export interface LesionView extends CasePictures {
  readonly path: string;
  readonly view: string | null;
  /** Slice of the stack, counted from 0, and how it was found. */
  readonly focusSlice: number;
  readonly focusFrom: string;
}

/** What predictions.json holds. */
export interface LesionPredictions extends PredictionSummary {
  readonly system: string;
  /** Of every member and ensemble by itself, as `cutoff` is the headline's. */
  readonly memberCutoffs: Readonly<Record<string, number | null>>;
  readonly notice: string;
  readonly predictions: readonly LesionPrediction[];
}

/** The first of the models: the unweighted ensemble, or the first member. */
const HEADLINE = 0;

/**
 * Scores the lesions that manifests list, whose labels are not looked at, and writes predictions.json, predictions.csv and, of
 * every view, its focus slice and the Grad-CAM of every member over it. Decisions use the cut-offs of the validation lesions.
 */
export async function predictXiao2021({
  engine,
  run,
  files,
  out,
  onProgress,
}: PredictRequest): Promise<LesionPredictions> {
  const record = await readRunRecord(run);
  const recipe = recipeOf(record.recipe);
  const rois = new LesionRois(recipe);
  const rows: ManifestRow[] = [];
  for (const file of files) {
    if (!/\.csv$/i.test(file))
      throw new SystemError(
        'option-invalid',
        `${file}: ${SYSTEM.name} judges lesions, so it needs to know where they are; give a manifest (CSV) with their boxes and slices`,
      );
    const manifest = lesionRows(await readManifest(file, { unlabelled: true }));
    await requireLesions(manifest.path, manifest.rows, rois);
    rows.push(...manifest.rows);
  }
  const done = partsDone(2 * rows.length * record.members.length, onProgress); // scored, and explained
  const members = [];
  for (const model of record.members) {
    const validation = (await readValidationScores(runFiles(run).member(model).validation)).map(({ score }) => score);
    const scores = await scoreMember(engine, run, record, recipe, rois, model, rows, done);
    members.push({ model, role: 'member' as const, scores, validation });
  }
  const models = [...ensembleScores(recipe, members), ...members];
  const validationRows = record.rows.filter(({ split }) => split === 'val');
  const validationUnits = lesionUnits(validationRows);
  const cutoffs = models.map(({ validation }) =>
    cutoffOf(
      unitScores(validationUnits, validation).map((score, i) => ({
        score,
        positive: record.classes.indexOf((validationUnits[i] as Unit).label) > 0,
      })),
    ),
  );
  const units = lesionUnits(rows);
  const scores = models.map((model) => unitScores(units, model.scores));
  const pictures = await writePictures(out, rows, record.members, (member) =>
    withEach(explain(engine, run, record, recipe, rois, member, rows), done),
  );
  const [negative, positive] = [record.classes[0] as string, record.classes.slice(1).join(' or ')];
  const byModel = <T>(figureOf: (model: number) => T): Record<string, T> =>
    Object.fromEntries(models.map(({ model }, m) => [model, figureOf(m)]));
  const predictions: LesionPrediction[] = [];
  for (const [i, { patientId, lesionId, members: ofUnit }] of units.entries()) {
    const scoreOf = (model: number) => scores[model]?.[i] as number;
    const called = (model: number) => (scoreOf(model) >= (cutoffs[model] as number) ? positive : negative);
    const views: LesionView[] = [];
    for (const index of ofUnit) {
      const row = rows[index] as ManifestRow;
      const { focus, focusFrom, firstSlice } = await rois.of(row);
      const place = { path: row.path, view: row.view ?? null, focusSlice: firstSlice + focus, focusFrom };
      views.push({ ...place, ...(pictures[index] as CasePictures) });
    }
    predictions.push({
      path: views[0]?.path ?? '',
      patientId,
      lesionId: lesionId ?? null,
      score: scoreOf(HEADLINE),
      decision: called(HEADLINE),
      members: byModel(scoreOf),
      votes: byModel(called),
      views,
    });
  }
  const finite = (model: number) => (Number.isFinite(cutoffs[model]) ? (cutoffs[model] as number) : null);
  const result: LesionPredictions = {
    system: record.system,
    classes: record.classes,
    cutoff: finite(HEADLINE),
    memberCutoffs: byModel(finite),
    notice: 'Not a medical device. For research only.',
    predictions,
  };
  await writeAside(
    runFiles(out).predictions,
    formatCsv(
      predictions.map(({ patientId, lesionId, path, score, decision, members: each, votes }) => ({
        ...{ patient_id: patientId, lesion_id: lesionId ?? '', path, score, decision },
        ...Object.fromEntries(Object.entries(each).map(([name, value]) => [`score_${name}`, value])),
        ...Object.fromEntries(Object.entries(votes).map(([name, vote]) => [`vote_${name}`, vote])),
      })),
    ),
  );
  await writeAside(join(out, 'predictions.json'), formatJson(result));
  return result;
}
