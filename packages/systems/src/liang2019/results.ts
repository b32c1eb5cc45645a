/** The files that an evaluation writes: metrics.json, predictions.csv, report.html and the folder of its figures. */
import { writeAside } from '@mammoscope/files';
import { type CsvCells, formatCsv } from '@mammoscope/imaging';
import type { ReportData } from '@mammoscope/report';
import { averageCorrectConfidence, averagePrecision, type Proportion } from '@mammoscope/stats';
import {
  fewPatientsNote,
  patientsOf,
  performanceRows,
  provenanceOf,
  type ReportedCases,
  recipeValues,
  rocCurves,
  splitsOf,
  trainingOf,
  writeReport,
} from '../classifier/report-parts.ts';
import { flowOf } from '../run/flow.ts';
import { formatJson, runFiles } from '../run/run-record.ts';
import type { Evaluation, ModelResult } from './evaluate.ts';
import { CITATIONS, deviationsOf, SYSTEM } from './recipe.ts';

const RANDOM_FEATURES =
  'The backbone has random weights, so its features are random: no figure says anything of the method. Train with --weights.';

/** Writes the three files into a folder, and beside them every figure of the report as SVG, PNG and CSV. */
export async function writeResults(run: string, evaluation: Evaluation, out: string): Promise<void> {
  const files = runFiles(out);
  await writeAside(files.metrics, formatJson(metricsOf(evaluation)));
  await writeAside(files.predictions, predictionsOf(evaluation));
  await writeReport(await reportOf(run, evaluation), out);
}

/** metrics.json: the ensemble's figures at the top, all models below, in the words of Table IV. A figure that is undefined is null. */
export function metricsOf(evaluation: Evaluation) {
  const { models, rows, positive, dataset, randomFeatures, record, recipe } = evaluation;
  const figures = models.map((model) => ({ model: model.model, role: model.role, ...figuresOf(model, positive) }));
  const { model, role, ...ensemble } = figures.at(-1) as (typeof figures)[number];
  return {
    system: record.system,
    dataset,
    backbone: recipe.backbone,
    ...(randomFeatures ? { warning: RANDOM_FEATURES } : {}),
    pairs: rows.length,
    patients: new Set(rows.map(({ patientId }) => patientId)).size,
    positives: positive.filter(Boolean).length,
    ...ensemble,
    models: figures,
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

/** ACC, AUC, F1, precision, recall, AP and AC; AC and the class called are of the most probable class, of the ensemble of its vote. */
function figuresOf({ auc, atCutoff, scores }: ModelResult, positive: readonly boolean[]) {
  const { tp, fp, tn, fn, accuracy, f1, ppv, sensitivity } = atCutoff;
  const precision = averagePrecision(scores, positive);
  const right = scores.some((score, i) => positive[i] === score >= 0.5);
  return {
    auc: auc.auc,
    aucInterval: interval(auc.logitInterval),
    accuracy: proportion(accuracy),
    f1: { value: f1.value, interval: interval(f1.interval) },
    precision: proportion(ppv),
    recall: proportion(sensitivity),
    averagePrecision: precision.averagePrecision,
    averageCorrectConfidence: right ? averageCorrectConfidence(scores, positive).value : null,
    counts: { tp, fp, tn, fn },
  };
}

/** predictions.csv: a line a pair with the class called, the score and vote of each classifier, and the manifest's other columns. */
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

async function reportOf(run: string, evaluation: Evaluation): Promise<ReportData> {
  const { record, recipe, models, rows, positive, dataset, randomFeatures, exclusions, manifest } = evaluation;
  const patients = patientsOf(rows);
  const cases: ReportedCases = {
    models,
    headline: models.at(-1) as ModelResult,
    dataset,
    case: 'pair',
    positive,
    patients,
  };
  return {
    title: `${SYSTEM.title}: ${record.classes.slice(1).join(', ')} against ${record.classes[0]}`,
    system: { name: SYSTEM.name, citation: SYSTEM.citation, doi: SYSTEM.doi },
    notes: [
      ...(randomFeatures ? [{ kind: 'warning' as const, text: RANDOM_FEATURES }] : []),
      ...fewPatientsNote(patients, 'pair'),
      {
        kind: 'note',
        text: `Preset "${record.preset}": ${recipe.backbone} at ${recipe.sizePx} px. A pair is a mammogram and a tomosynthesis of one view; where images are counted, it is in pairs.`,
      },
    ],
    classes: record.classes,
    performance: {
      intervals:
        '95 % intervals: AUC by DeLong on the logit scale, proportions by Wilson. Pairs are taken as independent, also where a patient has several',
      models: performanceRows(cases),
    },
    roc: rocCurves(cases),
    ...(manifest.sha256 === record.manifest.sha256 ? { flow: flowOf(record) } : {}),
    training: await trainingOf(run, record, recipe.epochs),
    splits: splitsOf(record),
    exclusions: [...record.exclusions, ...exclusions],
    recipe: recipeValues(recipe, CITATIONS),
    deviations: deviationsOf(recipe),
    provenance: provenanceOf(record, manifest),
  };
}
