/** The files that an evaluation writes: metrics.json, predictions.csv, report.html and the folder of its figures. */
import { writeAside } from '@mammoscope/files';
import { type CsvCells, formatCsv } from '@mammoscope/imaging';
import { comparisonFigures, modelFigures } from '../classifier/metric-figures.ts';
import { writeReport } from '../classifier/report-parts.ts';
import { clusterCounts } from '../reader-study/study.ts';
import { formatJson, runFiles } from '../run/run-record.ts';
import type { Evaluation, ModelResult, RunPlace } from './evaluate.ts';
import { randomFeaturesWarning, reportOf } from './report.ts';

/** Writes the three files into a folder, and beside them every figure of the report as SVG, PNG and CSV. */
export async function writeResults(
  place: Pick<RunPlace, 'engine' | 'run' | 'cacheFolder'>,
  evaluation: Evaluation,
  out: string,
): Promise<void> {
  const files = runFiles(out);
  await writeAside(files.metrics, formatJson(metricsOf(evaluation)));
  await writeAside(files.predictions, predictionsOf(evaluation));
  await writeReport(await reportOf({ ...place, ...evaluation }, evaluation), out);
}

/** metrics.json: the ensemble's figures at the top, all models below, in the words of Table IV. A figure that is undefined is null. */
export function metricsOf(evaluation: Evaluation) {
  const { models, rows, positive, dataset, record, recipe, clusters, comparison } = evaluation;
  const figures = models.map(figuresOf);
  const { model, role, ...ensemble } = figures.at(-1) as (typeof figures)[number];
  const warning = randomFeaturesWarning(evaluation);
  return {
    system: record.system,
    dataset,
    backbone: recipe.backbone,
    ...(warning === undefined ? {} : { warning }),
    pairs: rows.length,
    patients: new Set(rows.map(({ patientId }) => patientId)).size,
    positives: positive.filter(Boolean).length,
    clusters: clusters ? { column: 'patient_id', ...clusterCounts(clusters, Uint8Array.from(positive, Number)) } : null,
    ...ensemble,
    models: figures,
    comparisons: comparisonFigures(comparison),
    notice: 'Not a medical device. For research only.',
  };
}

const interval = (bounds: { readonly lower: number; readonly upper: number } | null) =>
  bounds && [bounds.lower, bounds.upper];

/** Those of every classifier, with precision and recall called as in Table IV, and AP and AC. */
function figuresOf(result: ModelResult) {
  const { ppv: precision, sensitivity: recall, ...figures } = modelFigures(result);
  const { averagePrecision, interval: bounds } = result.precision;
  return {
    model: result.model,
    role: result.role,
    randomFeatures: result.randomFeatures,
    ...figures,
    precision,
    recall,
    averagePrecision: { value: averagePrecision, interval: interval(bounds) },
    averageCorrectConfidence: { value: result.confidence.value, interval: interval(result.confidence.interval) },
  };
}

/** predictions.csv: a line a pair with the class called, the score and vote of each member, and the manifest's other columns. */
export function predictionsOf({ rows, models, record }: Evaluation): string {
  const ensemble = models.at(-1) as ModelResult;
  return formatCsv(
    rows.map(
      (row, i): CsvCells => ({
        patient_id: row.patientId,
        path: row.path,
        dbt_path: row.dbt.path,
        laterality: row.laterality ?? '',
        view: row.view ?? '',
        label: row.label,
        score: ensemble.scores[i] as number,
        decision: record.classes[ensemble.called[i] as number] as string,
        ...Object.fromEntries(
          models.slice(0, -1).flatMap(({ model, scores, called }) => [
            [`score_${model}`, scores[i] as number],
            [`vote_${model}`, record.classes[called[i] as number] as string],
          ]),
        ),
        ...row.other,
      }),
    ),
  );
}
