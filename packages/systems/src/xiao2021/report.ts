/** The report of an evaluation: led by the lesion level, with the view level as a second data set. */
import type { ReportData } from '@mammoscope/report';
import { analysesOf } from '../classifier/analyses.ts';
import { comparisonsOf } from '../classifier/compared-models.ts';
import { methodsOf, type OwnSentences } from '../classifier/methods.ts';
import { BAND_REPLICATES } from '../classifier/metric-figures.ts';
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
  type ReportedModel,
  recipeValues,
  rocCurves,
  splitsOf,
  trainingOf,
  uselessNote,
} from '../classifier/report-parts.ts';
import { evaluatedFlow } from '../run/flow.ts';
import { ensemblesOf } from './ensembles.ts';
import { type Evaluation, headline, type LevelMetrics } from './evaluate.ts';
import { inputWords } from './members.ts';
import { CITATIONS, copiesWords, deviationsOf, type Recipe, recipeOfMember, SYSTEM } from './recipe.ts';

/** What the page shows of an evaluation; `run` holds the histories. */
export async function reportOf(run: string, evaluation: Evaluation): Promise<ReportData> {
  const { record, recipe, rows, dataset, lesion, view, cutoffFrom, exclusions, manifest } = evaluation;
  const { classes, seed } = record;
  const levels = [lesion, view].map((level) => ({ level, cases: casesOf(level, evaluation) }));
  return {
    title: `${SYSTEM.title}: ${classes.slice(1).join(', ')} against ${classes[0]}`,
    system: { name: SYSTEM.name, citation: SYSTEM.citation, doi: SYSTEM.doi },
    notes: notesOf(evaluation),
    classes,
    performance: {
      intervals: levelWords(levels.map(({ cases }) => cases)),
      models: levels.flatMap(({ cases }) => performanceRows(cases)),
    },
    roc: levels.flatMap(({ cases }) => rocOf(cases, seed)),
    ...analysesOf({
      ...analysedOf(lesion),
      validation: headline(lesion).validation,
      cutoffRule: ruleOf(lesion, evaluation),
      seed,
      by: evaluation.by,
    }),
    comparisons: [lesion, view].flatMap((level) => comparisonsOf(analysedOf(level))),
    flow: evaluatedFlow(record, { manifest, rows, exclusions }),
    methods: methodsOf({
      record,
      citation: SYSTEM.citation,
      authors: 'Xiao et al.',
      augmentation: augmentationWords(recipe),
      batches: recipe.members.map((name) => recipeOfMember(recipe, name).batch),
      recipe: { ...recipe, normalisation: 'minMax' },
      dataset,
      images: rows.length,
      patients: patientsOf(rows),
      positives: view.positive.filter(Boolean).length,
      cutoffFrom,
      bootstrapReplicates: BAND_REPLICATES,
      patientsTaken: lesion.clusters ? 'clusters' : 'apart',
      subgroups: evaluation.by.map(({ column }) => column),
      own: ownSentences(evaluation),
    }),
    scores: levels.map(({ level, cases }) =>
      headlineScores(
        cases,
        classes,
        level.units.map(({ label }) => label),
      ),
    ),
    confusion: levels.map(({ cases }) => headlineConfusion(cases, classes)),
    training: await trainingOf(run, record, recipe.epochs),
    splits: splitsOf(record),
    exclusions: [...record.exclusions, ...exclusions],
    recipe: recipeValues({ ...recipe, copies: copiesWords(recipe) }, CITATIONS),
    deviations: deviationsOf(recipe),
    provenance: provenanceOf(record, manifest),
  };
}

/** How intervals are computed at each level. */
const levelWords = (levels: readonly ReportedCases[]): string =>
  levels.map((cases) => `${cases.dataset}: ${intervalWords(cases)}`).join('. ');

/** A level as the name of a data set: short enough for a legend. */
const datasetOf = ({ level }: LevelMetrics) => `${level} level`;
const ruleOf = ({ level }: LevelMetrics, { cutoffFrom }: Evaluation) =>
  `largest Youden index on the ${cutoffFrom} ${level}s`;

const casesOf = (level: LevelMetrics, evaluation: Evaluation): ReportedCases => ({
  models: level.models,
  headline: headline(level),
  dataset: datasetOf(level),
  case: level.level,
  positive: level.positive,
  patients: patientsOf(level.units),
  clusters: level.clusters,
  cutoffRule: ruleOf(level, evaluation),
});

/** Of several ensembles only the headline is drawn in ink: the others get the styles of members. */
const drawn = (models: readonly ReportedModel[], first: ReportedModel): ReportedModel[] =>
  models.map((each) => (each !== first && each.role === 'ensemble' ? { ...each, role: 'member' } : each));

/** What both levels' analyses are made from. */
const analysedOf = (level: LevelMetrics) => ({
  models: drawn(level.models, headline(level)),
  headline: headline(level),
  positive: level.positive,
  clusters: level.clusters,
  dataset: datasetOf(level),
  cases: `${level.level}s`,
});

