/** The report of an evaluation: images, breasts and lesions as data sets, and the detector's free-response curves. */
import type { ReportData } from '@mammoscope/report';
import type { Engine } from '@mammoscope/runtime';
import { comparedOf } from '../classifier/compared-models.ts';
import {
  fewPatientsNote,
  headlineBand,
  headlineConfusion,
  headlineScores,
  intervalWords,
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
import type { Evaluation } from './evaluate.ts';
import { FROC_OVERLAP, type FrocOfLesions } from './froc.ts';
import { galleryOf } from './gallery.ts';
import type { LevelMetrics, LevelModel } from './levels.ts';
import { isMemberName, sppnetOf } from './members.ts';
import { pathologyTable } from './pathology-table.ts';
import { CITATIONS, CLASSES, deviationsOf, SYSTEM } from './recipe.ts';

/** What the page shows of an evaluation; `run` holds the histories and the weights. */
export async function reportOf(engine: Engine, run: string, evaluation: Evaluation): Promise<ReportData> {
  const { record, recipe, films, levels, froc, exclusions, manifest } = evaluation;
  const rows = films.map(({ film }) => film.row);
  const cases = levels.map(casesOf);
  const [images] = cases as [ReportedCases];
  const gallery = await galleryOf(engine, run, evaluation);
  return {
    title: `${SYSTEM.title}: ${CLASSES[1]} against ${CLASSES[0]}`,
    system: { name: SYSTEM.name, citation: SYSTEM.citation, doi: SYSTEM.doi },
    notes: notesOf(evaluation),
    classes: CLASSES,
    performance: { intervals: intervalWords(images), models: cases.flatMap(performanceRows) },
    roc: cases.flatMap((level) => {
      const band = headlineBand(level, record);
      return rocCurves(level).map((curve) => (curve.model === level.headline.model ? { ...curve, band } : curve));
    }),
    ...comparedLevels(levels),
    froc: froc.map((curve) => frocCurve(curve)),
    flow: evaluatedFlow(record, { manifest, rows, exclusions }),
    methods: methodsOf(evaluation),
    scores: cases.map((level) => headlineScores(level, CLASSES, level.positive.map(className))),
    confusion: cases.map((level) => headlineConfusion(level, CLASSES)),
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

const className = (isMalignant: boolean) => CLASSES[isMalignant ? 1 : 0];

const casesOf = ({ level, models, positive, patientIds, clusters }: LevelMetrics): ReportedCases => ({
  models,
  headline: models[0] as LevelModel,
  dataset: `${level} level`,
  case: level,
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

const frocCurve = ({ lesionsOf, volumes, lesions, points, sensitivities }: FrocOfLesions) => ({
  model: lesionsOf === 'malignant' ? 'malignant lesions' : 'all lesions, either class',
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

function notesOf({ record, recipe, films, levels, breasts }: Evaluation): NonNullable<ReportData['notes']> {
  const missing = (['breast', 'lesion'] as const).filter((name) => !levels.some(({ level }) => level === name));
  const lesions = levels.find(({ level }) => level === 'lesion');
  const single = breasts.filter(({ views }) => views.length === 1).length;
  return [
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
function methodsOf({ record, recipe, films, froc, precision, pathology, dataset }: Evaluation) {
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
      text: `A box finds a lesion that it overlaps by at least ${FROC_OVERLAP} of their union; intervals are by a bootstrap of patients. ${froc.map(frocWords).join(' ')} Average precision as COCO computes it, small being under 32 pixels and large over 96 by the square root of the area: ${precision.map(({ class: name, size, lesions: count, ap, ap50 }) => `${name}, ${size} (${count} lesions) ${digits(ap)}, at an overlap of 0.5 ${digits(ap50)}`).join('; ')}.`,
    },
  ];
  const [header = [], ...rows] = pathologyTable(pathology);
  const table = rows.map((row) => row.map((cell, i) => `${header[i]} ${cell}`).join(', '));
  return {
    paragraphs:
      pathology.length > 0 ? [...paragraphs, { heading: 'Table 4', text: `${table.join('. ')}.` }] : paragraphs,
  };
}

function frocWords({ lesionsOf, lesions, sensitivities }: FrocOfLesions): string {
  const told = sensitivities.map(
    ({ falsePositives, sensitivity, interval }) =>
      `${digits(sensitivity)}${interval ? ` (${digits(interval.lower)} to ${digits(interval.upper)})` : ''} at ${falsePositives}`,
  );
  return `Sensitivity for ${lesionsOf === 'malignant' ? `${lesions} malignant lesions` : `all ${lesions} lesions`} was ${told.join(', ')} false positives an image.`;
}
