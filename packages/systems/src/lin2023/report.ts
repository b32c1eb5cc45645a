/** The report of an evaluation: images, breasts and lesions as data sets, and the detector's free-response curves. */
import type { FigureTable, ReportData } from '@mammoscope/report';
import type { Engine } from '@mammoscope/runtime';
import { analysesOf } from '../classifier/analyses.ts';
import { comparedOf } from '../classifier/compared-models.ts';
import {
  fewPatientsNote,
  headlineBand,
  headlineConfusion,
  headlineScores,
  intervalWords,
  optimisticNote,
  patientsOf,
  performanceRows,
  provenanceOf,
  type ReportedCases,
  recipeValues,
  rocCurves,
  splitsOf,
  trainingOf,
} from '../classifier/report-parts.ts';
import { evaluatedFlow } from '../run/flow.ts';
import { RULES } from './decisions.ts';
import { detectionTable } from './detection-table.ts';
import type { Evaluation } from './evaluate.ts';
import { FROC_OVERLAP, type FrocOfLesions } from './froc.ts';
import { galleryOf } from './gallery.ts';
import { LEVELS, type Level, type LevelMetrics, type LevelModel } from './levels.ts';
import { isMemberName, sppnetOf } from './members.ts';
import { metricsOf } from './metrics.ts';
import { tabledMetrics, tableFour, tableOne, tableTwo } from './paper-tables.ts';
import { PATCH_TASKS, type PatchTaskName } from './pathology.ts';
import { CITATIONS, CLASSES, deviationsOf, SYSTEM } from './recipe.ts';

/** What the page shows of an evaluation; `run` holds the histories and the weights. */
export async function reportOf(engine: Engine, run: string, evaluation: Evaluation): Promise<ReportData> {
  const { record, recipe, films, levels, tasks, froc, exclusions, manifest, cutoffFrom } = evaluation;
  const rows = films.map(({ film }) => film.row);
  const cases = levels.map((level) => casesOf(level, cutoffFrom));
  const patches = tasks.map((task) => ({ ...casesOf(task), classes: PATCH_TASKS[task.level].classes }));
  const [images] = cases as [ReportedCases];
  const gallery = await galleryOf(engine, run, evaluation);
  return {
    title: `${SYSTEM.title}: ${CLASSES[1]} against ${CLASSES[0]}`,
    system: { name: SYSTEM.name, citation: SYSTEM.citation, doi: SYSTEM.doi },
    notes: notesOf(evaluation),
    classes: CLASSES,
    performance: { intervals: intervalWords(images), models: [...cases, ...patches].flatMap(performanceRows) },
    ...filmAnalyses(images, evaluation),
    roc: [...cases, ...patches].flatMap((level) => {
      const band = headlineBand(level, record);
      return rocCurves(level).map((curve) => (curve.model === level.headline.model ? { ...curve, band } : curve));
    }),
    ...comparedLevels(levels),
    froc: froc.filter(({ size, lesions }) => isShown({ size, lesions }, froc)).map(frocCurve),
    tables: tablesOf(evaluation),
    flow: evaluatedFlow(record, { manifest, rows, exclusions }),
    methods: methodsOf(evaluation),
    scores: cases.map((level) => headlineScores(level, CLASSES, level.positive.map(className))),
    confusion: [
      ...cases.map((level) => headlineConfusion(level, CLASSES)),
      ...patches.map((task) => headlineConfusion(task, task.classes)),
    ],
    ...(gallery ? { gallery } : {}),
    training: await trainingsOf(run, evaluation),
    splits: splitsOf(record),
    exclusions: [...record.exclusions, ...exclusions],
    recipe: recipeValues(flat(recipe), CITATIONS),
    deviations: deviationsOf(recipe),
    provenance: provenanceOf(record, manifest),
  };
}

/** The curve of each network's training, which has epochs of its own. */
async function trainingsOf(run: string, { record, recipe }: Evaluation): Promise<NonNullable<ReportData['training']>> {
  const curves = record.members.filter(isMemberName).map((name) => {
    const member = sppnetOf(name);
    return trainingOf(run, { ...record, members: [name] }, (member ? recipe[member.subject] : recipe).epochs);
  });
  return (await Promise.all(curves)).flat();
}

