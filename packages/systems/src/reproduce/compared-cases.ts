/** The scores that an evaluation wrote, read back for a comparison of models. */
import { readFile } from 'node:fs/promises';
import type { Case } from '@mammoscope/report';
import { parse } from 'csv-parse/sync';
import * as z from 'zod';
import { SystemError } from '../errors.ts';
import { readRunRecord, runFiles } from '../run/run-record.ts';
import type { ComparedCases } from './reproduction.ts';

/** What metrics.json says of a model; the first of its role 'ensemble', or else the first, is the column `score`. */
const metricsModel = z.object({ model: z.string(), role: z.string(), cutoff: z.number().nullable() });

/** Cut-offs by model, in the order of metrics.json. */
export type Cutoffs = readonly z.infer<typeof metricsModel>[];

/** The models of metrics.json at a path of keys, such as ['levels', 'lesion', 'models']. */
export async function readCutoffs(path: string, keys: readonly string[]): Promise<Cutoffs> {
  const text = await readEvaluated(path);
  try {
    const found = keys.reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], JSON.parse(text));
    return z.array(metricsModel).parse(found);
  } catch (error) {
    throw damaged(path, error);
  }
}

/** Cases and scores of a table with the columns patient_id, label, score and score_<model>; labels other than `negative` are positive. */
export async function readComparedCases(
  path: string,
  { case: one, negative, cutoffs }: { readonly case: Case; readonly negative: string; readonly cutoffs: Cutoffs },
): Promise<ComparedCases> {
  const text = await readEvaluated(path);
  const rows = parse(text, { columns: true }) as Record<string, string>[];
  const headline = cutoffs.find(({ role }) => role === 'ensemble') ?? cutoffs[0];
  const column = (name: string) =>
    rows.map((row) => {
      const value = row[name];
      if (value === undefined || value === '' || !Number.isFinite(Number(value)))
        throw damaged(path, new Error(`no number in column ${name}`));
      return Number(value);
    });
  return {
    case: one,
    patients: rows.map((row) => row.patient_id ?? ''),
    positive: rows.map((row) => row.label !== negative),
    models: new Map(
      cutoffs.map((each) => [
        each.model,
        {
          scores: column(each === headline ? 'score' : `score_${each.model}`),
          cutoff: each.cutoff ?? Number.POSITIVE_INFINITY,
        },
      ]),
    ),
  };
}

/** The cases of an evaluation that counts one kind alone: predictions.csv, its models as metrics.json lists them. */
export async function readPredictedCases(evaluation: string, one: Case): Promise<ComparedCases> {
  const { classes } = await readRunRecord(evaluation);
  const files = runFiles(evaluation);
  const cutoffs = await readCutoffs(files.metrics, ['models']);
  return readComparedCases(files.predictions, { case: one, negative: classes[0] ?? '', cutoffs });
}

const readEvaluated = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((error) => {
    throw damaged(path, error);
  });

const damaged = (path: string, error: unknown) =>
  new SystemError(
    'run-missing',
    `${path} is not what an evaluation wrote (${error instanceof Error ? error.message : error}): remove report.html beside it and repeat the command`,
    { cause: error },
  );
