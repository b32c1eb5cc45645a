/** metrics.json and predictions.csv of an evaluation. */
import { type CsvCells, formatCsv } from '@mammoscope/imaging';
import { comparisonFigures, modelFigures } from '../classifier/metric-figures.ts';
import { clusterCounts } from '../reader-study/study.ts';
import { type Evaluation, headline } from './evaluate.ts';

/**
 * metrics.json: figures of the headline model at the top, all models and their comparisons below. A figure that is undefined is
 * null; `clusters` is null where no patient has several images, and `comparisons` where there is one model.
 */
export function metricsOf(evaluation: Evaluation) {
  const { models, rows, positive, dataset, cutoffFrom, clusters, comparison } = evaluation;
  const first = headline(models);
  return {
    system: evaluation.record.system,
    dataset,
    images: rows.length,
    patients: new Set(rows.map(({ patientId }) => patientId)).size,
    positives: positive.filter(Boolean).length,
    cutoffFrom,
    clusters: clusters ? { column: 'patient_id', ...clusterCounts(clusters, Uint8Array.from(positive, Number)) } : null,
    ...modelFigures(first),
    models: models.map((model) => ({ model: model.model, role: model.role, ...modelFigures(model) })),
    comparisons: comparison ? comparisonFigures(comparison) : null,
    notice: 'Not a medical device. For research only.',
  };
}

/** predictions.csv: a line a row with the scores of all models, the decision, and the manifest's other columns. */
export function predictionsOf({ rows, models, record }: Evaluation): string {
  const first = headline(models);
  const [negative, positive] = [record.classes[0] as string, record.classes.slice(1).join(' or ')];
  return formatCsv(
    rows.map(
      (row, i): CsvCells => ({
        patient_id: row.patientId,
        path: row.path,
        ...(row.lesionId ? { lesion_id: row.lesionId } : {}),
        label: row.label,
        score: first.scores[i] as number,
        decision: (first.scores[i] as number) >= first.cutoff ? positive : negative,
        ...Object.fromEntries(
          models.filter((model) => model !== first).map((model) => [`score_${model.model}`, model.scores[i] as number]),
        ),
        ...row.other,
      }),
    ),
  );
}
