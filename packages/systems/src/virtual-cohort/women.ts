/** A cohort of virtual women as a folder: images, masks, manifest.csv, truth.json. */
import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { writeAside } from '@mammoscope/files';
import { formatCsv } from '@mammoscope/imaging';
import {
  BREAST_VIEWS,
  type BreastDensity,
  DEFAULT_DIFFICULTY,
  DENSITIES,
  drawWoman,
  PHANTOM_PRESETS,
  type PhantomPresetName,
  type Woman,
  withSeenLesion,
} from '@mammoscope/phantom';
import { SystemError } from '../errors.ts';
import { makeFolder } from '../run/make-folder.ts';
import { type PhantomBreastRecord, writePhantomBreast } from './breast.ts';
import { PHANTOM_FORMATS, type PhantomBreastTask, type PhantomFormat, type PhantomMaking } from './making.ts';
import { viewPaths } from './paths.ts';

export { type BreastDensity, DENSITIES, PHANTOM_FORMATS, PHANTOM_PRESETS, type PhantomFormat, type PhantomPresetName };

/** Women are drawn before their images, and each takes some kilobytes. */
const MOST_PATIENTS = 9999;

/** What to draw and where. */
export interface PhantomCohortOptions
  extends Pick<PhantomMaking, 'preset' | 'seed' | 'density'>,
    Partial<Pick<PhantomMaking, 'difficulty' | 'format' | 'raw' | 'screening'>> {
  readonly out: string;
  readonly patients: number;
  /** Breasts drawn at the same time; above 1 in worker threads. The result does not depend on it. */
  readonly threads?: number;
  /** Called after each breast, of which there are two a woman. */
  readonly onBreast?: (done: number, total: number) => void;
}

/** What was written. */
export interface PhantomCohortSummary {
  readonly manifest: string;
  readonly truth: string;
  readonly patients: number;
  readonly images: number;
  /** Women by label. */
  readonly labels: Readonly<Record<string, number>>;
}

/**
 * Draws and writes a cohort. The same options give the same bytes, whatever the number of threads, and a larger cohort begins
 * with the women of a smaller one. The manifest is written last: a folder without one is unfinished. Throws SystemError
 * 'option-invalid' for a number out of range, or for a folder that holds a manifest already.
 */
export async function writePhantomCohort(options: PhantomCohortOptions): Promise<PhantomCohortSummary> {
  const { patients, preset, seed, density, threads = 1, format = 'png', raw = false, screening = false } = options;
  const difficulty = options.difficulty ?? DEFAULT_DIFFICULTY;
  const out = resolve(options.out);
  requireOptions(options, difficulty);
  const manifest = join(out, 'manifest.csv');
  if (await stat(manifest).catch(() => undefined)) {
    throw new SystemError('option-invalid', `${manifest} exists already: choose another folder with --out`);
  }
  const women = Array.from({ length: patients }, (_, patient) => {
    const woman = drawWoman(patient, { seed, difficulty, ...(density ? { density } : {}) });
    return screening ? withSeenLesion(woman, PHANTOM_PRESETS[preset]) : woman;
  });
  await makeFolders(out, women, format);
  const making = {
    preset,
    seed,
    difficulty,
    format,
    raw,
    ...(screening ? { screening } : {}),
    ...(density ? { density } : {}),
  };
  const tasks = women.flatMap(({ patient }) =>
    (['L', 'R'] as const).map((side): PhantomBreastTask => ({ ...making, out, patient, side })),
  );
  const records = await drawAll(tasks, threads, options.onBreast);
  const truth = join(out, 'truth.json');
  await writeAside(truth, truthText(women, records, { preset, seed, difficulty }));
  const rows = records.flatMap((record) => record.rows);
  await writeAside(manifest, formatCsv(rows));
  const counts = Object.entries(Object.groupBy(women, ({ label }) => label));
  const labels = Object.fromEntries(counts.map(([label, some]) => [label, some.length]));
  return { manifest, truth, patients, images: rows.length, labels };
}

function requireOptions({ patients, threads = 1, format, raw }: PhantomCohortOptions, difficulty: number): void {
  if (!Number.isInteger(patients) || patients < 1 || patients > MOST_PATIENTS)
    throw new SystemError(
      'option-invalid',
      `patients must be a whole number from 1 to ${MOST_PATIENTS}, got ${patients}`,
    );
  if (!(difficulty >= 0 && difficulty <= 1))
    throw new SystemError('option-invalid', `difficulty must be a number from 0 to 1, got ${difficulty}`);
  if (!Number.isInteger(threads) || threads < 1)
    throw new SystemError('option-invalid', `threads must be a whole number above 0, got ${threads}`);
  if (raw && format !== 'dicom')
    throw new SystemError(
      'option-invalid',
      `images for processing are written as DICOM only, got the format ${format ?? 'png'}: add --format dicom`,
    );
}

async function makeFolders(out: string, women: readonly Woman[], format: PhantomFormat): Promise<void> {
  for (const { patientId, lesion } of women) {
    for (const side of ['L', 'R'] as const) {
      for (const view of BREAST_VIEWS) {
        const { dbt, slices = dirname(dbt) } = viewPaths(patientId, side, view, format);
        await makeFolder(join(out, slices));
      }
    }
    if (lesion) await makeFolder(join(out, 'masks', patientId));
  }
}

/** Records in the order of the tasks. */
async function drawAll(
  tasks: readonly PhantomBreastTask[],
  threads: number,
  onBreast: PhantomCohortOptions['onBreast'],
): Promise<PhantomBreastRecord[]> {
  const records: PhantomBreastRecord[] = [];
  const queue = tasks.entries();
  let done = 0;
  const drain = async (draw: (task: PhantomBreastTask) => Promise<PhantomBreastRecord>) => {
    for (const [index, task] of queue) {
      records[index] = await draw(task);
      onBreast?.(++done, tasks.length);
    }
  };
  const count = Math.min(threads, tasks.length);
  if (count === 1) {
    await drain(writePhantomBreast);
    return records;
  }
  const workers = Array.from({ length: count }, () => new Worker(new URL('./worker.ts', import.meta.url)));
  try {
    await Promise.all(workers.map((worker) => drain((task) => ask(worker, task))));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return records;
}

function ask(worker: Worker, task: PhantomBreastTask): Promise<PhantomBreastRecord> {
  return new Promise((settle, reject) => {
    // Each by itself: removeAllListeners takes off those of Node.js too, and no further message comes.
    const finish = (act: () => void) => {
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      act();
    };
    const onMessage = ({ record, error }: { record?: PhantomBreastRecord; error?: string }) =>
      finish(() => (record ? settle(record) : reject(new Error(error ?? 'a worker thread gave no answer'))));
    const onError = (error: Error) => finish(() => reject(error));
    const onExit = () => finish(() => reject(new Error('a worker thread ended before its breast was drawn')));
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    worker.postMessage(task);
  });
}

/** truth.json: how the cohort was drawn, and for each woman her lesion and where each image shows it. */
function truthText(
  women: readonly Woman[],
  records: readonly PhantomBreastRecord[],
  made: { readonly preset: PhantomPresetName; readonly seed: number; readonly difficulty: number },
): string {
  const { dm, dbt } = PHANTOM_PRESETS[made.preset];
  const truth = {
    ...made,
    dm,
    dbt,
    women: women.map(({ seed: _, patient, ...woman }) => ({
      ...woman,
      views: records.slice(2 * patient, 2 * patient + 2).flatMap((record) => record.views),
    })),
  };
  return `${JSON.stringify(truth, null, 1)}\n`;
}
