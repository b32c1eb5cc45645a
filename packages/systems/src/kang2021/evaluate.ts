import { basename } from 'node:path';
import type { Manifest, ManifestRow } from '@mammoscope/imaging';
import { isNetworkName, type NetworkName } from '@mammoscope/nn';
import type { Engine } from '@mammoscope/runtime';
import { declarationsOf } from '../classifier/graphs.ts';
import { type MeasuredModel, measuredModel, patientClusters } from '../classifier/metric-figures.ts';
import { type ModelComparison, modelComparison } from '../classifier/model-comparison.ts';
import { loadBest, loadScorer, positiveScore, SCORING_BATCH } from '../classifier/scores.ts';
import { cutoffOf, readValidationScores, type ValidationScore } from '../classifier/validation.ts';
import { ImageSource } from '../data/image-source.ts';
import { requireBoxes } from '../data/lesion-roi.ts';
import { SystemError } from '../errors.ts';
import { groupsOf, type SubgroupColumn, type SubgroupsOfColumn } from '../reader-study/study.ts';
import { requireBothSides, sidesOf } from '../run/both-sides.ts';
import { manifestTexts } from '../run/manifest-texts.ts';
import { type RunRecord, readRunRecord, runFiles } from '../run/run-record.ts';
import { requireClasses, unseenRows } from '../run/unseen-rows.ts';
import { explainedMember } from './explained-member.ts';
import type { Recipe } from './recipe.ts';
import { recipeOf } from './settings.ts';
import { classifierSpec } from './train.ts';

/** One network's, or the ensemble's, scores on the images evaluated. */
export interface ModelScores {
  readonly model: string;
  readonly role: 'member' | 'ensemble' | 'single';
  /** Probability of the positive class, one a row. */
  readonly scores: readonly number[];
  /** From the largest Youden index on the validation images (or, marked, on the test images); Infinity where none beats chance. */
  readonly cutoff: number;
}

/** A model's figures on the images evaluated. */
export type ModelMetrics = ModelScores & MeasuredModel;

/** What an evaluation came to. */
export interface Evaluation {
  readonly record: RunRecord;
  readonly recipe: Recipe;
  readonly rows: readonly ManifestRow[];
  readonly positive: readonly boolean[];
  readonly models: readonly ModelMetrics[];
  /** The patient of each row, where patients have several: intervals and tests take them as clusters. */
  readonly clusters?: readonly string[] | undefined;
  /** Of two models and more. */
  readonly comparison?: ModelComparison | undefined;
  /** The member whose Grad-CAM is shown. */
  readonly explained: string;
  readonly cutoffFrom: 'validation' | 'test';
  readonly exclusions: readonly { readonly path: string; readonly patientId: string; readonly reason: string }[];
  /** Of the images evaluated. */
  readonly manifest: { readonly name: string; readonly sha256: string };
  /** In words: 'test split', or the name of another manifest. */
  readonly dataset: string;
  /** Subgroups of the rows. */
  readonly by: readonly SubgroupsOfColumn[];
}

export interface EvaluateOptions {
  readonly engine: Engine;
  readonly run: string;
  readonly manifest: Manifest;
  readonly cutoffFrom: 'validation' | 'test';
  readonly by?: readonly SubgroupColumn[];
  /** The member whose Grad-CAM is shown; explainedMember's choice unless given. */
  readonly explain?: string | undefined;
  readonly onImages?: (model: string, images: number) => void;
}

