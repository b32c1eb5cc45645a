/** The files that an evaluation writes: metrics.json, predictions.csv, report.html and the folder of its figures. */
import { writeAside } from '@mammoscope/files';
import type { GalleryCase, ReportData } from '@mammoscope/report';
import type { Engine } from '@mammoscope/runtime';
import { analysesOf } from '../classifier/analyses.ts';
import { greyPng, pngUri } from '../classifier/colour-map.ts';
import { methodsOf } from '../classifier/methods.ts';
import { BAND_REPLICATES } from '../classifier/metric-figures.ts';
import {
  cutoffPart,
  fewPatientsNote,
  headlineBand,
  headlineConfusion,
  headlineScores,
  intervalWords,
  optimisticNote,
  overallPValues,
  patientsOf,
  performanceRows,
  provenanceOf,
  type ReportedCases,
  recipeValues,
  rocCurves,
  splitsOf,
  trainingOf,
  uselessNote,
  writeReport,
} from '../classifier/report-parts.ts';
import { readValidationScores } from '../classifier/validation.ts';
import { galleryCases } from '../reader-study/gallery-cases.ts';
import { evaluatedFlow } from '../run/flow.ts';
import { formatJson, runFiles } from '../run/run-record.ts';
import { averageValidation, type Evaluation, headline, type ModelMetrics, memberSpec } from './evaluate.ts';
import { explain } from './explain.ts';
import { metricsOf, predictionsOf } from './metrics.ts';
import { batchOf, citationsOf, deviationsOf, inputSizeOf, type Recipe, SYSTEM, sizesInWords } from './recipe.ts';

/** Cases of each kind in the gallery. */
const CASES_OF_A_KIND = 3;

/** Writes the three files into a folder, and beside them every figure of the report as SVG, PNG and CSV. */
export async function writeResults(engine: Engine, run: string, evaluation: Evaluation, out: string): Promise<void> {
  const files = runFiles(out);
  await writeAside(files.metrics, formatJson(metricsOf(evaluation)));
  await writeAside(files.predictions, predictionsOf(evaluation));
  await writeReport(await reportOf(engine, run, evaluation), out);
}

async function reportOf(engine: Engine, run: string, evaluation: Evaluation): Promise<ReportData> {
  const { record, recipe, models, rows, positive, dataset, clusters, comparison, cutoffFrom, exclusions, manifest } =
    evaluation;
  const first = headline(models);
  const explained = models.find(({ model }) => model === evaluation.explained) as ModelMetrics;
  const patients = patientsOf(rows);
  const rule = `largest Youden index on the ${cutoffFrom} images`;
  const cases: ReportedCases = {
    models,
    headline: first,
    dataset,
    case: 'image',
    positive,
    patients,
    clusters,
    cutoffRule: rule,
  };
  const bands = new Map([first, explained].map((each) => [each.model, headlineBand(cases, record, each)]));
  const validation = averageValidation(
    await Promise.all(record.members.map((member) => readValidationScores(runFiles(run).member(member).validation))),
  );
  return {
    title: `${SYSTEM.title}: ${record.classes.slice(1).join(', ')} against ${record.classes[0]}`,
    system: { name: SYSTEM.name, citation: SYSTEM.citation, doi: SYSTEM.doi },
    notes: notesOf(evaluation, patients),
    classes: record.classes,
    performance: {
      intervals: intervalWords(cases),
      models: performanceRows(cases),
      ...(comparison ? { pValues: overallPValues(comparison, cases) } : {}),
    },
    roc: rocCurves(cases).map((curve) => {
      const band = bands.get(curve.model);
      return band ? { ...curve, band } : curve;
    }),
    ...analysesOf({
      models,
      headline: first,
      positive,
      dataset,
      validation: { scores: validation.map(({ score }) => score), positive: validation.map((image) => image.positive) },
      cutoffRule: rule,
      seed: record.seed,
      by: evaluation.by,
      clusters,
      comparison,
    }),
    flow: evaluatedFlow(record, { manifest, rows, exclusions }),
    methods: methodsOf({
      record,
      citation: SYSTEM.citation,
      authors: 'Kang et al.',
      augmentation: augmentationWords(recipe),
      copies: recipe.copies,
      batches: recipe.networks.map((network) => batchOf(recipe, network)),
      recipe,
      dataset,
      images: rows.length,
      patients,
      positives: positive.filter(Boolean).length,
      cutoffFrom,
      bootstrapReplicates: BAND_REPLICATES,
      inputs: recipe.networks.map((network) => ({ network, sizePx: inputSizeOf(recipe, network) })),
      patientsTaken: clusters ? 'clusters' : 'apart',
      subgroups: evaluation.by.map(({ column }) => column),
    }),
    scores: [
      headlineScores(
        cases,
        record.classes,
        rows.map(({ label }) => label),
      ),
    ],
    confusion: [headlineConfusion(cases, record.classes)],
    gallery: {
      method: `${models.length > 1 ? `Scores and decisions are those of ${explained.model}. ` : ''}Grad-CAM (Selvaraju et al. 2017) of the score for ${record.classes[1]}`,
      model: explained.model,
      ...cutoffPart(explained, rule),
      cases: await galleryOf(engine, run, evaluation, explained),
    },
    training: await trainingOf(run, record, recipe.epochs),
    splits: splitsOf(record),
    exclusions: [...record.exclusions, ...exclusions],
    recipe: recipeValues(recipe, citationsOf(recipe)),
    deviations: deviationsOf(recipe),
    provenance: provenanceOf(record, manifest),
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
  return [
    ...optimisticNote(cutoffFrom),
    ...uselessNote(models, cutoffFrom),
    ...randomWeightsNote(record.members.filter((member) => !Object.hasOwn(record.weights, member))),
    ...fewPatientsNote(patients, 'image', 'by patient'),
    {
      kind: 'note',
      text: `Preset "${record.preset}": ${recipe.networks.join(', ')}; input ${sizesInWords(recipe)} px.`,
    },
  ];
}

/** Which members began with nothing. */
const randomWeightsNote = (members: readonly string[]): NonNullable<ReportData['notes']> =>
  members.length > 0
    ? [
        {
          kind: 'note',
          text: `Started from random weights, not from ImageNet as in the paper: ${members.join(', ')}.`,
        },
      ]
    : [];

/** The surest right and the worst wrong cases of each kind, by a member's own scores and cut-off, as its maps explain those. */
async function galleryOf(
  engine: Engine,
  run: string,
  { record, recipe, rows, positive }: Evaluation,
  { model, scores, cutoff }: ModelMetrics,
): Promise<GalleryCase[]> {
  const cases = rows.map((row, i) => {
    const score = scores[i] as number;
    return { row, score, positive: positive[i] as boolean, called: score >= cutoff };
  });
  const chosen = galleryCases(cases, CASES_OF_A_KIND);
  const { sizePx } = memberSpec(record, recipe, model);
  const shown: GalleryCase[] = [];
  const chosenRows = chosen.map(({ row }) => row);
  for await (const { plane, overlay, empty } of explain(engine, run, record, recipe, model, chosenRows)) {
    const { row, score, kind } = chosen[shown.length] as (typeof chosen)[number];
    shown.push({
      imageDataUri: pngUri(await greyPng(plane, sizePx)),
      overlayDataUri: pngUri(overlay),
      patientId: row.patientId,
      path: row.path,
      label: row.label,
      score,
      kind,
      ...(empty ? { note: 'the map is zero everywhere: nothing spoke for the positive class' } : {}),
    });
  }
  return shown;
}
