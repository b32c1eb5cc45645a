import { basename, dirname, relative } from 'node:path';
import type { Manifest } from '@mammoscope/imaging';
import type { Engine } from '@mammoscope/runtime';
import { type ConfusionMetrics, confusionMetrics, type DelongAuc, delong } from '@mammoscope/stats';
import { loadBest, positiveScore } from '../classifier/scores.ts';
import { SystemError } from '../errors.ts';
import { type RunRecord, readRunRecord, runFiles } from '../run/run-record.ts';
import { backboneFile } from './backbone-file.ts';
import { featureFolder } from './feature-cache.ts';
import { FeatureSource } from './features.ts';
import { headDeclarations } from './head-graphs.ts';
import { type PairRow, pairImages } from './pairs.ts';
import { CLASSIFIERS, type Recipe } from './recipe.ts';
import { recipeOf } from './settings.ts';
import { headSpec } from './train.ts';
import { loadHeadScorer } from './train-head.ts';
import { argmax, majorityVote, type Vote } from './vote.ts';

/** One classifier's, or the ensemble's, figures on the pairs evaluated. */
export interface ModelResult {
  readonly model: string;
  readonly role: 'member' | 'ensemble';
  /** Probability of the positive class, one a pair. */
  readonly scores: readonly number[];
  /** Index of the class called, one a pair: the most probable one, of the ensemble the one with most votes. */
  readonly called: readonly number[];
  readonly auc: DelongAuc;
  /** Of the classes called, all but the first being positive. */
  readonly atCutoff: ConfusionMetrics;
  readonly cutoff: number;
}

/** What an evaluation came to. */
export interface Evaluation {
  readonly record: RunRecord;
  readonly recipe: Recipe;
  readonly rows: readonly PairRow[];
  readonly positive: readonly boolean[];
  readonly models: readonly ModelResult[];
  readonly exclusions: RunRecord['exclusions'];
  readonly dataset: string;
  readonly manifest: { readonly name: string; readonly sha256: string };
  /** True where the backbone's weights were drawn from the seed: its features, and every figure, mean nothing. */
  readonly randomFeatures: boolean;
}

/** What an evaluation needs. */
export interface EvaluateOptions {
  readonly engine: Engine;
  readonly run: string;
  readonly manifest: Manifest;
  readonly cutoffFrom: 'validation' | 'test';
  readonly by?: readonly unknown[];
  readonly onImages?: (model: string, images: number) => void;
  readonly cacheFolder?: string;
}

/** Two classes at two probabilities: the more probable one is called. */
const CUTOFF = 0.5;

/** Scores the pairs that training never saw with the three classifiers of a run and their vote, and measures them. */
export async function evaluateLiang2019(options: EvaluateOptions): Promise<Evaluation> {
  const { engine, run, manifest, cutoffFrom, by = [], onImages, cacheFolder = featureFolder() } = options;
  if (cutoffFrom === 'test' || by.length > 0)
    throw new SystemError(
      'option-invalid',
      'liang2019 calls the class with most votes, without a cut-off, and measures no subgroups yet: leave --cutoff and --by out',
    );
  const record = await readRunRecord(run);
  const recipe = recipeOf(record.recipe);
  const unknown = manifest.classes.find((name) => !record.classes.includes(name));
  if (unknown)
    throw new SystemError(
      'run-mismatch',
      `${manifest.path} has the class "${unknown}", the run knows ${record.classes.join(', ')}: use a manifest with these labels`,
    );
  const { rows, exclusions, dataset } = unseenPairs(record, manifest);
  const classOf = rows.map(({ label }) => record.classes.indexOf(label));
  const positive = classOf.map((index) => index > 0);
  const positives = positive.filter(Boolean).length;
  if (Math.min(positives, rows.length - positives) < 2)
    throw new SystemError(
      'data-unusable',
      `${manifest.path} has ${rows.length} pairs of patients that training did not see, ${positives} of them positive: an evaluation needs two or more of ${record.classes[0]} and of the others`,
    );
  const { members, votes } = await votesOf({ engine, run, record, recipe, cacheFolder }, rows, onImages);
  const figures = (scores: readonly number[], called: readonly number[]) => ({
    scores,
    called,
    auc: delong(scores, positive),
    atCutoff: measured(called, positive),
    cutoff: CUTOFF,
  });
  return {
    record,
    recipe,
    rows,
    positive,
    models: [
      ...CLASSIFIERS.map((model, m) => {
        const probabilities = members[m] as Float64Array[];
        return {
          model,
          role: 'member' as const,
          ...figures(
            probabilities.map(positiveScore),
            probabilities.map((row) => argmax([...row])),
          ),
        };
      }),
      {
        model: 'ensemble',
        role: 'ensemble',
        ...figures(
          votes.map(({ probabilities }) => positiveScore(Float64Array.from(probabilities))),
          votes.map(({ called }) => called),
        ),
      },
    ],
    exclusions,
    dataset: Object.hasOwn(record.weights, recipe.backbone) ? dataset : `${dataset}, random features`,
    manifest: { name: basename(manifest.path), sha256: manifest.sha256 },
    randomFeatures: !Object.hasOwn(record.weights, recipe.backbone),
  };
}

/** Counts of calls of a positive class against labels. */
function measured(called: readonly number[], positive: readonly boolean[]): ConfusionMetrics {
  const count = (isPositive: boolean, isCalled: boolean) =>
    called.filter((index, i) => positive[i] === isPositive && index > 0 === isCalled).length;
  return confusionMetrics({
    tp: count(true, true),
    fp: count(false, true),
    fn: count(true, false),
    tn: count(false, false),
  });
}

/** A run's classifiers at hand. */
export interface RunPlace {
  readonly engine: Engine;
  readonly run: string;
  readonly record: RunRecord;
  readonly recipe: Recipe;
  readonly cacheFolder: string;
}

/** The features of a run's backbone; SystemError 'run-missing' where the run lacks it. Release it after use. */
export const runFeatures = ({ engine, run, record, recipe, cacheFolder }: RunPlace): Promise<FeatureSource> =>
  FeatureSource.open({ engine, recipe, seed: record.seed, weights: backboneFile(run), cacheFolder });

/** Probabilities by each classifier, [pairs][classes], and the votes. */
export async function votesOf(
  place: RunPlace,
  pairs: readonly PairRow[],
  onImages?: (model: string, images: number) => void,
) {
  const { engine, run, record, recipe } = place;
  const lowerings = new Map(Object.entries(record.lowerings));
  const features = await runFeatures(place);
  const members: Float64Array[][] = [];
  try {
    for (const classifier of CLASSIFIERS) {
      onImages?.(classifier, pairs.length);
      const spec = headSpec(recipe, classifier, record.classes.length);
      const scorer = await loadHeadScorer(engine, spec, features, lowerings);
      try {
        await loadBest(engine, runFiles(run).member(classifier).best, headDeclarations(spec));
        members.push((await scorer.score(pairs)).probabilities);
      } finally {
        await scorer.release();
      }
    }
  } finally {
    await features.release();
  }
  const votes = pairs.map(
    (_, i): Vote =>
      majorityVote(
        members.map((rows) => rows[i] as Float64Array),
        recipe.voteWeights,
      ),
  );
  return { members, votes };
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
