/**
 * The files that an evaluation writes: metrics.json, predictions.csv (a line a film), breasts.csv, scores.csv, detections.csv and
 * detections.json (COCO's form), patches.png and layers.png (figures 3b, 3d and 3e), table-4.csv where there are pathological types, the report and its figures.
 */
import { join } from 'node:path';
import { writeAside } from '@mammoscope/files';
import { type CsvCells, formatCsv } from '@mammoscope/imaging';
import type { Engine } from '@mammoscope/runtime';
import { writeReport } from '../classifier/report-parts.ts';
import { formatJson, runFiles } from '../run/run-record.ts';
import type { ModelFigures } from '../system.ts';
import { boxesCsv, cocoJson, type ImageBoxes } from './box-files.ts';
import type { Evaluation } from './evaluate.ts';
import { layersOfRun } from './feature-layers-film.ts';
import type { JudgedBreast } from './levels.ts';
import { metricsOf } from './metrics.ts';
import { patchesOfRun } from './patches-figure.ts';
import { pathologyTable } from './pathology-table.ts';
import { reportOf } from './report.ts';
import type { ScoredFilm } from './score-films.ts';
import { SCORES_FILE, scoresCsv } from './scores-file.ts';

/** Writes them into a folder. */
export async function writeResults(engine: Engine, run: string, evaluation: Evaluation, out: string): Promise<void> {
  const files = runFiles(out);
  const { films, breasts, pathology } = evaluation;
  await writeAside(files.metrics, formatJson(metricsOf(evaluation)));
  await writeAside(files.predictions, filmsCsv(films));
  if (breasts.length > 0) await writeAside(join(out, 'breasts.csv'), breastsCsv(breasts));
  await writeBoxes(films, out);
  await writeAside(join(out, SCORES_FILE), scoresCsv(evaluation));
  if (pathology.length > 0) {
    const [header = [], ...rows] = pathologyTable(pathology);
    const cells = rows.map((row) => Object.fromEntries(header.map((name, i) => [name, row[i] ?? ''])));
    await writeAside(join(out, 'table-4.csv'), formatCsv(cells));
  }
  const layers = await layersOfRun(engine, run, evaluation);
  if (layers) await writeAside(join(out, 'layers.png'), layers);
  const patches = await patchesOfRun(evaluation);
  if (patches) await writeAside(join(out, 'patches.png'), patches);
  await writeReport(await reportOf(engine, run, evaluation), out);
}

/** Writes the boxes above the recipe's threshold as CSV and COCO JSON. */
export async function writeBoxes(films: readonly ScoredFilm[], out: string): Promise<void> {
  const images = films.map(({ film, width, height, boxes }): ImageBoxes => ({ file: film.path, width, height, boxes }));
  await writeAside(join(out, 'detections.csv'), boxesCsv(images));
  await writeAside(join(out, 'detections.json'), cocoJson(images));
}

/** A line a network and level, for the command line. */
export const summaryModels = ({ levels }: Evaluation): ModelFigures[] =>
  levels.flatMap(({ level, models }) =>
    models.map(({ model, auc, atCutoff, cutoff }) => ({ model: `${model}, ${level}s`, auc, atCutoff, cutoff })),
  );

/** predictions.csv */
function filmsCsv(films: readonly ScoredFilm[]): string {
  return formatCsv(
    films.map(
      ({ film, boxes, decision }): CsvCells => ({
        patient_id: film.patientId,
        path: film.path,
        laterality: film.laterality ?? '',
        view: film.view ?? '',
        label: film.malignant ? 'malignant' : 'benign',
        score: decision.probabilityMalignant,
        decision: decision.status,
        confidence: decision.confidence,
        rule: decision.rule,
        lesions: film.lesions.length,
        boxes: boxes.length,
        ...film.row.other,
      }),
    ),
  );
}

/** breasts.csv */
function breastsCsv(breasts: readonly JudgedBreast[]): string {
  return formatCsv(
    breasts.map(
      ({ patientId, laterality, views, malignant, decision }): CsvCells => ({
        patient_id: patientId,
        laterality,
        views: views.map(({ film }) => film.view ?? '?').join(' '),
        label: malignant ? 'malignant' : 'benign',
        score: decision.probabilityMalignant,
        decision: decision.status,
        confidence: decision.confidence,
        rule: decision.rule,
      }),
    ),
  );
}