const isLevel = (name: string): name is Level => LEVELS.some((level) => level === name);

const className = (isMalignant: boolean) => CLASSES[isMalignant ? 1 : 0];

const casesOf = (
  { level, models, positive, patientIds, clusters }: LevelMetrics<Level | PatchTaskName>,
  cutoffFrom: Evaluation['cutoffFrom'] = 'validation',
): ReportedCases => ({
  models,
  headline: models[0] as LevelModel,
  dataset: isLevel(level) ? `${level} level` : PATCH_TASKS[level].classes.join(' against '),
  case: isLevel(level) ? level : 'lesion',
  ...(cutoffFrom === 'test' ? { cutoffRule: `largest Youden index on the same ${level}s` } : {}),
  positive,
  patients: patientsOf(patientIds.map((patientId) => ({ patientId }))),
  clusters,
});

/** Detector and SPPNet on the same cases. */
function comparedLevels(levels: readonly LevelMetrics[]): Pick<ReportData, 'comparisons' | 'pairwise'> {
  const compared = levels.map(({ level, models, positive, clusters }) =>
    comparedOf({
      ...{ models, positive, clusters },
      headline: models[0] as LevelModel,
      dataset: `${level} level`,
      cases: `${level}s`,
    }),
  );
  return {
    comparisons: compared.flatMap(({ comparisons }) => comparisons),
    pairwise: compared.flatMap(({ pairwise }) => pairwise),
  };
}

/** What every classifier's report has, of the detector's scores of films. */
function filmAnalyses(
  { headline, positive, dataset, clusters }: ReportedCases,
  { validation, record, by, cutoffFrom }: Evaluation,
): Partial<ReportData> {
  const cutoffRule = cutoffFrom === 'test' ? 'largest Youden index on the same images' : "the recipe's score threshold";
  const models = [headline];
  return analysesOf({ models, headline, positive, dataset, clusters, validation, cutoffRule, by, seed: record.seed });
}

/** Curves of a range of sizes are drawn where lesions are of several. */
const isShown = ({ size, lesions }: Pick<FrocOfLesions, 'size' | 'lesions'>, all: readonly FrocOfLesions[]): boolean =>
  size === 'all' || all.every((other) => other.size !== 'all' || other.lesions > lesions);

/** Tables 1, 2 and 4, and what the detector finds by size. */
function tablesOf(evaluation: Evaluation): FigureTable[] {
  const metrics = [tabledMetrics.parse(metricsOf(evaluation))];
  const first = tableOne(metrics);
  return [
    ...(first ? [first] : []),
    tableTwo(metrics),
    ...(evaluation.pathology.length > 0 ? [tableFour(metrics)] : []),
    detectionTable(evaluation),
  ];
}

const frocCurve = ({ lesionsOf, size, volumes, lesions, points, sensitivities }: FrocOfLesions) => ({
  model: `${lesionsOf === 'malignant' ? 'malignant lesions' : 'all lesions, either class'}${size === 'all' ? '' : `, ${size}`}`,
  unit: 'image' as const,
  units: volumes,
  lesions,
  points: points.map(({ falsePositives, sensitivity }) => ({ falsePositives, sensitivity })),
  marked: sensitivities
    .filter(({ falsePositives }) => falsePositives === 1)
    .map(({ falsePositives, sensitivity }) => ({ falsePositives, sensitivity })),
  hitRule: `a box finds a lesion that it overlaps by at least ${FROC_OVERLAP} of their union`,
});

/** Nested recipes as values of their own. */
const flat = (recipe: object): object =>
  Object.fromEntries(
    Object.entries(recipe).flatMap(([name, value]) =>
      typeof value === 'object' && !Array.isArray(value)
        ? Object.entries(value as object).map(([key, inner]) => [`${name}.${key}`, inner])
        : [[name, value]],
    ),
  );

