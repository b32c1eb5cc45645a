import { basename, dirname, relative } from 'node:path';
import type { Manifest } from '@mammoscope/imaging';
import type { Engine } from '@mammoscope/runtime';
import { type AveragePrecision, averagePrecision, delong } from '@mammoscope/stats';
import type { ValidationScores } from '../classifier/evaluated.ts';
import { BAND_REPLICATES, type MeasuredModel, patientClusters } from '../classifier/metric-figures.ts';
import { type ModelComparison, modelComparison } from '../classifier/model-comparison.ts';
import { loadBest, positiveScore } from '../classifier/scores.ts';
import { readValidationScores } from '../classifier/validation.ts';
import { SystemError } from '../errors.ts';
import { decisionFigures } from '../reader-study/case-proportion.ts';
import { groupsOf, type SubgroupColumn, type SubgroupsOfColumn } from '../reader-study/study.ts';
import { requireBothSides, sidesOf } from '../run/both-sides.ts';
import { manifestTexts } from '../run/manifest-texts.ts';
import { type RunRecord, readRunRecord, runFiles } from '../run/run-record.ts';
import { requireClasses } from '../run/unseen-rows.ts';
import { type CallConfidence, callConfidence } from './confidence.ts';
import { featureFolder } from './feature-cache.ts';
import { backboneFile, randomModels } from './frozen-backbone.ts';
import { headDeclarations, headSpec } from './head-graphs.ts';
import { requirePairs } from './pair-check.ts';
import { type PairRow, pairImages } from './pairs.ts';
import { CLASSIFIERS, type Member, membersOf, type Recipe } from './recipe.ts';
import { openRunFeatures, type RunFeatures } from './run-features.ts';
import { recipeOf } from './settings.ts';
import { loadHeadScorer } from './train-head.ts';
import { argmax, majorityVote, type Vote } from './vote.ts';

/** A member's, or the ensemble's, figures on the pairs evaluated; those at the cut-off are of the classes called. */
export interface ModelResult extends MeasuredModel {
  readonly model: Member | 'ensemble';
  readonly role: 'member' | 'ensemble';
  /** Probability of the positive class, one a pair. */
  readonly scores: readonly number[];
  /** Index of the class called, one a pair: the most probable one, of the ensemble the one with most votes. */
  readonly called: readonly number[];
  readonly validation: ValidationScores;
  readonly precision: AveragePrecision;
  readonly confidence: CallConfidence;
  /** True where its backbone's weights were drawn from the seed: its figures mean nothing. */
  readonly randomFeatures: boolean;
}

/** What an evaluation came to. */
export interface Evaluation {
  readonly record: RunRecord;
  readonly recipe: Recipe;
  readonly rows: readonly PairRow[];
  readonly positive: readonly boolean[];
  /** The three classifiers, the baselines, and the ensemble of the former last. */
  readonly models: readonly ModelResult[];
  /** The patient of each pair, where patients have several: intervals and tests take them as clusters. */
  readonly clusters: readonly string[] | undefined;
  /** Of AUCs: what is called differs by votes. */
  readonly comparison: ModelComparison;
  readonly exclusions: RunRecord['exclusions'];
  readonly dataset: string;
  readonly manifest: { readonly name: string; readonly sha256: string };
  /** Subgroups of the pairs. */
  readonly by: readonly SubgroupsOfColumn[];
}

/** What an evaluation needs. */
export interface EvaluateOptions {
  readonly engine: Engine;
  readonly run: string;
  readonly manifest: Manifest;
  readonly cutoffFrom: 'validation' | 'test';
  /** Columns, of the mammograms' rows, by which pairs are measured in subgroups. */
  readonly by?: readonly SubgroupColumn[];
  readonly onImages?: (model: string, images: number) => void;
  readonly cacheFolder?: string;
}

/** Two classes at two probabilities: the more probable one is called. */
const CUTOFF = 0.5;

