/** The files that an evaluation writes: metrics.json, predictions.csv and report.html. */
import { writeAside } from '@mammoscope/files';
import { type CsvCells, formatCsv } from '@mammoscope/imaging';
import type { Estimate, ReportData } from '@mammoscope/report';
import { bestOf } from '@mammoscope/runtime';
import { averageCorrectConfidence, averagePrecision, type Proportion, rocCurve } from '@mammoscope/stats';
import { flowOf } from '../run/flow.ts';
import { formatJson, runFiles } from '../run/run-record.ts';
import { readHistory } from '../training/history.ts';
import type { Evaluation, ModelResult } from './evaluate.ts';
import { CITATIONS, deviationsOf, type Recipe, SYSTEM } from './recipe.ts';

const RANDOM_FEATURES =
  'The backbone has random weights, so its features are random: no figure says anything of the method. Train with --weights.';

/** Writes the three files into a folder. */
export async function writeResults(run: string, evaluation: Evaluation, out: string): Promise<void> {
  const files = runFiles(out);
  await writeAside(files.metrics, formatJson(metricsOf(evaluation)));
  await writeAside(files.predictions, predictionsOf(evaluation));
  const { renderReport } = await import('@mammoscope/report'); // a grammar of graphics takes a while to load
  await writeAside(files.report, renderReport(await reportOf(run, evaluation)));
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

const estimate = (
  value: number | null,
  bounds: { readonly lower: number; readonly upper: number } | null,
): Estimate => ({
  value,
  interval: bounds && [bounds.lower, bounds.upper],
});
const share = (p: Proportion): Estimate => ({
  ...estimate(p.value, p.interval),
  numerator: p.numerator,
  denominator: p.denominator,
});

async function reportOf(run: string, evaluation: Evaluation): Promise<ReportData> {
  const { record, recipe, models, rows, positive, dataset, randomFeatures, exclusions, manifest } = evaluation;
  const patients = new Set(rows.map(({ patientId }) => patientId)).size;
  const positives = positive.filter(Boolean).length;
  const own = manifest.sha256 === record.manifest.sha256;
  return {
    title: `${SYSTEM.title}: ${record.classes.slice(1).join(', ')} against ${record.classes[0]}`,
    system: { name: SYSTEM.name, citation: SYSTEM.citation, doi: SYSTEM.doi },
    notes: [
      ...(randomFeatures ? [{ kind: 'warning' as const, text: RANDOM_FEATURES }] : []),
      ...(patients < 50
        ? [
            {
              kind: 'warning' as const,
              text: `Only ${patients} patients: the intervals take pairs as independent and are too narrow where a patient has several.`,
            },
          ]
        : []),
      {
        kind: 'note',
        text: `Preset "${record.preset}": ${recipe.backbone} at ${recipe.sizePx} px. Images are counted in pairs of a mammogram and a tomosynthesis.`,
      },
    ],
    classes: record.classes,
    performance: {
      intervals:
        '95 % intervals: AUC by DeLong on the logit scale, proportions by Wilson. Pairs are taken as independent, also where a patient has several',
      models: models.map(({ model, role, auc, atCutoff: at }) => ({
        model,
        role,
        dataset,
        images: rows.length,
        patients,
        auc: estimate(auc.auc, auc.logitInterval),
        sensitivity: share(at.sensitivity),
        specificity: share(at.specificity),
        accuracy: share(at.accuracy),
        ppv: share(at.ppv),
        npv: share(at.npv),
        f1: estimate(at.f1.value, at.f1.interval),
      })),
    },
    roc: models.map(({ model, role, scores, auc }) => ({
      model,
      role,
      dataset,
      positives,
      negatives: positive.length - positives,
      points: rocCurve(scores, positive).points.map(({ fpr, tpr }) => ({ fpr, tpr })),
      auc: estimate(auc.auc, auc.logitInterval),
    })),
    ...(own ? { flow: flowOf(record) } : {}),
    training: await Promise.all(
      record.members.map(async (model) => {
        const epochs = await readHistory(runFiles(run).member(model).history);
        const best = bestOf(epochs);
        return { model, epochs, ...(best ? { bestEpoch: best.epoch } : {}), selection: 'largest validation AUC' };
      }),
    ),
    exclusions: [...record.exclusions, ...exclusions],
    recipe: Object.entries(recipe).map(([name, value]) => {
      const sentence = CITATIONS[name as keyof Recipe];
      return {
        name,
        value: Array.isArray(value) ? value.join(', ') : String(value),
        ...(sentence ? { sentence } : {}),
      };
    }),
    deviations: deviationsOf(recipe),
    provenance: {
      command: record.command,
      seed: record.seed,
      device: `${record.device}, ${record.threads} threads`,
      versions: Object.entries(record.versions).map(([name, version]) => ({ name, version })),
      hashes: [
        { name: `manifest ${record.manifest.name}`, sha256: record.manifest.sha256 },
        ...(own ? [] : [{ name: `manifest evaluated, ${manifest.name}`, sha256: manifest.sha256 }]),
        ...Object.entries(record.weights).map(([network, file]) => ({
          name: `weights of ${network}: ${file.name}`,
          sha256: file.sha256,
        })),
      ],
    },
  };
}
