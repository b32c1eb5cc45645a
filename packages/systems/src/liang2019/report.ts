/** The report of an evaluation: the ensemble, the three classifiers and the baselines on pairs. */
import type { GalleryCase, Note, ReportData } from '@mammoscope/report';
import { analysesOf } from '../classifier/analyses.ts';
import { pngUri } from '../classifier/colour-map.ts';
import { methodsOf, type OwnSentences } from '../classifier/methods.ts';
import { BAND_REPLICATES } from '../classifier/metric-figures.ts';
import type { ModelComparison } from '../classifier/model-comparison.ts';
import {
  fewPatientsNote,
  headlineBand,
  headlineConfusion,
  headlineScores,
  intervalWords,
  overallPValues,
  patientsOf,
  performanceRows,
  provenanceOf,
  type ReportedCases,
  recipeValues,
  rocCurves,
  splitsOf,
  trainingOf,
} from '../classifier/report-parts.ts';
import { galleryCases } from '../reader-study/gallery-cases.ts';
import { evaluatedFlow } from '../run/flow.ts';
import type { Evaluation, ModelResult, RunPlace } from './evaluate.ts';
import { type Explanation, explainPairs } from './explain.ts';
import { backboneOf, randomMembers } from './frozen-backbone.ts';
import { SIDES } from './pair-images.ts';
import { rowOf } from './pairs.ts';
import { CITATIONS, deviationsOf, membersOf, type Recipe, recipeOfMember, SYSTEM } from './recipe.ts';

/** Pairs of each kind in the gallery, two images each. */
const PAIRS_OF_A_KIND = 2;
/** In words, for a report. */
const CALLED = 'the class with most votes, of a member its most probable class';

/** A model as figures name it: so that none of random features is taken for one that means something. */
const shownName = (model: string, randomFeatures: boolean) => (randomFeatures ? `${model} (random)` : model);

/** What to say of members whose features are random; undefined where none are. */
export function randomFeaturesWarning({ recipe, record }: Pick<Evaluation, 'recipe' | 'record'>): string | undefined {
  const random = randomMembers(recipe, record);
  if (random.length === 0) return undefined;
  const networks = [...new Set(random.map((member) => backboneOf(recipe, member).network))];
  return `The features of ${random.join(', ')} are random, since ${networks.join(' and ')} had random weights: figures that are marked random say nothing of the method. Train with ${networks.map((network) => `--weights ${network}=file`).join(' ')}.`;
}

