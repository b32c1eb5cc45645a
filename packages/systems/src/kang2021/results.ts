/** The files that an evaluation writes: metrics.json, predictions.csv, report.html and the folder of its figures. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { writeAside } from '@mammoscope/files';
import type { ManifestRow } from '@mammoscope/imaging';
import { RandomStream } from '@mammoscope/random';
import type { CaseKind, Estimate, GalleryCase, ReportData } from '@mammoscope/report';
import { bestOf, type Engine } from '@mammoscope/runtime';
import { type Proportion, rocBand, rocCurve } from '@mammoscope/stats';
import { analysesOf, BAND_REPLICATES } from '../classifier/analyses.ts';
import { methodsOf } from '../classifier/methods.ts';
import { readValidationScores } from '../classifier/validation.ts';
import { figureFiles } from '../reader-study/figure-files.ts';
import { flowOf, otherFlowOf } from '../run/flow.ts';
import { makeFolder } from '../run/make-folder.ts';
import { formatJson, runFiles } from '../run/run-record.ts';
import { readHistory } from '../training/history.ts';
import { averageValidation, type Evaluation, headline, type ModelMetrics } from './evaluate.ts';
import { explain } from './explain.ts';
import { metricsOf, predictionsOf } from './metrics.ts';
import { batchOf, CITATIONS, deviationsOf, type Recipe, SYSTEM } from './recipe.ts';

/** Cases of each kind in the gallery. */
const CASES_OF_A_KIND = 3;

/** Writes the three files into a folder, and beside them every figure of the report as SVG, PNG and CSV. */
export async function writeResults(engine: Engine, run: string, evaluation: Evaluation, out: string): Promise<void> {
  const files = runFiles(out);
  await writeAside(files.metrics, formatJson(metricsOf(evaluation)));
  await writeAside(files.predictions, predictionsOf(evaluation));
  const report = await reportOf(engine, run, evaluation);
  const { renderReport, reportFigures } = await import('@mammoscope/report'); // a grammar of graphics takes a while to load
  await makeFolder(files.figures);
  for (const [name, content] of await figureFiles(reportFigures(report)))
    await writeAside(join(files.figures, name), content);
  await writeAside(files.report, renderReport(report));
}

const estimate = (
  value: number | null,
  bounds: { readonly lower: number; readonly upper: number } | null,
): Estimate => ({ value, interval: bounds && [bounds.lower, bounds.upper] });
const share = (p: Proportion): Estimate => ({
  ...estimate(p.value, p.interval),
  numerator: p.numerator,
  denominator: p.denominator,
});

