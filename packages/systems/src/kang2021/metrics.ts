/** metrics.json and predictions.csv of an evaluation. */
import { type CsvCells, formatCsv } from '@mammoscope/imaging';
import type { Proportion } from '@mammoscope/stats';
import { type Evaluation, headline, type ModelMetrics } from './evaluate.ts';

/** metrics.json: figures of the headline model at the top, all models below. A figure that is undefined is null. */
export function metricsOf(evaluation: Evaluation) {
  const { models, rows, positive, dataset, cutoffFrom } = evaluation;
  const first = headline(models);
  return {
    system: evaluation.record.system,
    dataset,
    images: rows.length,
    patients: new Set(rows.map(({ patientId }) => patientId)).size,
    positives: positive.filter(Boolean).length,
    cutoffFrom,
    ...figures(first),
    models: models.map((model) => ({ model: model.model, role: model.role, ...figures(model) })),
    notice: 'Not a medical device. For research only.',
  };
}

const interval = (bounds: { readonly lower: number; readonly upper: number } | null) =>
  bounds && [bounds.lower, bounds.upper];
const proportion = ({ value, interval: bounds, numerator, denominator }: Proportion) => ({
  value,
  interval: interval(bounds),
  numerator,
  denominator,
});

function figures({ auc, atCutoff, cutoff }: ModelMetrics) {
  const { tp, fp, tn, fn, sensitivity, specificity, accuracy, ppv, npv, f1, mcc } = atCutoff;
  return {
    auc: auc.auc,
    aucInterval: interval(auc.logitInterval),
    aucStandardError: auc.standardError,
    cutoff: Number.isFinite(cutoff) ? cutoff : null,
    counts: { tp, fp, tn, fn },
    sensitivity: proportion(sensitivity),
    specificity: proportion(specificity),
    accuracy: proportion(accuracy),
    ppv: proportion(ppv),
    npv: proportion(npv),
    f1: { value: f1.value, interval: interval(f1.interval) },
    mcc,
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
