/** predictions.csv, metrics.json and report.html of an evaluation. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type CsvCells, formatCsv, type ManifestRow } from '@mammoscope/imaging';
import { RandomStream } from '@mammoscope/random';
import { type CaseKind, type Estimate, type GalleryCase, type ReportData, renderReport } from '@mammoscope/report';
import { bestOf, type Engine, type EpochRecord, writeAside } from '@mammoscope/runtime';
import { type Proportion, rocBand, rocCurve } from '@mammoscope/stats';
import { parse } from 'csv-parse/sync';
import { formatJson, runFiles } from '../run/run-record.ts';
import { type Evaluation, headline, type ModelMetrics } from './evaluate.ts';
import { explain } from './explain.ts';
import { CITATIONS, DEVIATIONS, type Recipe, SYSTEM } from './recipe.ts';

/** Cases of each kind in the gallery. */
const CASES_OF_A_KIND = 3;

/** metrics.json: figures of the headline model at the top, all models below. NaN, where a figure is undefined, is null. */
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

const interval = ({ lower, upper }: { readonly lower: number; readonly upper: number }) => [lower, upper];
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
    cutoff,
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

/** Writes the three files into a folder. */
export async function writeResults(engine: Engine, run: string, evaluation: Evaluation, out: string): Promise<void> {
  const files = runFiles(out);
  await writeAside(files.metrics, formatJson(metricsOf(evaluation)));
  await writeAside(files.predictions, predictionsOf(evaluation));
  await writeAside(files.report, renderReport(await reportOf(engine, run, evaluation)));
}

const estimate = (value: number, bounds: { readonly lower: number; readonly upper: number }): Estimate => ({
  value: Number.isNaN(value) ? null : value,
  interval: Number.isNaN(bounds.lower) ? null : [bounds.lower, bounds.upper],
});
const share = (p: Proportion): Estimate => ({
  ...estimate(p.value, p.interval),
  numerator: p.numerator,
  denominator: p.denominator,
});

async function reportOf(engine: Engine, run: string, evaluation: Evaluation): Promise<ReportData> {
  const { record, recipe, models, rows, positive, dataset, cutoffFrom, exclusions } = evaluation;
  const first = headline(models);
  const patients = new Set(rows.map(({ patientId }) => patientId)).size;
  const cutoffOf = (value: number) => ({
    value,
    comparison: '≥' as const,
    rule: `largest Youden index on the ${cutoffFrom} images`,
  });
  const { tn, fp, fn, tp } = first.atCutoff;
  const random = new RandomStream(record.seed, 'roc-band');
  const roc = rocBand(first.scores, positive, { random, replicates: 1000 });
  return {
    title: `${SYSTEM.title}: ${record.classes.slice(1).join(', ')} against ${record.classes[0]}`,
    system: { name: SYSTEM.name, citation: SYSTEM.citation, doi: SYSTEM.doi },
    notes: notesOf(evaluation, patients),
    classes: record.classes,
    performance: {
      intervals:
        '95 % intervals: AUC by DeLong on the logit scale, proportions by Wilson, F1 by the delta method. Images are taken as independent, also where a patient has several',
      models: models.map(({ model, role, cutoff, auc, atCutoff: at }) => ({
        model,
        role,
        dataset,
        images: rows.length,
        patients,
        cutoff: cutoffOf(cutoff),
        auc: estimate(auc.auc, auc.logitInterval),
        sensitivity: share(at.sensitivity),
        specificity: share(at.specificity),
        accuracy: share(at.accuracy),
        ppv: share(at.ppv),
        npv: share(at.npv),
        f1: estimate(at.f1.value, at.f1.interval),
      })),
    },
    roc: models.map((model) => ({
      model: model.model,
      role: model.role,
      dataset,
      points: rocCurve(model.scores, positive).points.map(({ fpr, tpr }) => ({ fpr, tpr })),
      auc: estimate(model.auc.auc, model.auc.logitInterval),
      operatingPoint: {
        fpr: 1 - model.atCutoff.specificity.value,
        tpr: model.atCutoff.sensitivity.value,
        cutoff: cutoffOf(model.cutoff),
      },
      ...(model === first
        ? {
            band: {
              fpr: roc.points.map((p) => p.fpr),
              lower: roc.points.map((p) => p.lower),
              upper: roc.points.map((p) => p.upper),
              description: `95 % interval, ${roc.replicates} bootstrap replicates of images`,
            },
          }
        : {}),
    })),
    scores: [
      {
        model: first.model,
        dataset,
        cutoff: cutoffOf(first.cutoff),
        classes: record.classes.map((label) => ({
          label,
          scores: first.scores.filter((_, i) => rows[i]?.label === label),
        })),
      },
    ],
    confusion: [
      {
        model: first.model,
        dataset,
        cutoff: cutoffOf(first.cutoff),
        classes: [record.classes[0] as string, record.classes.slice(1).join(' or ')],
        counts: [
          [tn, fp],
          [fn, tp],
        ],
      },
    ],
    gallery: {
      method: 'Grad-CAM (Selvaraju et al. 2017) of the score for the positive class',
      model: record.members[0] as string,
      cutoff: cutoffOf(first.cutoff),
      cases: await galleryOf(engine, run, evaluation, first),
    },
    training: await Promise.all(
      record.members.map(async (member) => historyOf(member, runFiles(run).member(member).history)),
    ),
    splits: splitsOf(evaluation),
    exclusions: [...record.exclusions, ...exclusions],
    recipe: Object.entries(recipe).map(([name, value]) => {
      const sentence = CITATIONS[name as keyof Recipe];
      return {
        name,
        value: Array.isArray(value) ? value.join(', ') : String(value),
        ...(sentence ? { sentence } : {}),
      };
    }),
    deviations: DEVIATIONS,
    provenance: {
      command: record.command,
      seed: record.seed,
      device: `${record.device}, ${record.threads} threads`,
      versions: Object.entries(record.versions).map(([name, version]) => ({ name, version })),
      hashes: [
        { name: `manifest ${record.manifest.name}`, sha256: record.manifest.sha256 },
        ...Object.entries(record.weights).map(([network, file]) => ({
          name: `weights of ${network}: ${file.name}`,
          sha256: file.sha256,
        })),
      ],
      loweringsHash: createHash('sha256').update(JSON.stringify(record.lowerings)).digest('hex'),
    },
  };
}