function notesOf({ record, recipe, films, levels, breasts, cutoffFrom }: Evaluation): NonNullable<ReportData['notes']> {
  const missing = (['breast', 'lesion'] as const).filter((name) => !levels.some(({ level }) => level === name));
  const lesions = levels.find(({ level }) => level === 'lesion');
  const single = breasts.filter(({ views }) => views.length === 1).length;
  return [
    ...optimisticNote(cutoffFrom),
    ...fewPatientsNote(patientsOf(films.map(({ film }) => film)), 'image', 'by patient'),
    ...(Object.keys(record.weights).length === 0
      ? [{ kind: 'note' as const, text: 'Started from random weights, not from published ones.' }]
      : []),
    ...missing.map((level) => ({
      kind: 'note' as const,
      text: `The ${level} level is not measured: it needs two patients with malignant ${level}s that can be judged and two with others.`,
    })),
    ...(lesions && lesions.leftOut > 0
      ? [
          {
            kind: 'note' as const,
            text: `${lesions.leftOut} of ${lesions.leftOut + lesions.positive.length} lesions are overlapped by no box and are, as in the paper, not assessed at the lesion level.`,
          },
        ]
      : []),
    ...(single > 0
      ? [{ kind: 'note' as const, text: `${single} of ${breasts.length} breasts have one view, which decides alone.` }]
      : []),
    {
      kind: 'note',
      text: `Preset "${record.preset}": ${recipe.members.join(', ')}. What the history of the detector calls validation loss is 1 less its mean average precision at an overlap of 0.5.`,
    },
  ];
}

const digits = (value: number | null | undefined) =>
  value === null || value === undefined ? 'undefined' : value.toFixed(3);

/** What was done, and the figures that have no section of their own. */
function methodsOf({ record, recipe, films, froc, precision, dataset }: Evaluation) {
  const { tileWidthPx, tileHeightPx, overlapPx, scoreThreshold, nmsThreshold } = recipe;
  const lesions = films.reduce((sum, { film }) => sum + film.lesions.length, 0);
  const paragraphs = [
    {
      heading: 'Films',
      text: `The figures are of the ${dataset}: ${films.length} films of ${patientsOf(films.map(({ film }) => film))} patients with ${lesions} lesions that have a box. The black background of each film was cut off by its column sums and its grey values scaled to the range of 0 to 1. Films larger than ${tileWidthPx} × ${tileHeightPx} pixels were cut into tiles that share ${overlapPx} pixels or more, and the boxes of the tiles merged.`,
    },
    {
      heading: 'Networks',
      text: `The detector is Faster R-CNN on a ResNet-50 with a feature pyramid, trained by Adam at a learning rate of ${recipe.learningRate} in batches of ${recipe.batch}. Boxes of a probability above ${scoreThreshold} count, and of two of a class that overlap by more than ${nmsThreshold} of their union the more probable.${recipe.members.includes('sppnet') ? ' SPPNet, a ResNet-18 that ends in spatial pyramid pooling, was trained on the same films by whether they show a malignant lesion.' : ''} The seed was ${record.seed}.`,
    },
    {
      heading: 'Decisions',
      text: `Images: "${RULES['malignant box']}" Breasts, views that agree: "${RULES['views agree']}" Views that disagree: "${RULES['malignant view above one half']}; ${RULES['malignant view not above one half']}" A lesion is judged by the box above the threshold that overlaps it most. For ROC curves an image is scored by its most probable malignant box, also of one below the threshold.`,
    },
    {
      heading: 'Detection',
      text: `A box finds a lesion that it overlaps by at least ${FROC_OVERLAP} of their union; intervals are by a bootstrap of patients. ${froc
        .filter(({ size }) => size === 'all')
        .map(frocWords)
        .join(
          ' ',
        )} Average precision as COCO computes it, small being under 32 pixels and large over 96 by the square root of the area: ${precision
        .filter(({ size }) => size === 'all')
        .map(
          ({ class: name, lesions: count, ap, ap50 }) =>
            `${name} (${count} lesions) ${digits(ap)}, at an overlap of 0.5 ${digits(ap50)}`,
        )
        .join('; ')}.`,
    },
  ];
  return { paragraphs };
}

function frocWords({ lesionsOf, lesions, sensitivities }: FrocOfLesions): string {
  const told = sensitivities.map(
    ({ falsePositives, sensitivity, interval }) =>
      `${digits(sensitivity)}${interval ? ` (${digits(interval.lower)} to ${digits(interval.upper)})` : ''} at ${falsePositives}`,
  );
  return `Sensitivity for ${lesionsOf === 'malignant' ? `${lesions} malignant lesions` : `all ${lesions} lesions`} was ${told.join(', ')} false positives an image.`;
}
