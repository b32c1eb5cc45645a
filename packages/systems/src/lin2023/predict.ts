import { basename, extname, join } from 'node:path';
import { writeAside } from '@mammoscope/files';
import { formatCsv, type ManifestRow, readManifest } from '@mammoscope/imaging';
import { makeFolder } from '../run/make-folder.ts';
import { partsDone } from '../run/progress.ts';
import { formatJson, readRunRecord, runFiles } from '../run/run-record.ts';
import type { PredictionSummary, PredictRequest } from '../system.ts';
import { RULES, type RuleName } from './decisions.ts';
import { detectOn } from './evaluate.ts';
import { filmRows } from './film-rows.ts';
import { filmsToRead } from './films.ts';
import { judgeBreasts } from './levels.ts';
import { overlayPng } from './overlay.ts';
import { CLASSES, className, type LesionClass } from './recipe.ts';
import { writeBoxes } from './results.ts';
import type { ScoredFilm } from './score-films.ts';
import { recipeOf } from './settings.ts';

/** What is said of a film. */
export interface FilmPrediction {
  /** As the user named it, or as the manifest does. */
  readonly path: string;
  /** Of a manifest's row. */
  readonly patientId?: string;
  readonly laterality?: string;
  readonly view?: string;
  /** Highest probability of a malignant box. */
  readonly score: number;
  readonly decision: LesionClass;
  readonly confidence: number;
  readonly rule: RuleName;
  /** In pixels of the stored image. */
  readonly boxes: readonly {
    readonly box: readonly number[];
    readonly class: LesionClass;
    readonly confidence: number;
  }[];
  /** File name in the folder overlays/. */
  readonly overlay: string;
}

/** What is said of a breast whose views a manifest names. */
export interface BreastPrediction {
  readonly patientId: string;
  readonly laterality: string;
  readonly views: readonly string[];
  readonly score: number;
  readonly decision: LesionClass;
  readonly confidence: number;
  readonly rule: RuleName;
}

/** What predictions.json holds. */
export interface FilmPredictions extends PredictionSummary {
  readonly system: string;
  readonly notice: string;
  readonly predictions: readonly FilmPrediction[];
  /** Empty where files say nothing of breasts. */
  readonly breasts: readonly BreastPrediction[];
  /** The sentences of the rules that fired. */
  readonly rules: Readonly<Record<string, string>>;
}

/**
 * Finds boxes on films with a run's detector and decides on images and, of a manifest, breasts. Writes predictions.json,
 * predictions.csv, detections.csv, detections.json (COCO's form) and overlays/. Of a manifest (CSV) labels and boxes are not looked at.
 */
export async function predictLin2023({
  engine,
  run,
  files,
  out,
  onProgress,
}: PredictRequest): Promise<FilmPredictions> {
  const record = await readRunRecord(run);
  const recipe = recipeOf(record.recipe);
  const rows: ManifestRow[] = [];
  for (const file of files) rows.push(...(await rowsOf(file)));
  const films = filmsToRead(rows).map((film) => ({ ...film, lesions: [] }));
  const done = partsDone(films.length, onProgress);
  const overlays: Buffer[] = [];
  const scored = await detectOn({ engine, run, record, recipe }, films, async ({ boxes }, seen) => {
    overlays.push(await overlayPng(seen, boxes));
    done();
  });
  const folder = join(out, 'overlays');
  await makeFolder(folder); // not before every image was read: one that is refused leaves no folder behind
  const predictions = scored.map((film, i) => predictionOf(film, i));
  for (const [i, { overlay }] of predictions.entries()) await writeAside(join(folder, overlay), overlays[i] as Buffer);
  const breasts = judgeBreasts(
    scored.filter(({ film }) => film.patientId !== ''),
    recipe,
  ).map(
    ({ patientId, laterality, views, decision }): BreastPrediction => ({
      ...{ patientId, laterality, views: views.map(({ film }) => film.path) },
      ...{ score: decision.probabilityMalignant, decision: decision.status },
      ...{ confidence: decision.confidence, rule: decision.rule },
    }),
  );
  const fired = new Set([...predictions, ...breasts].map(({ rule }) => rule));
  const result: FilmPredictions = {
    system: record.system,
    classes: CLASSES,
    cutoff: recipe.scoreThreshold,
    rule: `malignant with a malignant box of a probability above ${recipe.scoreThreshold}`,
    notice: 'Not a medical device. For research only.',
    predictions,
    breasts,
    rules: Object.fromEntries([...fired].map((rule) => [rule, RULES[rule]])),
  };
  await writeBoxes(scored, out);
  await writeAside(
    runFiles(out).predictions,
    formatCsv(
      predictions.map(({ boxes, patientId, laterality, view, ...film }) => ({
        ...(films.some((each) => each.patientId !== '') && {
          ...{ patient_id: patientId ?? '', laterality: laterality ?? '', view: view ?? '' },
        }),
        ...film,
        boxes: boxes.length,
      })),
    ),
  );
  await writeAside(join(out, 'predictions.json'), formatJson(result));
  return result;
}

function predictionOf({ film, boxes, decision }: ScoredFilm, index: number): FilmPrediction {
  const { path, patientId, laterality, view } = film;
  return {
    path,
    ...(patientId && { patientId }),
    ...(laterality && { laterality }),
    ...(view && { view }),
    score: decision.probabilityMalignant,
    decision: decision.status,
    confidence: decision.confidence,
    rule: decision.rule,
    boxes: boxes.map(({ box, class: label, score }) => ({ box, class: className(label), confidence: score })),
    overlay: `${String(index + 1).padStart(4, '0')}-${basename(path, extname(path))}.png`,
  };
}

/** The whole mammograms of a manifest, or a file as one. */
async function rowsOf(file: string): Promise<readonly ManifestRow[]> {
  if (/\.csv$/i.test(file)) return filmRows(await readManifest(file, { unlabelled: true })).manifest.rows;
  return [{ path: file, absolutePath: file, modality: 'DM', line: 0, patientId: '', label: '', other: {} }];
}
