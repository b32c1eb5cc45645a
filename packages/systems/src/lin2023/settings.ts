/** What --set may change in this recipe, checked. */
import { isNetworkName, RESNET_WIDTH } from '@mammoscope/nn';
import * as z from 'zod';
import { STRIDE_PX } from '../detection/image-batch.ts';
import { PLAIN_TRAINING, trainingConflict, trainingSchema } from '../training/recipe.ts';
import { changedRecipe, type RecipeTable, recordedRecipe } from '../training/settings.ts';
import { MEMBERS } from './members.ts';
import { PRESETS, type Recipe } from './recipe.ts';
import { SPPNET_PRESETS, type SppnetRecipe, type SppnetSubject } from './sppnet-recipe.ts';

const fraction = z.number().gt(0).lt(1);
const side = z
  .number()
  .int()
  .min(2 * STRIDE_PX)
  .max(8192)
  .refine((px) => px % STRIDE_PX === 0, `the sides of a tile must be multiples of ${STRIDE_PX} px`);
/** p2 to p6. */
const LEVELS = 5;

const sppnetSchema: RecipeTable<SppnetRecipe>['schema'] = {
  ...trainingSchema,
  sizePx: z.number().int().min(32).max(4096),
  stem: z.enum(['imagenet', 'small']),
  width: z.number().int().positive(),
  dropout: z.number().min(0).lt(1),
  flip: z.boolean(),
  turnDeg: z.number().min(0).max(180),
  zoomShare: z.number().min(0).max(0.9),
  marginShare: z.number().min(0).max(4),
};

/** The recipe of SPPNet on films or patches, as a table of its own. */
const sppnetTable = (subject: SppnetSubject): RecipeTable<SppnetRecipe> => ({
  presets: Object.fromEntries(Object.entries(SPPNET_PRESETS).map(([name, preset]) => [name, preset[subject]])),
  schema: sppnetSchema,
  absent: PLAIN_TRAINING,
  conflict: trainingConflict,
});

const table: RecipeTable<Recipe> = {
  presets: PRESETS,
  schema: {
    ...trainingSchema,
    members: z
      .array(z.enum(MEMBERS))
      .min(1)
      .refine((names) => new Set(names).size === names.length, 'a network is named twice')
      .refine(
        (names) => names.includes('detector'),
        'the detector is what judges images, breasts and lesions: name it',
      ),
    detector: z.literal('fasterrcnn_resnet50_fpn'),
    width: z.number().int().min(4).max(256),
    classifier: z.custom<Recipe['classifier']>(
      (name) => typeof name === 'string' && isNetworkName(name),
      'not the name of a classification network',
    ),
    optimiser: z.literal('adam'),
    oneClass: z.boolean(),
    scoreThreshold: fraction,
    nmsThreshold: fraction,
    malignantProbability: fraction,
    testFraction: fraction,
    valFraction: fraction,
    folds: z.number().int().min(2).max(100),
    filmRowsPx: z.number().int().min(0),
    tileWidthPx: side,
    tileHeightPx: side,
    overlapPx: z.number().int().min(0),
    anchorSizesPx: z.array(z.number().positive()).length(LEVELS, `give a size for each of ${LEVELS} levels, p2 to p6`),
    anchorRatios: z.array(z.number().positive()).min(1),
    sampling: z.enum(['balanced', 'focal']),
    regions: z.number().int().min(4),
    proposals: z.number().int().min(1),
    emptyTiles: z.number().min(0),
    flip: z.boolean(),
    cacheMiB: z.number().min(0),
    film: z.object(sppnetSchema) as z.ZodType<SppnetRecipe>,
    patch: z.object(sppnetSchema) as z.ZodType<SppnetRecipe>,
  },
  absent: { ...PLAIN_TRAINING, width: RESNET_WIDTH, oneClass: false, filmRowsPx: 0 },
  conflict: (recipe, changed) => detectorConflict(recipe) ?? trainingConflict(recipe, changed),
};

function detectorConflict({ overlapPx, tileWidthPx, tileHeightPx, accumulate, valFraction, testFraction }: Recipe) {
  if (overlapPx >= Math.min(tileWidthPx, tileHeightPx))
    return `tiles of ${tileWidthPx} x ${tileHeightPx} px cannot overlap by ${overlapPx} px: let overlapPx be less than both sides`;
  if (accumulate !== 1) return 'the detector is updated after every batch: leave accumulate 1';
  if (valFraction + testFraction >= 1)
    return `validation and test take ${valFraction} and ${testFraction} of the patients and leave none to train on: let them sum to less than 1`;
  return null;
}

const SUBJECTS = ['film', 'patch'] as const satisfies readonly SppnetSubject[];
const isOf = (subject: SppnetSubject) => (setting: string) => setting.startsWith(`${subject}.`);

/**
 * A preset's recipe with settings "key=value" applied; those of SPPNet are written "film.epochs=4" and "patch.epochs=4". SystemError
 * 'option-invalid' names the key, the value and the rule.
 */
export function recipeWith(preset: string, settings: readonly string[]): Recipe {
  const recipe = changedRecipe(
    table,
    preset,
    settings.filter((setting) => !SUBJECTS.some((subject) => isOf(subject)(setting))),
  );
  const sppnets = SUBJECTS.map((subject) => {
    const own = settings.filter(isOf(subject)).map((setting) => setting.slice(subject.length + 1));
    return [subject, changedRecipe(sppnetTable(subject), preset, own)];
  });
  return recipeOf({ ...recipe, ...Object.fromEntries(sppnets) }); // its keys in the order in which a record's are read: a resumed run compares them as text
}

/** Keys of --set. */
export const SETTING_KEYS: readonly string[] = [
  ...Object.keys(table.schema).filter((key) => !SUBJECTS.some((subject) => subject === key)),
  ...SUBJECTS.flatMap((subject) => Object.keys(sppnetSchema).map((key) => `${subject}.${key}`)),
];

/** The recipe that a run record holds. */
export const recipeOf = (record: Readonly<Record<string, unknown>>): Recipe => recordedRecipe(table, record);
