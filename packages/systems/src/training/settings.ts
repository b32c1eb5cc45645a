/** Recipes with single values changed by --set, checked: for the recipe of any system. */
import * as z from 'zod';
import { SystemError } from '../errors.ts';

/** The recipes of a system: sets of values by name, and the rules that every set keeps. */
export interface RecipeTable<R extends object> {
  readonly presets: Readonly<Record<string, R>>;
  readonly schema: { readonly [K in keyof R]: z.ZodType<R[K]> };
  /** Values of keys that older runs lack: those that change nothing. */
  readonly absent: Partial<R>;
  /** A contradiction between values as the rest of a sentence, or null; `changed` names those that the user set. */
  readonly conflict: (recipe: R, changed: ReadonlySet<string>) => string | null;
}

/** A preset's recipe with settings "key=value" applied; SystemError 'option-invalid' names the key, the value and the rule. */
export function changedRecipe<R extends object>(
  { presets, schema, conflict }: RecipeTable<R>,
  preset: string,
  settings: readonly string[],
): R {
  const base = Object.hasOwn(presets, preset) ? presets[preset] : undefined;
  if (!base)
    throw new SystemError('option-invalid', `there is no preset "${preset}": use ${Object.keys(presets).join(', ')}`);
  const recipe = { ...base } as Record<string, unknown>;
  const changed = new Set<string>();
  for (const setting of settings) {
    const [key, text] = splitSetting(setting);
    if (!Object.hasOwn(schema, key))
      throw new SystemError(
        'option-invalid',
        `--set ${setting}: the recipe has no "${key}"; it has ${Object.keys(schema).join(', ')}`,
      );
    const parsed = schema[key as keyof R].safeParse(parseValue(text, recipe[key]));
    if (!parsed.success) throw new SystemError('option-invalid', `--set ${setting}: ${describeIssue(parsed.error)}`);
    recipe[key] = parsed.data;
    changed.add(key);
  }
  const problem = conflict(recipe as R, changed);
  if (problem !== null) throw new SystemError('option-invalid', `--set ${settings.join(' --set ')}: ${problem}`);
  return recipe as R;
}

/** The recipe that a run record holds. */
export function recordedRecipe<R extends object>(
  { schema, absent }: RecipeTable<R>,
  record: Readonly<Record<string, unknown>>,
): R {
  const parsed = z.object(schema).safeParse({ ...absent, ...record });
  if (!parsed.success)
    throw new SystemError(
      'run-missing',
      `run.json holds a recipe that this version cannot read: ${parsed.error.issues[0]?.path.join('.')} ${parsed.error.issues[0]?.message}`,
    );
  return parsed.data as R;
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

/** A value as its text says; where the one that it replaces is a list, a list of the same kind, split at commas: an empty one takes numbers where all are. */
function parseValue(text: string, replaced: unknown): unknown {
  if (Array.isArray(replaced)) {
    const parts = text.split(',').map((part) => part.trim());
    const numbers =
      replaced.length > 0 ? typeof replaced[0] === 'number' : parts.every((part) => /^-?[\d.]/.test(part));
    return numbers ? parts.map(Number) : parts;
  }
  if (text === 'true' || text === 'false') return text === 'true';
  const number = Number(text);
  return text !== '' && Number.isFinite(number) ? number : text;
}