function notesOf({ record, cutoffFrom, recipe }: Evaluation, patients: number): NonNullable<ReportData['notes']> {
  const untrained = record.members.filter((member) => !Object.hasOwn(record.weights, member));
  return [
    ...(cutoffFrom === 'test'
      ? [
          {
            kind: 'warning' as const,
            text: 'The cut-off was chosen on the images that it is measured on: sensitivity, specificity and what follows from them are optimistic.',
          },
        ]
      : []),
    ...(untrained.length > 0
      ? [
          {
            kind: 'note' as const,
            text: `Started from random weights, not from ImageNet as in the paper: ${untrained.join(', ')}.`,
          },
        ]
      : []),
    ...(patients < 50
      ? [
          {
            kind: 'warning' as const,
            text: `Only ${patients} patients: the intervals take images as independent and are too narrow where a patient has several.`,
          },
        ]
      : []),
    { kind: 'note', text: `Preset "${record.preset}": ${recipe.networks.join(', ')} at ${recipe.sizePx} px.` },
  ];
}

/** The surest right and the worst wrong cases of each kind. */
async function galleryOf(
  engine: Engine,
  run: string,
  { record, recipe, rows, positive }: Evaluation,
  { scores, cutoff }: ModelMetrics,
): Promise<GalleryCase[]> {
  const cases = rows.map((row, i) => ({
    row,
    score: scores[i] as number,
    kind: kindOf(positive[i] as boolean, (scores[i] as number) >= cutoff),
  }));
  const chosen = (['true positive', 'false negative', 'true negative', 'false positive'] as const).flatMap((kind) => {
    const calledPositive = kind === 'true positive' || kind === 'false positive';
    const ordered = cases
      .filter((c) => c.kind === kind)
      .sort((a, b) => (calledPositive ? b.score - a.score : a.score - b.score) || a.row.line - b.row.line);
    return ordered.slice(0, CASES_OF_A_KIND);
  });
  const explanations = await explain(
    engine,
    run,
    record,
    recipe,
    record.members[0] as string,
    chosen.map(({ row }) => row as ManifestRow),
  );
  return chosen.map(({ row, score, kind }, i) => ({
    imageDataUri: explanations[i]?.image ?? '',
    overlayDataUri: explanations[i]?.overlay ?? '',
    patientId: row.patientId,
    path: row.path,
    label: row.label,
    score,
    kind,
  }));
}

function kindOf(positive: boolean, called: boolean): CaseKind {
  return `${positive === called ? 'true' : 'false'} ${called ? 'positive' : 'negative'}`;
}

async function historyOf(model: string, path: string) {
  const rows = parse(await readFile(path, 'utf8'), { columns: true }) as Record<string, string>[];
  const epochs: EpochRecord[] = rows.map((row) => ({
    epoch: Number(row.epoch),
    trainLoss: Number(row.train_loss),
    valLoss: Number(row.val_loss),
    valAuc: Number(row.val_auc),
    learningRate: Number(row.learning_rate),
  }));
  const best = bestOf(epochs);
  return { model, epochs, ...(best ? { bestEpoch: best.epoch } : {}), selection: 'largest validation AUC' };
}

function splitsOf({ record }: Evaluation): NonNullable<ReportData['splits']> {
  const count = (rows: Evaluation['record']['rows']) => ({
    patients: new Set(rows.map(({ patientId }) => patientId)).size,
    images: rows.length,
  });
  return (['train', 'val', 'test'] as const).map((split) => {
    const rows = record.rows.filter((row) => row.split === split);
    return {
      split,
      ...count(rows),
      classes: record.classes.map((label) => ({ label, ...count(rows.filter((row) => row.label === label)) })),
    };
  });
}
