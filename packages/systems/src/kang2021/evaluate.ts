import { basename } from 'node:path';
import type { Manifest, ManifestRow } from '@mammoscope/imaging';
import { isNetworkName, type NetworkName } from '@mammoscope/nn';
import type { Engine } from '@mammoscope/runtime';
import { type ConfusionMetrics, confusion, type DelongAuc, delong } from '@mammoscope/stats';
import { declarationsOf } from '../classifier/graphs.ts';
import { loadBest, loadScorer, positiveScore, SCORING_BATCH } from '../classifier/scores.ts';
import { cutoffOf, readValidationScores, type ValidationScore } from '../classifier/validation.ts';
import { ImageSource } from '../data/image-source.ts';
import { requireBoxes } from '../data/lesion-roi.ts';
import { SystemError } from '../errors.ts';
import { groupsOf, type SubgroupColumn, type SubgroupsOfColumn } from '../reader-study/study.ts';
import { manifestTexts } from '../run/manifest-texts.ts';
import { type RunRecord, readRunRecord, runFiles } from '../run/run-record.ts';
import { requireClasses, unseenRows } from '../run/unseen-rows.ts';
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
export interface ModelMetrics extends ModelScores {
  readonly auc: DelongAuc;
  readonly atCutoff: ConfusionMetrics & { readonly cutoff: number };
}

/** What an evaluation came to. */
export interface Evaluation {
  readonly record: RunRecord;
  readonly recipe: Recipe;
  readonly rows: readonly ManifestRow[];
  readonly positive: readonly boolean[];
  readonly models: readonly ModelMetrics[];
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
  readonly onImages?: (model: string, images: number) => void;
}

/** Scores the images that training never saw with every network of a run and their average, and measures them. */
export async function evaluateKang2021({
  engine,
  run,
  manifest,
  cutoffFrom,
  by = [],
  onImages,
}: EvaluateOptions): Promise<Evaluation> {
  const record = await readRunRecord(run);
  const recipe = recipeOf(record.recipe);
  requireClasses(record, manifest);
  const { rows, exclusions, dataset } = unseenRows(record, manifest);
  if (recipe.roiPx > 0) requireBoxes(manifest.path, rows);
  const name = basename(manifest.path);
  const subgroups = by.map((column) => ({
    column: column.column,
    groups: groupsOf(name, manifestTexts(manifest, rows, column.column), column),
  }));
  const positive = rows.map((row) => record.classes.indexOf(row.label) > 0);
  const positives = positive.filter(Boolean).length;
  if (Math.min(positives, rows.length - positives) < 2) {
    throw new SystemError(
      'data-unusable',
      `${manifest.path} has ${rows.length} images of patients that training did not see, ${positives} of them positive: an evaluation needs two or more of ${record.classes[0]} and of the others`,
    );
  }
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
    return {
      model,
      role,
      scores,
      cutoff,
      auc: delong(scores, positive),
      atCutoff: confusion(scores, positive, cutoff),
    };
  });
  return {
    record,
    recipe,
    rows,
    positive,
    models,
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
): Promise<number[]> {
  const spec = memberSpec(record, recipe, name);
  const scorer = await loadScorer(
    engine,
    spec,
    new ImageSource({ ...recipe, channels: spec.channels }),
    SCORING_BATCH,
    new Map(Object.entries(record.lowerings)),
  );
  try {
    await loadBest(engine, runFiles(run).member(name).best, declarationsOf(spec));
    return (await scorer.score(rows)).probabilities.map(positiveScore);
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
