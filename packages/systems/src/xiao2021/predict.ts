import { join } from 'node:path';
import { writeAside } from '@mammoscope/files';
import { formatCsv, type ManifestRow, readManifest } from '@mammoscope/imaging';
import { cutoffOf, readValidationScores } from '../classifier/validation.ts';
import { SystemError } from '../errors.ts';
import { formatJson, readRunRecord, runFiles } from '../run/run-record.ts';
import type { PredictionSummary, PredictRequest } from '../system.ts';
import { ensembleScores, scoreMember } from './evaluate.ts';
import { requireLesions } from './lesion-check.ts';
import { LesionRois } from './lesion-inputs.ts';
import { lesionUnits, type Unit, unitScores } from './levels.ts';
import { SYSTEM } from './recipe.ts';
import { recipeOf } from './settings.ts';
import { lesionRows } from './train.ts';
import { type ViewPictures, writePictures } from './view-pictures.ts';

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
  readonly views: readonly ({
    readonly path: string;
    readonly view: string | null;
    /** Slice of the stack, counted from 0, and how it was found. */
    readonly focusSlice: number;
    readonly focusFrom: string;
  } & ViewPictures)[];
}

/**
 * Scores the lesions that manifests list, whose labels are not looked at, and writes predictions.json, predictions.csv and, of
 * every view, its focus slice and the Grad-CAM of every member over it. The decision uses the cut-off of the validation lesions.
 */
export async function predictXiao2021({
  engine,
  run,
  files,
  out,
}: PredictRequest): Promise<PredictionSummary & { readonly predictions: readonly LesionPrediction[] }> {
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
    const manifest = lesionRows(await readManifest(file));
    await requireLesions(manifest.path, manifest.rows, rois);
    rows.push(...manifest.rows);
  }
  const members = [];
  for (const model of record.members) {
    const validation = (await readValidationScores(runFiles(run).member(model).validation)).map(({ score }) => score);
    const scores = await scoreMember(engine, run, record, recipe, rois, model, rows);
    members.push({ model, role: 'member' as const, scores, validation });
  }
  const models = [...ensembleScores(recipe, members), ...members];
  const [first] = models as [(typeof models)[number]];
  const validationRows = record.rows.filter(({ split }) => split === 'val');
  const validationUnits = lesionUnits(validationRows);
  const cutoff = cutoffOf(
    unitScores(validationUnits, first.validation).map((score, i) => ({
      score,
      positive: record.classes.indexOf((validationUnits[i] as Unit).label) > 0,
    })),
  );
  const units = lesionUnits(rows);
  const scoresOf = new Map(models.map(({ model, scores }) => [model, unitScores(units, scores)]));
  const pictures = await writePictures({ engine, run, record, recipe, rois }, rows, out);
  const predictions: LesionPrediction[] = [];
  for (const [i, { patientId, lesionId, members: ofUnit }] of units.entries()) {
    const score = scoresOf.get(first.model)?.[i] as number;
    const views = [];
    for (const index of ofUnit) {
      const row = rows[index] as ManifestRow;
      const { focus, focusFrom, firstSlice } = await rois.of(row);
      const place = { path: row.path, view: row.view ?? null, focusSlice: firstSlice + focus, focusFrom };
      views.push({ ...place, ...(pictures[index] as ViewPictures) });
    }
    predictions.push({
      path: views[0]?.path ?? '',
      patientId,
      lesionId: lesionId ?? null,
      score,
      decision: score >= cutoff ? record.classes.slice(1).join(' or ') : (record.classes[0] as string),
      members: Object.fromEntries([...scoresOf].map(([model, scores]) => [model, scores[i] as number])),
      views,
    });
  }
  const result = {
    system: record.system,
    classes: record.classes,
    cutoff: Number.isFinite(cutoff) ? cutoff : null,
    notice: 'Not a medical device. For research only.',
    predictions,
  };
  await writeAside(
    runFiles(out).predictions,
    formatCsv(
      predictions.map(({ patientId, lesionId, path, score, decision, members: each }) => ({
        ...{ patient_id: patientId, lesion_id: lesionId ?? '', path, score, decision },
        ...Object.fromEntries(Object.entries(each).map(([name, value]) => [`score_${name}`, value])),
      })),
    ),
  );
  await writeAside(join(out, 'predictions.json'), formatJson(result));
  return result;
}