/** Scores the pairs that training never saw with every member of a run and the vote of the classifiers, and measures them. */
export async function evaluateLiang2019(options: EvaluateOptions): Promise<Evaluation> {
  const { engine, run, manifest, cutoffFrom, by = [], onImages, cacheFolder = featureFolder() } = options;
  if (cutoffFrom === 'test')
    throw new SystemError(
      'option-invalid',
      'liang2019 calls the class with most votes, without a cut-off: leave --cutoff out',
    );
  const record = await readRunRecord(run);
  const recipe = recipeOf(record.recipe);
  requireClasses(record, manifest);
  const { rows, exclusions, dataset } = unseenPairs(record, manifest);
  const positive = rows.map(({ label }) => record.classes.indexOf(label) > 0);
  requireBothSides(manifest.path, rows, positive, sidesOf('pairs', record.classes));
  const name = basename(manifest.path);
  const subgroups = by.map((column) => ({
    column: column.column,
    groups: groupsOf(name, manifestTexts(manifest, rows, column.column), column),
  }));
  if (manifest.sha256 !== record.manifest.sha256) await requirePairs(manifest, rows);
  const clusters = patientClusters(rows);
  const place = { engine, run, record, recipe, cacheFolder };
  const models = await modelsOf(place, rows, { positive, clusters, onImages });
  return {
    ...{ record, recipe, rows, positive, models, clusters, exclusions, dataset, by: subgroups },
    comparison: aucsAlone(modelComparison({ models, positive, clusters })),
    manifest: { name, sha256: manifest.sha256 },
  };
}

/** Without the measures of calls, which a comparison takes from scores. */
const aucsAlone = ({ overall, pairs }: ModelComparison): ModelComparison => ({
  overall: overall.auc ? { auc: overall.auc } : {},
  pairs: pairs.map(({ a, b, measures }) => ({ a, b, measures: measures.auc ? { auc: measures.auc } : {} })),
});

/** Every member on the pairs evaluated, and the ensemble. */
async function modelsOf(
  place: RunPlace,
  rows: readonly PairRow[],
  {
    positive,
    clusters,
    onImages,
  }: Pick<Evaluation, 'positive' | 'clusters'> & { readonly onImages: EvaluateOptions['onImages'] },
): Promise<ModelResult[]> {
  const { run, record, recipe } = place;
  const members = membersOf(recipe);
  const probabilities = await probabilitiesOf(place, members, rows, { onImages });
  const votes = votesOf(recipe, probabilities);
  const random = randomModels(recipe, record);
  const validation = await Promise.all(
    members.map((member) => readValidationScores(runFiles(run).member(member).validation)),
  );
  const validationPositive = (validation[0] ?? []).map((pair) => pair.positive);
  const measured = (
    model: ModelResult['model'],
    scores: readonly number[],
    called: readonly number[],
    ofValidation: readonly number[],
  ): ModelResult => {
    const calls = called.map((index) => index > 0);
    const options = { confidence: 0.95, method: 'wilson', seed: record.seed, replicates: BAND_REPLICATES } as const;
    return {
      ...{ model, role: model === 'ensemble' ? 'ensemble' : 'member', scores, called, cutoff: CUTOFF },
      validation: { scores: ofValidation, positive: validationPositive },
      auc: delong(scores, positive, clusters && { clusters }),
      atCutoff: decisionFigures(calls, Uint8Array.from(positive, Number), clusters, options),
      precision: averagePrecision(scores, positive, clusters && { clusters }),
      confidence: callConfidence(scores, calls, positive, clusters),
      randomFeatures: random.includes(model),
    };
  };
  return [
    ...members.map((member, m) => {
      const own = probabilities.get(member) as Float64Array[];
      return measured(
        member,
        own.map(positiveScore),
        own.map((row) => argmax([...row])),
        (validation[m] ?? []).map(({ score }) => score),
      );
    }),
    measured(
      'ensemble',
      votes.map((vote) => positiveScore(Float64Array.from(vote.probabilities))),
      votes.map(({ called }) => called),
      validationPositive.map((_, i) =>
        CLASSIFIERS.reduce(
          (sum, _member, m) => sum + (recipe.voteWeights[m] ?? 0) * (validation[m]?.[i]?.score ?? 0),
          0,
        ),
      ),
    ),
  ];
}