/** Scores the images that training never saw with every network of a run and their average, and measures them. */
export async function evaluateKang2021({
  engine,
  run,
  manifest,
  cutoffFrom,
  by = [],
  explain,
  onImages,
}: EvaluateOptions): Promise<Evaluation> {
  const record = await readRunRecord(run);
  const recipe = recipeOf(record.recipe);
  const explained = explainedMember(record, explain);
  requireClasses(record, manifest);
  const { rows, exclusions, dataset } = unseenRows(record, manifest);
  if (recipe.roiPx > 0) requireBoxes(manifest.path, rows);
  const name = basename(manifest.path);
  const subgroups = by.map((column) => ({
    column: column.column,
    groups: groupsOf(name, manifestTexts(manifest, rows, column.column), column),
  }));
  const positive = rows.map((row) => record.classes.indexOf(row.label) > 0);
  requireBothSides(manifest.path, rows, positive, sidesOf('images', record.classes));
  const clusters = patientClusters(rows);
  const members: { readonly scores: number[]; readonly validation: readonly ValidationScore[] }[] = [];
  for (const member of record.members) {
    const validation = await readValidationScores(runFiles(run).member(member).validation);
    onImages?.(member, rows.length);
    members.push({ scores: await scoreMember(engine, run, record, recipe, member, rows), validation });
  }
  const one = members.length === 1;
  const scored = members.map((member, i) => ({
    model: record.members[i] as string,
    role: one ? ('single' as const) : ('member' as const),
    ...member,
  }));
  const all = one
    ? scored
    : [
        ...scored,
        {
          model: 'ensemble',
          role: 'ensemble' as const,
          scores: average(members.map(({ scores }) => scores)),
          validation: averageValidation(members.map(({ validation }) => validation)),
        },
      ];
  const models = all.map(({ model, role, scores, validation }): ModelMetrics => {
    const source =
      cutoffFrom === 'test' ? scores.map((score, i) => ({ score, positive: positive[i] as boolean })) : validation;
    const cutoff = cutoffOf(source);
    return { model, role, scores, ...measuredModel(scores, positive, cutoff, { clusters, seed: record.seed }) };
  });
  return {
    record,
    recipe,
    rows,
    positive,
    models,
    clusters,
    comparison: one ? undefined : modelComparison({ models, positive, clusters }),
    explained,
    cutoffFrom,
    exclusions,
    dataset,
    by: subgroups,
    manifest: { name, sha256: manifest.sha256 },
  };
}

/** The model that a report leads with: the ensemble, or the only network. */
export function headline(models: readonly ModelMetrics[]): ModelMetrics {
  return (models.find(({ role }) => role === 'ensemble') ?? models[0]) as ModelMetrics;
}

/** Probabilities of the positive class by one network of a run. */
export async function scoreMember(
  engine: Engine,
  run: string,
  record: RunRecord,
  recipe: Recipe,
  name: string,
  rows: readonly ManifestRow[],
  onRows?: (rows: number) => void,
): Promise<number[]> {
  const spec = memberSpec(record, recipe, name);
  const scorer = await loadScorer(
    engine,
    spec,
    new ImageSource({ ...recipe, sizePx: spec.sizePx, channels: spec.channels }),
    SCORING_BATCH,
    new Map(Object.entries(record.lowerings)),
  );
  try {
    await loadBest(engine, runFiles(run).member(name).best, declarationsOf(spec));
    return (await scorer.score(rows, onRows)).probabilities.map(positiveScore);
  } finally {
    await scorer.release();
  }
}

/** The network that a run's member is. */
export function memberSpec(record: RunRecord, recipe: Recipe, name: string) {
  if (!isNetworkName(name))
    throw new SystemError('run-missing', `run.json names the network "${name}", which this version does not have`);
  return classifierSpec(recipe, name as NetworkName, record.classes.length, Object.hasOwn(record.weights, name));
}

/** Element-wise mean. */
export function average(lists: readonly (readonly number[])[]): number[] {
  return (lists[0] ?? []).map((_, i) => lists.reduce((sum, list) => sum + (list[i] as number), 0) / lists.length);
}

/** The validation scores of an ensemble. */
export function averageValidation(lists: readonly (readonly ValidationScore[])[]): ValidationScore[] {
  const scores = average(lists.map((list) => list.map(({ score }) => score)));
  return (lists[0] ?? []).map((row, i) => ({ ...row, score: scores[i] as number }));
}
