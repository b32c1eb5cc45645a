/** What --set may change in this recipe, checked. */
import { isNetworkName, networks } from '@mammoscope/nn';
import * as z from 'zod';
import { trainingConflict, trainingSchema } from '../training/recipe.ts';
import { changedRecipe, type RecipeTable, recordedRecipe } from '../training/settings.ts';
import { PRESETS, type Recipe } from './recipe.ts';

const fraction = z.number().gt(0).lt(1);

const table: RecipeTable<Recipe> = {
  presets: PRESETS,
  schema: {
    networks: z
      .array(
        z.custom<Recipe['networks'][number]>(
          (name) => typeof name === 'string' && isNetworkName(name),
          `not one of ${Object.keys(networks).join(', ')}`,
        ),
      )
      .min(1)
      .refine((names) => new Set(names).size === names.length, 'a network is named twice'),
    stem: z.enum(['imagenet', 'small']),
    sizePx: z.number().int().min(32).max(4096),
    normalisation: z.enum(['zScore', 'minMax']),
    ...trainingSchema,
    dropout: z.number().min(0).lt(1),
    flip: z.boolean(),
    rotationDeg: z.tuple([z.number(), z.number()]),
    translationPx: z.number().min(0),
    valFraction: fraction,
    testFraction: fraction,
  },
  conflict: trainingConflict,
};

/** A preset's recipe with settings "key=value" applied; SystemError 'option-invalid' names the key, the value and the rule. */
export const recipeWith = (preset: string, settings: readonly string[]): Recipe =>
  changedRecipe(table, preset, settings);

/** The recipe that a run record holds. */
export const recipeOf = (record: Readonly<Record<string, unknown>>): Recipe => recordedRecipe(table, record);
