/** Recipes with single values changed by --set, checked. */
import { isNetworkName, networks } from '@mammoscope/nn';
import * as z from 'zod';
import { SystemError } from '../errors.ts';
import { PRESETS, type PresetName, type Recipe } from './recipe.ts';

const positive = z.number().positive();
const whole = z.number().int().positive();
const fraction = z.number().gt(0).lt(1);

const schema: { readonly [K in keyof Recipe]: z.ZodType<Recipe[K]> } = {
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
  batch: whole,
  epochs: whole,
  patience: whole,
  learningRate: positive,
  weightDecay: z.number().min(0),
  dropout: z.number().min(0).lt(1),
  flip: z.boolean(),
  rotationDeg: z.tuple([z.number(), z.number()]),
  translationPx: z.number().min(0),
  valFraction: fraction,
  testFraction: fraction,
};

/** A preset's recipe with settings "key=value" applied; SystemError 'option-invalid' names the key, the value and the rule. */
export function recipeWith(preset: string, settings: readonly string[]): Recipe {
  if (!Object.hasOwn(PRESETS, preset))
    throw new SystemError('option-invalid', `there is no preset "${preset}": use ${Object.keys(PRESETS).join(', ')}`);
  const recipe: Record<string, unknown> = { ...PRESETS[preset as PresetName] };
  for (const setting of settings) {
    const [key, text] = splitSetting(setting);
    if (!Object.hasOwn(schema, key))
      throw new SystemError(
        'option-invalid',
        `--set ${setting}: the recipe has no "${key}"; it has ${Object.keys(schema).join(', ')}`,
      );
    const parsed = schema[key as keyof Recipe].safeParse(parseValue(key, text));
    if (!parsed.success) throw new SystemError('option-invalid', `--set ${setting}: ${describeIssue(parsed.error)}`);
    recipe[key] = parsed.data;
  }
  return recipe as unknown as Recipe;
}

/** The recipe that a run record holds. */
export function recipeOf(record: Readonly<Record<string, unknown>>): Recipe {
  const parsed = z.object(schema).safeParse(record);
  if (!parsed.success)
    throw new SystemError(
      'run-missing',
      `run.json holds a recipe that this version cannot read: ${parsed.error.issues[0]?.path.join('.')} ${parsed.error.issues[0]?.message}`,
    );
  return parsed.data as Recipe;
}

/** The first thing wrong with a value, as a part of a sentence. */
function describeIssue({ issues }: z.ZodError): string {
  const text = issues[0]?.message ?? 'invalid value';
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
}

function splitSetting(setting: string): [string, string] {
  const at = setting.indexOf('=');
  if (at < 1)
    throw new SystemError('option-invalid', `--set ${setting}: write it as key=value, for example --set epochs=20`);
  return [setting.slice(0, at), setting.slice(at + 1)];
}

function parseValue(key: string, text: string): unknown {
  if (key === 'networks') return text.split(',').map((name) => name.trim());
  if (key === 'rotationDeg') return text.split(',').map(Number);
  if (text === 'true' || text === 'false') return text === 'true';
  const number = Number(text);
  return text !== '' && Number.isFinite(number) ? number : text;
}
