/** What --set may change in this recipe, checked. */
import * as z from 'zod';
import { PLAIN_TRAINING, trainingConflict, trainingSchema } from '../training/recipe.ts';
import { changedRecipe, type RecipeTable, recordedRecipe } from '../training/settings.ts';
import { PRESETS, type Recipe } from './recipe.ts';
import { PARK_MODALITIES } from './scored-cases.ts';

const fraction = z.number().gt(0).lt(1);
const whole = z.number().int().positive();
const window = z.tuple([z.number().int().min(16), z.number().int().min(16)]);
const widthRule = 'must be a multiple of 8, which the groups of the normalisation divide';
const range = z
  .tuple([z.number(), z.number()])
  .refine(([low, high]) => low <= high, 'the first number must not be above the second');
const percents = range.refine(([low]) => low > 0, 'a share that is pooled must be above 0');

const { accumulate: _, clipNorm: __, learningRate: ___, ...training } = trainingSchema;

const table: RecipeTable<Recipe> = {
  presets: PRESETS,
  schema: {
    ...training,
    modalities: z
      .array(z.enum(PARK_MODALITIES))
      .min(1)
      .refine((names) => new Set(names).size === names.length, 'a modality is named twice'),
    mammogramWindowPx: window,
    sliceWindowPx: window,
    shiftPx: z.number().int().min(0),
    resizePx: z.number().int().min(0),
    testAugmentations: z.number().int().min(0),
    nonlinearity: z.enum(['reluTanh', 'sigmoid']),
    initialisation: z.enum(['constant', 'random']),
    cropPx: z.number().int().min(16),
    zeta: z.union([z.number().int().min(0), z.literal('all')]),
    slicesPerRun: whole,
    stem: z.enum(['published', 'small']),
    globalWidth: whole.refine((width) => width % 8 === 0, widthRule),
    localWidth: whole,
    trials: whole.max(999),
    ensemble: whole,
    learningRateLog10: range,
    omegaLog10: range,
    pooledPercent: percents,
    patches: z.array(whole).min(1),
    betaLog10: range,
    volumePooledPercent: percents,
    volumePatches: z.array(whole).min(1),
    volumeBetaLog10: range,
    negatives: z.number().min(0),
    pretrainEpochs: z.number().int().min(0),
    pretrainPatience: whole,
    pretrainLearningRate: z.number().positive(),
    pretrainGates: whole,
    valFraction: fraction,
    testFraction: fraction,
  },
  absent: {},
  conflict: (recipe, changed) => conflictOf(recipe) ?? trainingConflict(trainingOf(recipe, 1), changed),
};

function conflictOf({ mammogramWindowPx, sliceWindowPx, shiftPx, resizePx, trials, ensemble }: Recipe): string | null {
  if (ensemble > trials)
    return `an ensemble of ${ensemble} cannot be chosen from ${trials} trials: let ensemble be at most trials`;
  const least = Math.min(...mammogramWindowPx, ...sliceWindowPx);
  if (Math.max(shiftPx, resizePx) >= least)
    return `windows of ${least} px cannot be moved or shrunk by ${Math.max(shiftPx, resizePx)}: lower shiftPx and resizePx`;
  return null;
}

/** The part of a recipe that any network has, at a learning rate. */
export const trainingOf = (recipe: Recipe, learningRate: number) => ({ ...PLAIN_TRAINING, ...recipe, learningRate });

/** A preset's recipe with settings "key=value" applied; SystemError 'option-invalid' names the key, the value and the rule. */
export const recipeWith = (preset: string, settings: readonly string[]): Recipe =>
  changedRecipe(table, preset, settings);

/** The recipe that a run record holds. */
export const recipeOf = (record: Readonly<Record<string, unknown>>): Recipe => recordedRecipe(table, record);
