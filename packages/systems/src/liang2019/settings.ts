/** What --set may change in this recipe, checked. */
import * as z from 'zod';
import { PLAIN_TRAINING, trainingConflict, trainingSchema } from '../training/recipe.ts';
import { changedRecipe, type RecipeTable, recordedRecipe } from '../training/settings.ts';
import { BACKBONES, BASELINES, type Backbone, CLASSIFIERS, PRESETS, type Recipe } from './recipe.ts';

const fraction = z.number().gt(0).lt(1);

const table: RecipeTable<Recipe> = {
  presets: PRESETS,
  schema: {
    ...trainingSchema,
    backbone: z.enum(Object.keys(BACKBONES) as [Backbone, ...Backbone[]]),
    sizePx: z.number().int().min(64).max(4096),
    framePx: z.number().int().min(16).max(8192),
    pooling: z.enum(['exact', 'approximate']),
    lambda: z.number().positive(),
    baselines: z.preprocess(
      (names) => (Array.isArray(names) && names.join() === '' ? [] : names), // "baselines=" is none
      z
        .array(z.enum(BASELINES))
        .refine((names) => new Set(names).size === names.length, 'each baseline may be named once'),
    ),
    slices: z.number().int().min(2).max(1000),
    volumeBatch: z.number().int().positive(),
    variants: z.union([z.literal(1), z.literal(5), z.literal(8)]),
    gridPx: z.number().int().min(0).max(64),
    dropout: z.number().min(0).lt(1),
    voteWeights: z
      .array(z.number().min(0))
      .length(CLASSIFIERS.length)
      .refine(
        (weights) => Math.abs(weights.reduce((a, b) => a + b, 0) - 1) < 1e-6,
        'the weights of the votes must sum to 1',
      ),
    valFraction: fraction,
    testFraction: fraction,
    cacheGiB: z.number().positive(),
  },
  absent: { ...PLAIN_TRAINING, baselines: [], slices: 30, volumeBatch: 8 },
  conflict: (recipe, changed) =>
    recipe.recompute
      ? 'the classifiers have nothing to compute again: leave recompute false'
      : trainingConflict(recipe, changed),
};

/** A preset's recipe with settings "key=value" applied; SystemError 'option-invalid' names the key, the value and the rule. */
export const recipeWith = (preset: string, settings: readonly string[]): Recipe =>
  changedRecipe(table, preset, settings);

/** The recipe that a run record holds. */
export const recipeOf = (record: Readonly<Record<string, unknown>>): Recipe => recordedRecipe(table, record);