async function reportOf(engine: Engine, run: string, evaluation: Evaluation): Promise<ReportData> {
  const { record, recipe, models, rows, positive, dataset, cutoffFrom, exclusions, manifest } = evaluation;
  const first = headline(models);
  const patients = new Set(rows.map(({ patientId }) => patientId)).size;
  const rule = `largest Youden index on the ${cutoffFrom} images`;
  const cutoffOf = ({ cutoff }: ModelMetrics) =>
    Number.isFinite(cutoff) ? { cutoff: { value: cutoff, comparison: '≥' as const, rule } } : {};
  const { tn, fp, fn, tp } = first.atCutoff;
  const random = new RandomStream(record.seed, 'roc-band');
  const roc = rocBand(first.scores, positive, { random, replicates: BAND_REPLICATES });
  const validation = averageValidation(
    await Promise.all(record.members.map((member) => readValidationScores(runFiles(run).member(member).validation))),
  );
  const positives = positive.filter(Boolean).length;
  return {
    title: `${SYSTEM.title}: ${record.classes.slice(1).join(', ')} against ${record.classes[0]}`,
    system: { name: SYSTEM.name, citation: SYSTEM.citation, doi: SYSTEM.doi },
    notes: notesOf(evaluation, patients),
    classes: record.classes,
    performance: {
      intervals:
        '95 % intervals: AUC by DeLong on the logit scale, proportions by Wilson, F1 by way of Wilson for tp / (tp + fp + fn). Images are taken as independent, also where a patient has several',
      models: models
        .map((each) => [each, each.atCutoff] as const)
        .map(([each, at]) => ({
          model: each.model,
          role: each.role,
          dataset,
          images: rows.length,
          patients,
          ...cutoffOf(each),
          auc: estimate(each.auc.auc, each.auc.logitInterval),
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
      positives,
      negatives: positive.length - positives,
      points: rocCurve(model.scores, positive).points.map(({ fpr, tpr }) => ({ fpr, tpr })),
      auc: estimate(model.auc.auc, model.auc.logitInterval),
      operatingPoint: {
        fpr: model.atCutoff.fp / (model.atCutoff.fp + model.atCutoff.tn),
        tpr: model.atCutoff.tp / (model.atCutoff.tp + model.atCutoff.fn),
        ...cutoffOf(model),
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
    ...analysesOf({
      models,
      headline: first,
      positive,
      dataset,
      validation: { scores: validation.map(({ score }) => score), positive: validation.map((image) => image.positive) },
      cutoffRule: rule,
      seed: record.seed,
      by: evaluation.by,
    }),
    flow:
      manifest.sha256 === record.manifest.sha256
        ? flowOf(record)
        : otherFlowOf({ manifest: manifest.name, rows, exclusions }, record.classes),
    methods: methodsOf({
      record,
      citation: SYSTEM.citation,
      authors: 'Kang et al.',
      augmentation: augmentationWords(recipe),
      batches: recipe.networks.map((network) => batchOf(recipe, network)),
      recipe,
      dataset,
      images: rows.length,
      patients,
      positives,
      cutoffFrom,
      bootstrapReplicates: BAND_REPLICATES,
      subgroups: evaluation.by.map(({ column }) => column),
    }),
    scores: [
      {
        model: first.model,
        dataset,
        ...cutoffOf(first),
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
        ...cutoffOf(first),
        classes: [record.classes[0] as string, record.classes.slice(1).join(' or ')],
        counts: [
          [tn, fp],
          [fn, tp],
        ],
      },
    ],
    gallery: {
      method: `${models.length > 1 ? 'Scores and decisions are those of the ensemble. ' : ''}Grad-CAM (Selvaraju et al. 2017) of the score for ${record.classes[1]}`,
      model: record.members[0] as string,
      ...cutoffOf(first),
      cases: await galleryOf(engine, run, evaluation, first),
    },
    training: await Promise.all(
      record.members.map(async (member) => historyOf(member, runFiles(run).member(member).history, recipe.epochs)),
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
    deviations: deviationsOf(recipe),
    provenance: {
      command: record.command,
      seed: record.seed,
      device: `${record.device}, ${record.threads} threads`,
      versions: Object.entries(record.versions).map(([name, version]) => ({ name, version })),
      hashes: [
        { name: `manifest ${record.manifest.name}`, sha256: record.manifest.sha256 },
        ...(manifest.sha256 === record.manifest.sha256
          ? []
          : [{ name: `manifest evaluated, ${manifest.name}`, sha256: manifest.sha256 }]),
        ...Object.entries(record.weights).map(([network, file]) => ({
          name: `weights of ${network}: ${file.name}`,
          sha256: file.sha256,
        })),
      ],
      loweringsHash: createHash('sha256').update(JSON.stringify(record.lowerings)).digest('hex'),
    },
  };
}

/** How training images are varied, for a methods section. */
function augmentationWords({ flip, rotationDeg, translationPx, scale, gain, offset }: Recipe): string[] {
  const between = ([low, high]: readonly [number, number], unit = '') => `between ${low}${unit} and ${high}${unit}`;
  const varies = ([low, high]: readonly [number, number], neutral: number) => low !== neutral || high !== neutral;
  return [
    ...(flip ? ['flips along both axes'] : []),
    ...(varies(rotationDeg, 0) ? [`rotation ${between(rotationDeg, '°')}`] : []),
    ...(translationPx > 0 ? [`translation by up to ${translationPx} pixels along each axis`] : []),
    ...(varies(scale, 1) ? [`magnification ${between(scale)}`] : []),
    ...(varies(gain, 1) ? [`gain ${between(gain)}`] : []),
    ...(varies(offset, 0) ? [`offset ${between(offset)}`] : []),
  ];
}

function notesOf(
  { record, cutoffFrom, recipe, models }: Evaluation,
  patients: number,
): NonNullable<ReportData['notes']> {
  const useless = models.filter(({ cutoff }) => !Number.isFinite(cutoff)).map(({ model }) => model);
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
    ...(useless.length > 0
      ? [
          {
            kind: 'warning' as const,
            text: `No cut-off tells the ${cutoffFrom} images apart better than chance (${useless.join(', ')}): every image is called negative there.`,
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
    ...(explanations[i]?.empty ? { note: 'the map is zero everywhere: nothing spoke for the positive class' } : {}),
  }));
}

function kindOf(positive: boolean, called: boolean): CaseKind {
  return `${positive === called ? 'true' : 'false'} ${called ? 'positive' : 'negative'}`;
}

async function historyOf(model: string, path: string, epochsAllowed: number) {
  const epochs = await readHistory(path);
  const best = bestOf(epochs);
  return {
    model,
    epochs,
    ...(best ? { bestEpoch: best.epoch } : {}),
    ...(epochs.length < epochsAllowed ? { earlyStopEpoch: epochs.length } : {}),
    selection: 'largest validation AUC',
  };
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
