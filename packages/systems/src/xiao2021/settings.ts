/** What --set may change in this recipe, checked. */
import * as z from 'zod';
import { PLAIN_TRAINING, trainingConflict, trainingSchema } from '../training/recipe.ts';
import { changedRecipe, type RecipeTable, recordedRecipe } from '../training/settings.ts';
import { isMemberName, MEMBERS, type MemberName, memberOf } from './members.ts';
import { PRESETS, type Recipe, recipeOfMember } from './recipe.ts';

const fraction = z.number().gt(0).lt(1);
const whole = z.number().int().positive();

const table: RecipeTable<Recipe> = {
  presets: PRESETS,
  schema: {
    ...trainingSchema,
    members: z
      .array(
        z.custom<MemberName>(
          (name) => typeof name === 'string' && isMemberName(name),
          `not one of ${Object.keys(MEMBERS).join(', ')}`,
        ),
      )
      .min(1)
      .refine((names) => new Set(names).size === names.length, 'a member is named twice'),
    roiPx: whole.max(4096),
    roiSlices: whole.max(1000),
    sizePx: z.number().int().min(32).max(4096),
    stem: z.enum(['imagenet', 'small']),
    width: whole.max(256),
    volumeBlocks: z
      .array(whole.max(36))
      .refine(({ length }) => [0, 4].includes(length), 'four stages have four numbers'),
    volumeBatch: whole,
    volumeLearningRate: z.number().positive(),
    dropout: z.number().min(0).lt(1),
    copies: z.array(whole),
    flip: z.boolean(),
    rotationDeg: z
      .tuple([z.number().min(-360), z.number()])
      .refine(([low, high]) => low <= high, 'the first number must not be above the second'),
    translationPx: z.number().min(0),
    withoutFocus: z.enum(['refuse', 'centre']),
    focusWeights: z.array(z.number().gt(0).lt(1)).min(1),
    radiomics: z.boolean(),
    valFraction: fraction,
    testFraction: fraction,
  },
  absent: { ...PLAIN_TRAINING, radiomics: false, width: 64, volumeBlocks: [] },
  conflict: (recipe, changed) =>
    tooFewSlices(recipe) ??
    recipe.members.reduce<string | null>(
      (found, name) => found ?? trainingConflict(recipeOfMember(recipe, name), changed),
      null,
    ),
};

/** A member that sees more slices than are cut out. */
function tooFewSlices({ members, roiSlices }: Recipe): string | null {
  const name = members.find((each) => {
    const { input } = memberOf(each);
    return 'count' in input && input.count > roiSlices;
  });
  return name === undefined ? null : `${name} sees more slices than the ${roiSlices} that are cut out: raise roiSlices`;
}

/** A preset's recipe with settings "key=value" applied; SystemError 'option-invalid' names the key, the value and the rule. */
export const recipeWith = (preset: string, settings: readonly string[]): Recipe =>
  changedRecipe(table, preset, settings);

/** The recipe that a run record holds. */
export const recipeOf = (record: Readonly<Record<string, unknown>>): Recipe => recordedRecipe(table, record);