/** What the page shows of an evaluation; the run holds the histories and what the gallery is drawn with. */
export async function reportOf(place: RunPlace, evaluation: Evaluation): Promise<ReportData> {
  const { record, recipe, rows, positive, dataset, clusters, exclusions, manifest, by } = evaluation;
  const models = evaluation.models.map((each) => ({ ...each, model: shownName(each.model, each.randomFeatures) }));
  const headline = models.at(-1) as (typeof models)[number];
  const patients = patientsOf(rows);
  const cases: ReportedCases = { models, headline, dataset, case: 'pair', positive, patients, clusters };
  const comparison = shownComparison(evaluation);
  const band = headlineBand(cases, record);
  const { operatingPoints = [], ...analyses } = analysesOf({
    ...{ models, headline, positive, dataset, validation: headline.validation, cutoffRule: CALLED },
    ...{ seed: record.seed, by, cases: 'pairs', clusters, comparison },
  });
  const random = new Set<string>(randomMembers(recipe, record));
  return {
    title: `${SYSTEM.title}: ${record.classes.slice(1).join(', ')} against ${record.classes[0]}`,
    system: { name: SYSTEM.name, citation: SYSTEM.citation, doi: SYSTEM.doi },
    notes: notesOf(evaluation, patients),
    classes: record.classes,
    performance: {
      intervals: intervalWords(cases),
      models: performanceRows(cases),
      pValues: overallPValues(comparison, cases),
    },
    roc: rocCurves(cases).map((curve) => (curve.model === headline.model ? { ...curve, band } : curve)),
    ...analyses,
    operatingPoints: operatingPoints.slice(1), // the first is a cut-off, and a pair is called by votes
    flow: evaluatedFlow(record, { manifest, rows, exclusions }),
    methods: methodsOf({
      record,
      citation: SYSTEM.citation,
      authors: 'Liang et al.',
      augmentation: augmentationWords(recipe),
      batches: membersOf(recipe).map((member) => recipeOfMember(recipe, member).batch),
      recipe: { ...recipe, normalisation: 'zScore' },
      dataset,
      images: rows.length,
      patients,
      positives: positive.filter(Boolean).length,
      cutoffFrom: 'validation',
      bootstrapReplicates: BAND_REPLICATES,
      patientsTaken: clusters ? 'clusters' : 'apart',
      subgroups: by.map(({ column }) => column),
      own: ownSentences(evaluation),
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
      method: `Scores and calls are those of the ensemble. Grad-CAM (Selvaraju et al. 2017) of the joint classifier's score for ${record.classes[1]}, on the mammogram and on the dynamic image of each pair`,
      model: shownName('dm-dbt', random.has('dm-dbt')),
      layer: `${backboneOf(recipe, 'dm-dbt').cut} of the frozen ${recipe.backbone}`,
      cases: await galleryOf(place, evaluation),
    },
    training: (await trainingOf(place.run, record, recipe.epochs)).map((history) => ({
      ...history,
      model: shownName(history.model, random.has(history.model)),
    })),
    splits: splitsOf(record),
    exclusions: [...record.exclusions, ...exclusions],
    recipe: recipeValues(recipe, CITATIONS),
    deviations: deviationsOf(recipe),
    provenance: provenanceOf(record, manifest),
  };
}

/** A comparison by the names that figures have. */
function shownComparison({ comparison: { overall, pairs }, models }: Evaluation): ModelComparison {
  const shown = new Map<string, string>(models.map((each) => [each.model, shownName(each.model, each.randomFeatures)]));
  const nameOf = (model: string) => shown.get(model) ?? model;
  return { overall, pairs: pairs.map(({ a, b, measures }) => ({ a: nameOf(a), b: nameOf(b), measures })) };
}

function notesOf(evaluation: Evaluation, patients: number): Note[] {
  const { record, recipe, models, clusters } = evaluation;
  const warning = randomFeaturesWarning(evaluation);
  return [
    ...(warning === undefined ? [] : [{ kind: 'warning' as const, text: warning }]),
    ...fewPatientsNote(patients, 'pair', clusters ? 'by patient' : 'independent'),
    {
      kind: 'note',
      text: `Table IV also has AP, the average precision, and AC, the mean confidence of right calls. ${models.map(tableFourWords).join('; ')}. AP has an interval by the infinitesimal jackknife on the logit scale, AC Student's.`,
    },
    {
      kind: 'note',
      text: `Preset "${record.preset}": ${recipe.backbone} at ${recipe.sizePx} px. A pair is a mammogram and a tomosynthesis of one view; where images are counted, it is in pairs.`,
    },
  ];
}

function tableFourWords({ model, randomFeatures, precision, confidence }: ModelResult): string {
  const text = (value: number | null, interval: { readonly lower: number; readonly upper: number } | null) =>
    value === null
      ? 'undefined'
      : `${value.toFixed(2)}${interval ? ` (${interval.lower.toFixed(2)} to ${interval.upper.toFixed(2)})` : ''}`;
  return `${shownName(model, randomFeatures)}: AP ${text(precision.averagePrecision, precision.interval)}, AC ${text(confidence.value, confidence.interval)}`;
}

const augmentationWords = ({ variants }: Recipe): string[] =>
  variants === 1
    ? []
    : [`${variants === 8 ? 'the eight' : 'five'} reflections and rotations by right angles, each pair in all of them`];

function ownSentences({ recipe, rows, positive }: Evaluation): OwnSentences {
  const { sizePx, framePx, pooling, lambda, backbone, slices, baselines, voteWeights } = recipe;
  const pooled =
    pooling === 'exact'
      ? `rank pooling with lambda ${lambda}, solved exactly`
      : 'approximate rank pooling, in closed form';
  const others = {
    '2d-t3-alex': 'the mammogram through AlexNet',
    '3d-t2-alex': `${slices} evenly spaced slices of the tomosynthesis through AlexNet, each by itself`,
  };
  return {
    cases: 'pairs',
    casesText: `A case is a pair of a mammogram and a tomosynthesis of the same breast and view: ${rows.length} pairs, ${positive.filter(Boolean).length} of them positive.`,
    preparation: `The slices of a tomosynthesis, at most ${framePx} pixels a side, became one dynamic image by ${pooled}. Mammogram and dynamic image were resampled to ${sizePx} × ${sizePx} pixels, normalised to mean 0 and standard deviation 1, and passed through ${backbone}, whose weights were not changed; the classifiers dm, dbt and dm-dbt were trained on its last feature map of the one, of the other, and of both.${baselines.length > 0 ? ` For comparison, ${baselines.map((name) => `${name} saw ${others[name]}`).join(' and ')}.` : ''}`,
    learningRates: [recipe.learningRate],
    ensemble: `The ensemble calls the class that most of the three classifiers vote for, with weights of ${voteWeights.map((weight) => weight.toFixed(3)).join(', ')}; its score is the mean of their probabilities with the same weights.`,
    calls: 'Each member calls its most probable class, and the ensemble the class with most votes.',
  };
}

/** The surest right and the worst wrong pairs of each kind, by both images. */
async function galleryOf(place: RunPlace, { rows, positive, models }: Evaluation): Promise<GalleryCase[]> {
  const { scores, called } = models.at(-1) as ModelResult;
  const pairs = rows.map((row, i) => ({
    row,
    score: scores[i] as number,
    positive: positive[i] as boolean,
    called: (called[i] as number) > 0,
  }));
  const chosen = galleryCases(pairs, PAIRS_OF_A_KIND);
  const explained = await explainPairs(
    place,
    chosen.map(({ row }) => row),
  );
  return chosen.flatMap(({ row, score, kind }, i) =>
    SIDES.map((side): GalleryCase => {
      const { image, overlay, empty }: Explanation = (explained[i] as (typeof explained)[number])[side];
      const { patientId, label } = row;
      const notes = [
        ...(side === 'dbt' ? ['dynamic image'] : []),
        ...(empty ? ['the map is zero everywhere: nothing spoke for the positive class'] : []),
      ];
      return {
        ...{ imageDataUri: pngUri(image), overlayDataUri: pngUri(overlay), patientId, label, score, kind },
        path: rowOf(row, side).path,
        ...(notes.length > 0 ? { note: notes.join('; ') } : {}),
      };
    }),
  );
}