/** The curves of a level, its headline with a band. */
function rocOf(cases: ReportedCases, seed: number): NonNullable<ReportData['roc']> {
  const band = headlineBand(cases, { seed });
  return rocCurves({ ...cases, models: drawn(cases.models, cases.headline) }).map((curve) =>
    curve.model === cases.headline.model ? { ...curve, band } : curve,
  );
}

function notesOf(evaluation: Evaluation): NonNullable<ReportData['notes']> {
  const { record, recipe, lesion, view, dataset, cutoffFrom, manifest } = evaluation;
  return [
    ...optimisticNote(cutoffFrom, 'lesion'),
    ...uselessNote(lesion.models, cutoffFrom, 'lesion'),
    ...uselessNote(view.models, cutoffFrom, 'view'),
    ...fewPatientsNote(patientsOf(lesion.units), 'lesion'),
    ...(recipe.radiomics && manifest.sha256 !== record.manifest.sha256
      ? [
          {
            kind: 'note' as const,
            text: `Radiomics is not measured: it is learnt from the training regions, and those are in ${record.manifest.name}, not in ${manifest.name}.`,
          },
        ]
      : []),
    {
      kind: 'note',
      text: `Both levels are of the ${dataset}: ${lesion.units.length} lesions in ${view.units.length} views. At the lesion level a lesion's score is the mean of its views'. Under Images and patients, views are counted.`,
    },
    ...oneViewNote(lesion.units.filter(({ members }) => members.length === 1).length, lesion.units.length),
    {
      kind: 'note',
      text: `Preset "${record.preset}": ${recipe.members.join(', ')} at ${recipe.sizePx} px, from regions of ${recipe.roiPx} × ${recipe.roiPx} × ${recipe.roiSlices}.`,
    },
  ];
}

/** Lesions of which one view is at hand, as in cohorts of one view. */
const oneViewNote = (single: number, lesions: number): NonNullable<ReportData['notes']> =>
  single === 0
    ? []
    : [
        {
          kind: 'note',
          text: `${single === lesions ? `All ${lesions} lesions have one view only: both levels say the same` : `${single} of ${lesions} lesions have one view only: their score is that view's`}. The paper averages CC and MLO.`,
        },
      ];

/** How training regions are varied. */
function augmentationWords({ flip, rotationDeg: [low, high], translationPx }: Recipe): string[] {
  return [
    ...(flip ? ['flips along both axes'] : []),
    ...(low !== 0 || high !== 0 ? [`rotation between ${low}° and ${high}°`] : []),
    ...(translationPx > 0 ? [`translation by up to ${translationPx} pixels along each axis`] : []),
  ];
}

const RADIOMICS =
  'For comparison, features of the regions as stored (first order, histogram, shape, GLCM, GLRLM, GLSZM, NGTDM and wavelet bands) were selected by a logistic LASSO, its penalty by cross-validation by patient, and classified by a random forest of 500 trees: radiomics-2d has those of the focus slice and of the maximum intensity projection, radiomics-3d those of the volume, radiomics-combined both.';

function ownSentences({ recipe, lesion, view }: Evaluation): OwnSentences {
  const { roiPx, roiSlices, sizePx, members } = recipe;
  const weights = ensemblesOf(recipe).map(({ focusWeight }) => focusWeight);
  const [first] = ensemblesOf(recipe);
  return {
    cases: 'lesions',
    casesText: `At the lesion level the views of a lesion are one case, whose score is the mean of theirs: ${lesion.units.length} lesions, ${lesion.positive.filter(Boolean).length} of them positive. At the view level each of the ${view.units.length} views is a case, and cut-offs are chosen among validation views${view.clusters ? '; patients are clusters there, since some have several' : ''}.`,
    preparation: `A region of ${roiPx} × ${roiPx} pixels and ${roiSlices} slices was cut out around the centre of each lesion, normalised to the range of 0 to 1 by its smallest and largest value, and its slices resampled to ${sizePx} × ${sizePx} pixels. The focus slice is the one named in the manifest, or that of Eq. 8 of the paper${recipe.withoutFocus === 'centre' ? ', or the centre slice where no calcification was found' : ''}. The networks saw: ${members.map((name) => `${name} ${inputWords(name)}`).join('; ')}.`,
    learningRates: members.map((name) => recipeOfMember(recipe, name).learningRate),
    ensemble: [
      ...(first
        ? [
            `Ensembles are weighted means of the probabilities of ${first.focus} and ${first.volume}, the weight of ${first.focus} being ${weights.join(', ')}; results are led by the first.`,
          ]
        : []),
      ...(lesion.models.some(({ model }) => model.startsWith('radiomics-')) ? [RADIOMICS] : []),
    ].join(' '),
  };
}