/** A run's members at hand. */
export interface RunPlace {
  readonly engine: Engine;
  readonly run: string;
  readonly record: RunRecord;
  readonly recipe: Recipe;
  readonly cacheFolder: string;
}

/** The features that members of a run read; SystemError 'run-missing' where it lacks a backbone. Release them after use. */
export const runFeatures = (
  { engine, run, record, recipe, cacheFolder }: RunPlace,
  members: readonly Member[],
): Promise<RunFeatures> =>
  openRunFeatures({
    ...{ engine, recipe, members, seed: record.seed, cacheFolder },
    weightsOf: (network) => backboneFile(run, network),
  });

/** What is told of scoring. */
interface ScoringEvents {
  readonly onImages?: ((model: string, images: number) => void) | undefined;
  /** Called with how many pairs were scored since. */
  readonly onPairs?: ((pairs: number) => void) | undefined;
}

/** Probabilities by each member, [pairs][classes]. */
export async function probabilitiesOf(
  place: RunPlace,
  members: readonly Member[],
  pairs: readonly PairRow[],
  { onImages, onPairs }: ScoringEvents = {},
): Promise<ReadonlyMap<Member, Float64Array[]>> {
  const { engine, run, record, recipe } = place;
  const lowerings = new Map(Object.entries(record.lowerings));
  const features = await runFeatures(place, members);
  const probabilities = new Map<Member, Float64Array[]>();
  try {
    for (const member of members) {
      onImages?.(member, pairs.length);
      const spec = headSpec(recipe, member, record.classes.length);
      const scorer = await loadHeadScorer(engine, spec, features.of(member), lowerings);
      try {
        await loadBest(engine, runFiles(run).member(member).best, headDeclarations(spec));
        probabilities.set(member, (await scorer.score(pairs, onPairs)).probabilities);
      } finally {
        await scorer.release();
      }
    }
  } finally {
    await features.release();
  }
  return probabilities;
}

/** The votes of the three classifiers, one a pair. */
export function votesOf(
  { voteWeights }: Pick<Recipe, 'voteWeights'>,
  probabilities: ReadonlyMap<Member, Float64Array[]>,
): Vote[] {
  const rows = CLASSIFIERS.map((classifier) => probabilities.get(classifier) as Float64Array[]);
  return (rows[0] ?? []).map((_, i) =>
    majorityVote(
      rows.map((own) => own[i] as Float64Array),
      voteWeights,
    ),
  );
}

/** Of the run's own manifest its test pairs; of another one every pair whose patient training did not see. */
function unseenPairs(record: RunRecord, manifest: Manifest) {
  const { pairs, exclusions } = pairImages(manifest);
  if (manifest.sha256 === record.manifest.sha256) {
    const test = new Set(record.rows.filter(({ split }) => split === 'test').map(({ path }) => path));
    const folder = dirname(manifest.path);
    return {
      rows: pairs.filter(({ absolutePath }) => test.has(relative(folder, absolutePath))),
      exclusions: [],
      dataset: 'test split',
    };
  }
  const seen = new Set(record.rows.filter(({ split }) => split !== 'test').map(({ patientId }) => patientId));
  return {
    rows: pairs.filter(({ patientId }) => !seen.has(patientId)),
    exclusions: [
      ...exclusions,
      ...pairs
        .filter(({ patientId }) => seen.has(patientId))
        .map(({ path, patientId }) => ({ path, patientId, reason: 'training saw this patient' })),
    ],
    dataset: 'another manifest',
  };
}
