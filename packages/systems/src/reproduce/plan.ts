/** reproduction.json: what a folder's comparison was begun with, so that the same command goes on with it and another is refused. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAside } from '@mammoscope/files';
import * as z from 'zod';
import { SystemError } from '../errors.ts';
import { formatJson } from '../run/run-record.ts';

const reproductionPlan = z.object({
  format: z.literal('mammoscope-reproduction-1'),
  system: z.string(),
  preset: z.string(),
  settings: z.array(z.string()),
  seeds: z.array(z.number().int()),
  /** 0 for one split by seed. */
  folds: z.number().int(),
  /** The user's images; null for a phantom cohort. */
  data: z.object({ name: z.string(), sha256: z.string() }).nullable(),
  classes: z.array(z.string()),
  weights: z.array(z.string()),
  threads: z.number().int(),
  command: z.string(),
});

/** What a comparison is made of. */
export type ReproductionPlan = z.infer<typeof reproductionPlan>;

/** Writes the plan of a new comparison, or holds it against the one that was begun. SystemError 'run-mismatch' names what differs. */
export async function beginOrGoOn(out: string, plan: ReproductionPlan): Promise<void> {
  const path = join(out, 'reproduction.json');
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) {
    await writeAside(path, formatJson(plan));
    return;
  }
  const begun = parsedPlan(path, text);
  const differing = (Object.keys(plan) as (keyof ReproductionPlan)[]).filter(
    (key) => key !== 'command' && JSON.stringify(plan[key]) !== JSON.stringify(begun[key]),
  );
  if (differing.length === 0) return;
  const was = differing.map((key) => `${key} ${JSON.stringify(begun[key])}`).join(', ');
  throw new SystemError(
    'run-mismatch',
    `${out} holds a comparison that was begun with ${was}: repeat "${begun.command}", or choose another folder with --out`,
  );
}

function parsedPlan(path: string, text: string): ReproductionPlan {
  try {
    return reproductionPlan.parse(JSON.parse(text));
  } catch (error) {
    throw new SystemError('run-missing', `${path} cannot be read as a comparison: choose another folder with --out`, {
      cause: error,
    });
  }
}
