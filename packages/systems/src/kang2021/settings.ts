/** What --set may change in this recipe, checked. */
import { isNetworkName, networks } from '@mammoscope/nn';
import * as z from 'zod';
import { PLAIN_TRAINING, trainingConflict, trainingSchema } from '../training/recipe.ts';
import { changedRecipe, type RecipeTable, recordedRecipe } from '../training/settings.ts';
import { batchOf, type NetworkBatch, PLAIN_IMAGES, PRESETS, type Recipe } from './recipe.ts';

const fraction = z.number().gt(0).lt(1);
/** A range to draw from; what is drawn must be `least` and more. */
const range = (least: number) =>
  z
    .tuple([z.number().min(least), z.number()])
    .refine(([low, high]) => low <= high, 'the first number must not be above the second');

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
    networkBatches: z.array(
      z.custom<NetworkBatch>(
        (text) => typeof text === 'string' && isNetworkName(text.split(':')[0] ?? '') && /^[^:]+:[1-9]\d*$/.test(text),
        'write it as network:images, for example xception:32',
      ),
    ),
    stem: z.enum(['imagenet', 'small']),
    roiPx: z
      .number()
      .int()
      .max(4096)
      .refine((side) => side === 0 || side >= 16, 'write 16 pixels or more, or 0 to take whole images'),
    sizePx: z.number().int().min(32).max(4096),
    normalisation: z.enum(['zScore', 'minMax']),
    ...trainingSchema,
    dropout: z.number().min(0).lt(1),
    flip: z.boolean(),
    rotationDeg: range(-360),
    translationPx: z.number().min(0),
    scale: range(0.1),
    gain: range(0),
    offset: range(-100),
    valFraction: fraction,
    testFraction: fraction,
  },
  absent: { ...PLAIN_TRAINING, ...PLAIN_IMAGES, roiPx: 0 },
  conflict: (recipe, changed) =>
    idleBatch(recipe, changed) ??
    recipe.networks.reduce<string | null>(
      (found, network) => found ?? trainingConflict({ ...recipe, batch: batchOf(recipe, network) }, changed),
      null,
    ),
};

/** A batch that the user gave a network which is not trained. */
function idleBatch({ networks: trained, networkBatches }: Recipe, changed: ReadonlySet<string>): string | null {
  const idle = networkBatches.find((text) => !trained.some((network) => text.startsWith(`${network}:`)));
  return idle === undefined || !changed.has('networkBatches')
    ? null
    : `${idle} has no use, as the recipe trains ${trained.join(', ')}: name one of these, or add the network to networks`;
}

/**
 * A preset's recipe with settings "key=value" applied; SystemError 'option-invalid' names the key, the value and the rule.
 * A batch that is set is that of every network, unless networkBatches says otherwise.
 */
export function recipeWith(preset: string, settings: readonly string[]): Recipe {
  const sets = (key: string) => settings.some((setting) => setting.startsWith(`${key}=`));
  if (!sets('batch') || sets('networkBatches')) return changedRecipe(table, preset, settings);
  const oneBatch = Object.entries(PRESETS).map(([name, recipe]) => [name, { ...recipe, networkBatches: [] }]);
  return changedRecipe({ ...table, presets: Object.fromEntries(oneBatch) }, preset, settings);
}

/** The recipe that a run record holds; keys that it lacks, being older than they are, have what they were then. */
export const recipeOf = (record: Readonly<Record<string, unknown>>): Recipe => recordedRecipe(table, record);
