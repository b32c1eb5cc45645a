/** What --set may change in this recipe, checked. */
import { isNetworkName, networks } from '@mammoscope/nn';
import * as z from 'zod';
import { PLAIN_TRAINING, trainingConflict, trainingSchema } from '../training/recipe.ts';
import { changedRecipe, type RecipeTable, recordedRecipe } from '../training/settings.ts';
import { batchOf, type NetworkBatch, type NetworkSize, PLAIN_IMAGES, PRESETS, type Recipe } from './recipe.ts';

const fraction = z.number().gt(0).lt(1);
/** A range to draw from; what is drawn must be `least` and more. */
const range = (least: number) =>
  z
    .tuple([z.number().min(least), z.number()])
    .refine(([low, high]) => low <= high, 'the first number must not be above the second');

/** A side of 32 to 4096 pixels. */
const side = z.number().int().min(32).max(4096);
/** 'xception:32': a network and a whole number above 0. */
const ofNetwork = (text: unknown): text is string =>
  typeof text === 'string' && isNetworkName(text.split(':')[0] ?? '') && /^[^:]+:[1-9]\d*$/.test(text);

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
    networkBatches: z.array(z.custom<NetworkBatch>(ofNetwork, 'write it as network:images, for example xception:32')),
    stem: z.enum(['imagenet', 'small']),
    roiPx: z
      .number()
      .int()
      .max(4096)
      .refine((side) => side === 0 || side >= 16, 'write 16 pixels or more, or 0 to take whole images'),
    sizePx: side,
    networkSizes: z.array(
      z.custom<NetworkSize>(
        (text) => ofNetwork(text) && side.safeParse(Number(text.split(':')[1])).success,
        'write it as network:pixels, from 32 to 4096, for example xception:299',
      ),
    ),
    normalisation: z.enum(['zScore', 'minMax']),
    ...trainingSchema,
    dropout: z.number().min(0).lt(1),
    copies: z.number().int().positive(),
    flip: z.boolean(),
    rotationDeg: range(-360),
    translationPx: z.number().min(0),
    scale: range(0.1),
    gain: range(0),
    offset: range(-100),
    valFraction: fraction,
    testFraction: fraction,
  },
  absent: { ...PLAIN_TRAINING, ...PLAIN_IMAGES, roiPx: 0, copies: 1 },
  conflict: (recipe, changed) =>
    idleNetwork(recipe, changed) ??
    recipe.networks.reduce<string | null>(
      (found, network) => found ?? trainingConflict({ ...recipe, batch: batchOf(recipe, network) }, changed),
      null,
    ),
};

/** What each network may have of its own, and the value that one without takes. */
const OWN_VALUES = { networkBatches: 'batch', networkSizes: 'sizePx' } as const;
const ownKeys = Object.keys(OWN_VALUES) as (keyof typeof OWN_VALUES)[];

/** A batch or a size that the user gave a network which is not trained. */
function idleNetwork(recipe: Recipe, changed: ReadonlySet<string>): string | null {
  const given = ownKeys.filter((key) => changed.has(key)).flatMap((key): readonly string[] => recipe[key]);
  const idle = given.find((text) => !recipe.networks.some((network) => text.startsWith(`${network}:`)));
  return idle === undefined
    ? null
    : `${idle} has no use, as the recipe trains ${recipe.networks.join(', ')}: name one of these, or add the network to networks`;
}

/**
 * A preset's recipe with settings "key=value" applied; SystemError 'option-invalid' names the key, the value and the rule.
 * A batch or sizePx that is set is that of every network, unless networkBatches or networkSizes says otherwise.
 */
export function recipeWith(preset: string, settings: readonly string[]): Recipe {
  const sets = (key: string) => settings.some((setting) => setting.startsWith(`${key}=`));
  const overruled = ownKeys.filter((key) => sets(OWN_VALUES[key]) && !sets(key));
  const without = Object.fromEntries(overruled.map((key) => [key, []]));
  const presets = Object.fromEntries(
    Object.entries(PRESETS).map(([name, recipe]) => [name, { ...recipe, ...without }]),
  );
  return changedRecipe({ ...table, presets }, preset, settings);
}

/** The recipe that a run record holds; keys that it lacks, being older than they are, have what they were then. */
export const recipeOf = (record: Readonly<Record<string, unknown>>): Recipe => recordedRecipe(table, record);
