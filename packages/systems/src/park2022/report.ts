/** The report of an evaluation: malignant breasts first, then tables II to V and figure 6. */
import { basename } from 'node:path';
import type { Methods, Note, ReportData, SaliencyExample, TrainingHistory } from '@mammoscope/report';
import { analysesOf } from '../classifier/analyses.ts';
import { comparedOf } from '../classifier/compared-models.ts';
import type { Evaluated } from '../classifier/evaluated.ts';
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
  uselessNote,
} from '../classifier/report-parts.ts';
import { evaluatedFlow } from '../run/flow.ts';
import { combinationName, type EvaluatedUnits } from './evaluated-units.ts';
import type { Evaluation } from './evaluation.ts';
import { CALLS, hasBothSides } from './judged-breasts.ts';
import { ITERATIONS, SENSITIVITY } from './measures.ts';
import { CITATIONS, deviationsOf, SYSTEM } from './recipe.ts';
import { classificationTables, segmentationTable } from './tables.ts';
import { isTrial, readOutcome } from './trials.ts';

/** What the page shows of an evaluation; `run` holds the histories. */
export async function reportOf(
  run: string,
  evaluation: Evaluation,
  examples: readonly SaliencyExample[],
): Promise<ReportData> {
  const { record, recipe, rows, scored, judged, breasts, images, segmentation, by, manifest } = evaluation;
  const { models, headline, positive, units, clusters } = judged;
  const { seed } = record;
  const evaluatedManifest = { name: basename(manifest.path), sha256: manifest.sha256 };
  const cases: ReportedCases = {
    ...{ models, headline, positive, clusters },
    dataset: scored.dataset,
    case: 'breast',
    patients: patientsOf(units),
    cutoffRule: ruleOf(evaluation),
  };
  const compared = { models, headline, positive, clusters, dataset: scored.dataset, cases: 'breasts' };
  const evaluated: Evaluated = {
    ...compared,
    validation: headline.validation,
    cutoffRule: ruleOf(evaluation),
    ...{ seed, by },
  };
  const band = headlineBand(cases, { seed });
  return {
    title: `${SYSTEM.title}: breasts with malignant findings`,
    system: { name: SYSTEM.name, citation: SYSTEM.citation, doi: SYSTEM.doi },
    notes: [...notesOf(evaluation), ...(await failureNotes(run, evaluation))],
    classes: CALLS,
    performance: { intervals: intervalWords(cases), models: performanceRows(cases) },
    roc: rocCurves(cases).map((curve) => (curve.model === headline.model ? { ...curve, band } : curve)),
    ...(hasBothSides(headline.validation) ? analysesOf(evaluated) : comparedOf(compared)),
    tables: [
      ...classificationTables({ breasts, images }),
      ...(segmentation.length > 0 ? [segmentationTable(segmentation)] : []),
    ],
    ...(examples.length > 0 ? { saliency: examples } : {}),
    flow: evaluatedFlow(record, {
      manifest: evaluatedManifest,
      rows,
      exclusions: scored.exclusions,
    }),
    methods: methodsOf(evaluation),
    scores: [
      headlineScores(
        cases,
        CALLS,
        positive.map((isMalignant) => CALLS[isMalignant ? 1 : 0]),
      ),
    ],
    confusion: [headlineConfusion(cases, CALLS)],
    training: await shownTraining(run, evaluation),
    splits: splitsOf(record),
    exclusions: [...record.exclusions, ...scored.exclusions],
    recipe: recipeValues(recipe, CITATIONS),
    deviations: deviationsOf(recipe),
    provenance: provenanceOf(record, evaluatedManifest),
  };
}

/** Pretraining, and the trials that are averaged: a search has far more, and failed ones have no history. */
async function shownTraining(run: string, { record, recipe, scored }: Evaluation): Promise<TrainingHistory[]> {
  const averaged = new Set(scored.images.flatMap(({ members }) => members.map(({ member }) => member)));
  const { members } = record;
  const pretraining = { ...record, members: members.filter((name) => !isTrial(name)) };
  const trials = { ...record, members: members.filter((name) => averaged.has(name)) };
  return [
    ...(await trainingOf(run, pretraining, recipe.pretrainEpochs)),
    ...(await trainingOf(run, trials, recipe.epochs)),
  ];
}

/** Trials that failed, each with its reason. */
async function failureNotes(run: string, { record }: Evaluation): Promise<Note[]> {
  const trials = record.members.filter(isTrial);
  const outcomes = await Promise.all(trials.map(async (name) => ({ name, outcome: await readOutcome(run, name) })));
  const failed = outcomes.filter(({ outcome }) => outcome?.state === 'failed');
  if (failed.length === 0) return [];
  const reasons = failed.map(({ name, outcome }) => `${name}: ${outcome?.reason ?? 'no reason was recorded'}`);
  return [
    {
      kind: 'warning',
      text: `${failed.length} of ${trials.length} trials failed and were left out of the search: ${reasons.join('; ')}.`,
    },
  ];
}

