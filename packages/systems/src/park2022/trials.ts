/** The random search (section V-D6): what each trial is drawn to be, and what it came to. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAside } from '@mammoscope/files';
import { formatCsv } from '@mammoscope/imaging';
import { RandomStream } from '@mammoscope/random';
import * as z from 'zod';
import { SystemError } from '../errors.ts';
import type { GmicSpec } from '../gmic/spec.ts';
import { formatJson, runFiles } from '../run/run-record.ts';
import { type Recipe, zetaOf } from './recipe.ts';
import { PARK_MODALITIES, type ParkModality } from './scored-cases.ts';

/** One trial: a model and the values that were drawn for it. */
export interface Trial {
  /** Of its folder: 'dbt-trial-01'. */
  readonly name: string;
  readonly modality: ParkModality;
  readonly learningRate: number;
  readonly omega: number;
  /** t. */
  readonly pooledPercent: number;
  /** K. */
  readonly patches: number;
  readonly beta: number;
}

/** The trials of a modality. Each depends on the seed and its number alone, so a longer search begins with a shorter one. */
export function trialsOf(recipe: Recipe, modality: ParkModality, seed: number): Trial[] {
  const isVolume = modality === 'DBT';
  const pooled = isVolume ? recipe.volumePooledPercent : recipe.pooledPercent;
  const patches = isVolume ? recipe.volumePatches : recipe.patches;
  const beta = isVolume ? recipe.volumeBetaLog10 : recipe.betaLog10;
  return Array.from({ length: recipe.trials }, (_, i) => {
    const draw = (value: string) => new RandomStream(seed, 'search', modality, i, value);
    const logUniform = (value: string, range: readonly [number, number]) => 10 ** draw(value).uniform(...range);
    return {
      name: `${modality.toLowerCase()}-trial-${String(i + 1).padStart(2, '0')}`,
      modality,
      learningRate: logUniform('learning rate', recipe.learningRateLog10),
      omega: logUniform('omega', recipe.omegaLog10),
      pooledPercent: draw('t').uniform(...pooled),
      patches: patches[draw('K').integer(0, patches.length - 1)] as number,
      beta: logUniform('beta', beta),
    };
  });
}

/** Whether a member of a run is a trial, by its name. */
export const isTrial = (member: string): boolean => /-trial-\d+$/.test(member);

/** What the engine builds for a trial. */
export function trialSpec(recipe: Recipe, { modality, omega, pooledPercent, patches }: Trial): GmicSpec {
  const [heightPx, widthPx] = windowOf(recipe, modality);
  const { stem, globalWidth, localWidth } = recipe;
  return {
    heightPx,
    widthPx,
    slicesPerRun: modality === 'DBT' ? recipe.slicesPerRun : 1,
    cropPx: recipe.cropPx,
    patches,
    pooledShare: pooledPercent / 100,
    zeta: zetaOf(recipe),
    nonlinearity: recipe.nonlinearity,
    omega: recipe.initialisation === 'random' ? 'random' : omega,
    global: { stem, width: globalWidth },
    local: { stem: stem === 'small' ? 'small' : 'imagenet', width: localWidth },
  };
}

/** Rows and columns that a modality's networks see. */
export const windowOf = (recipe: Recipe, modality: ParkModality): readonly [rows: number, columns: number] =>
  modality === 'DM' ? recipe.mammogramWindowPx : recipe.sliceWindowPx;

const outcome = z.object({
  state: z.enum(['done', 'failed']),
  /** Why it failed. */
  reason: z.string().optional(),
  /** Of the epoch that was kept: AUC of malignant findings on the validation images, and their loss. */
  valAuc: z.number().optional(),
  valLoss: z.number().optional(),
  bestEpoch: z.number().optional(),
  epochs: z.number().optional(),
});

/** What a trial came to; trial.json in its folder, written last. */
export type TrialOutcome = z.infer<typeof outcome>;

