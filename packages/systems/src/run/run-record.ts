/** run.json: everything that is needed to repeat a run or to use its result. */
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAside } from '@mammoscope/files';
import * as z from 'zod';
import { SystemError } from '../errors.ts';

const rowReference = z.object({
  path: z.string(),
  patientId: z.string(),
  label: z.string(),
  split: z.enum(['train', 'val', 'test']),
  lesionId: z.string().optional(),
});

const runRecord = z.object({
  format: z.literal('mammoscope-run-1'),
  system: z.string(),
  preset: z.string(),
  /** Canonical: without the output folder and with the manifest's name only. */
  command: z.string(),
  classes: z.array(z.string()).min(2),
  seed: z.number().int(),
  recipe: z.record(z.string(), z.unknown()),
  device: z.string(),
  threads: z.number().int(),
  versions: z.record(z.string(), z.string()),
  manifest: z.object({ name: z.string(), sha256: z.string() }),
  /** SHA-256 of the weights file that a network started from, by network; absent for random weights. */
  weights: z.record(z.string(), z.object({ name: z.string(), sha256: z.string() })),
  rows: z.array(rowReference),
  exclusions: z.array(z.object({ path: z.string(), patientId: z.string(), reason: z.string() })),
  /** Signature of each node that can be written in several ways, and the way used. */
  lowerings: z.record(z.string(), z.string()),
  members: z.array(z.string()),
});

/** Everything that is needed to repeat a run or to use its result. */
export type RunRecord = z.infer<typeof runRecord>;

/** The files of one network of a run. */
export type MemberFiles = ReturnType<ReturnType<typeof runFiles>['member']>;

/** The files of a run folder. */
export const runFiles = (folder: string) => ({
  record: join(folder, 'run.json'),
  predictions: join(folder, 'predictions.csv'),
  metrics: join(folder, 'metrics.json'),
  report: join(folder, 'report.html'),
  figures: join(folder, 'figures'),
  member: (name: string) => ({
    folder: join(folder, name),
    last: join(folder, name, 'last.safetensors'),
    best: join(folder, name, 'best.safetensors'),
    history: join(folder, name, 'history.csv'),
    validation: join(folder, name, 'validation.csv'),
    model: join(folder, name, 'model.onnx'),
    /** Of a trial of a search. */
    outcome: join(folder, name, 'trial.json'),
  }),
});

/** JSON with two spaces and a line end, keys in the order given. */
export const formatJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** Writes run.json into an existing folder. */
export async function writeRunRecord(folder: string, record: RunRecord): Promise<void> {
  await writeAside(runFiles(folder).record, formatJson(record));
}

/** Reads run.json; SystemError 'run-missing' when there is none that this version can read. */
export async function readRunRecord(folder: string): Promise<RunRecord> {
  const path = runFiles(folder).record;
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new SystemError(
      'run-missing',
      `${folder} holds no run (run.json: ${(error as NodeJS.ErrnoException).code}): give the folder that train wrote with --out`,
      { cause: error },
    );
  }
  try {
    return runRecord.parse(JSON.parse(text));
  } catch (error) {
    const what =
      error instanceof z.ZodError
        ? `"${error.issues[0]?.path.join('.')}" is ${error.issues[0]?.message}`
        : 'it is no JSON';
    throw new SystemError('run-missing', `${path} cannot be read as a run (${what}): train again into a new folder`, {
      cause: error,
    });
  }
}

/** True when a folder holds a run record. */
export const holdsRun = (folder: string): Promise<boolean> => holdsFile(runFiles(folder).record);

/** True when there is a file of that name. */
export async function holdsFile(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