const ruleOf = ({ cutoffFrom }: Evaluation) => `largest Youden index on the ${cutoffFrom} breasts`;

function notesOf(evaluation: Evaluation): Note[] {
  const { record, recipe, judged, cutoffFrom, scored, segmentation } = evaluation;
  const shown = new Set(scored.images.map(({ modality }) => modality));
  const missing = recipe.modalities.filter((modality) => !shown.has(modality));
  return [
    ...optimisticNote(cutoffFrom, 'breast'),
    ...uselessNote(judged.models, cutoffFrom, 'breast'),
    ...fewPatientsNote(patientsOf(judged.units), 'breast', judged.clusters ? 'by patient' : 'independent'),
    ...missing.map((modality) => ({
      kind: 'note' as const,
      text: `No image of modality ${modality} was scored: combinations with it are missing.`,
    })),
    ...gainNotes(evaluation.breasts),
    ...(segmentation.length === 0
      ? [
          {
            kind: 'note' as const,
            text: 'No image that was scored has a visible lesion, by a column mask or a box, and saliency maps: DSC and PxAP are not measured.',
          },
        ]
      : []),
    {
      kind: 'note',
      text: `Preset "${record.preset}": ${recipe.modalities.join(', ')}; ${recipe.trials} trials a modality, of which the best ${recipe.ensemble} are averaged.`,
    },
  ];
}

const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
const probability = (p: number) => (p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`);

/** Local plus global against global alone, for every modality. */
function gainNotes(breasts: readonly EvaluatedUnits[]): Note[] {
  const told = breasts.flatMap(({ modalities, gain: { malignant: found } }) =>
    found && modalities.length === 1
      ? [
          `${combinationName(modalities)} ${signed(found.difference)} (${signed(found.interval.lower)} to ${signed(found.interval.upper)}, ${probability(found.p)})`,
        ]
      : [],
  );
  if (told.length === 0) return [];
  return [
    {
      kind: 'note',
      text: `AUC of malignant breasts, global and local module together less the global module alone: ${told.join('; ')}. DeLong's paired test, with patients as clusters where they have several breasts.`,
    },
  ];
}

/** What was done, in words. */
function methodsOf({ record, recipe, scored, judged, cutoffFrom }: Evaluation): Methods {
  const patients = new Set(scored.images.map(({ patientId }) => patientId)).size;
  return {
    paragraphs: [
      {
        heading: 'Images',
        text: `The figures are of the ${scored.dataset}: ${scored.images.length} images of ${patients} patients (${recipe.modalities.map((modality) => `${scored.images.filter((image) => image.modality === modality).length} ${modality}`).join(', ')}). Each was cut to a window against the chest wall, ${recipe.mammogramWindowPx.join(' × ')} pixels of a mammogram and ${recipe.sliceWindowPx.join(' × ')} of a synthetic view or slice, and each slice normalised to mean 0 and standard deviation 1.`,
      },
      {
        heading: 'Networks',
        text: `Each modality has its own GMIC (of tomosyntheses 3D-GMIC): a ResNet-22 that makes saliency maps, and a ResNet-18 on the patches that they select, weighted by gated attention. ${recipe.trials} trials a modality drew learning rate, omega, t, K and beta at random; the ${recipe.ensemble} with the highest validation AUC for malignant images are averaged, over ${recipe.testAugmentations > 0 ? `${recipe.testAugmentations} randomly moved and resized copies` : 'the image as it is'}. The seed was ${record.seed}.`,
      },
      {
        heading: 'Statistical analysis',
        text: `A breast's score is the mean of its views, and of several modalities the mean of theirs. Breasts of the report's curves and tests are those that all of its modalities show: ${judged.units.length}. Cut-offs have the largest Youden index on the ${cutoffFrom} breasts. Specificity and the Matthews correlation of tables III and IV are at the threshold whose sensitivity is nearest ${100 * SENSITIVITY} %; their intervals are percentiles of ${ITERATIONS} bootstrap resamples of patients, without those whose sensitivity misses it by more than 2.5 percentage points. DSC is the soft Dice coefficient 2 Σab / (Σa² + Σb²) of saliency and mask, PxAP the pixel average precision of Choe et al. (CVPR 2020), both of maps that were enlarged bilinearly and, like the masks, projected over slices by their maximum.`,
      },
    ],
  };
}