const outcomePath = (run: string, trial: string) => runFiles(run).member(trial).outcome;

/** Writes it; the folder exists. */
export async function writeOutcome(run: string, trial: string, result: TrialOutcome): Promise<void> {
  await writeAside(outcomePath(run, trial), formatJson(result));
}

/** Undefined of a trial that has not ended. SystemError 'run-missing' where the file is damaged. */
export async function readOutcome(run: string, trial: string): Promise<TrialOutcome | undefined> {
  const path = outcomePath(run, trial);
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return outcome.parse(JSON.parse(text));
  } catch (error) {
    throw new SystemError('run-missing', `${path} cannot be read: delete the folder and go on with train --resume`, {
      cause: error,
    });
  }
}

/** A trial that ended well. */
export interface FinishedTrial extends Trial {
  readonly outcome: TrialOutcome & { readonly valAuc: number; readonly valLoss: number };
}

/**
 * "We selected 5 models with the highest AUC scores in identifying images with malignant findings on the validation set": the best of
 * the trials that ended, equal ones by their loss and number. SystemError 'run-missing' where a trial has not ended, 'data-unusable'
 * where all failed, with the reason of the first.
 */
export async function ensembleOf(
  run: string,
  recipe: Recipe,
  modality: ParkModality,
  seed: number,
): Promise<readonly FinishedTrial[]> {
  const finished: FinishedTrial[] = [];
  const reasons: string[] = [];
  for (const trial of trialsOf(recipe, modality, seed)) {
    const result = await readOutcome(run, trial.name);
    if (!result)
      throw new SystemError(
        'run-missing',
        `${run}: the search has not ended, ${trial.name} is missing: go on with train ... --resume`,
      );
    const { valAuc, valLoss } = result;
    if (result.state === 'done' && valAuc !== undefined && valLoss !== undefined)
      finished.push({ ...trial, outcome: { ...result, valAuc, valLoss } });
    else reasons.push(`${trial.name}: ${result.reason ?? 'no reason was recorded'}`);
  }
  if (finished.length === 0)
    throw new SystemError(
      'data-unusable',
      `${run}: all ${reasons.length} trials of ${modality} failed, the first as ${reasons[0]}: train anew with other ranges by --set`,
    );
  return finished
    .sort((a, b) => b.outcome.valAuc - a.outcome.valAuc || a.outcome.valLoss - b.outcome.valLoss)
    .slice(0, recipe.ensemble);
}

/** search.csv: every trial with its values and outcome, and its place in the ensemble. Trials that have not ended have none. */
export async function writeSearch(run: string, recipe: Recipe, seed: number): Promise<void> {
  const rows = [];
  for (const modality of PARK_MODALITIES.filter((each) => recipe.modalities.includes(each))) {
    const trials = trialsOf(recipe, modality, seed);
    const outcomes = await Promise.all(trials.map(({ name }) => readOutcome(run, name)));
    const isComplete = outcomes.every((each) => each !== undefined);
    const chosen =
      isComplete && outcomes.some((each) => each?.state === 'done')
        ? (await ensembleOf(run, recipe, modality, seed)).map(({ name }) => name)
        : [];
    for (const [i, trial] of trials.entries()) {
      const result = outcomes[i];
      const place = chosen.indexOf(trial.name) + 1;
      rows.push({
        trial: trial.name,
        modality,
        learning_rate: trial.learningRate,
        omega: trial.omega,
        t_percent: trial.pooledPercent,
        patches: trial.patches,
        beta: trial.beta,
        state: result?.state ?? 'not ended',
        reason: result?.reason,
        epochs: result?.epochs,
        best_epoch: result?.bestEpoch,
        val_auc: result?.valAuc,
        val_loss: result?.valLoss,
        ensemble: place || undefined,
      });
    }
  }
  await writeAside(join(run, 'search.csv'), formatCsv(rows));
}
