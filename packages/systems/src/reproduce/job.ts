/** The parts of a comparison that processes of their own work on. */
import { readManifest } from '@mammoscope/imaging';
import type { NetworkName } from '@mammoscope/nn';
import { Engine } from '@mammoscope/runtime';
import { reproductionOf, systemOf } from '../registry.ts';
import { holdsRun, readRunRecord } from '../run/run-record.ts';
import type { TrainEvents } from '../system.ts';

/** A cohort to be drawn. */
export interface CohortJob {
  readonly kind: 'cohort';
  readonly system: string;
  readonly preset: string;
  readonly seed: number;
  readonly out: string;
}

/** What jobs of one run have in common. */
export interface RunPlan {
  readonly system: string;
  readonly preset: string;
  readonly settings: readonly string[];
  readonly seed: number;
  readonly manifest: string;
  /** Negative first; inferred from the labels where absent. */
  readonly classes?: readonly string[];
  /** Files that networks start from. */
  readonly weights: readonly (readonly [network: NetworkName, file: string])[];
  readonly threads: number;
  readonly out: string;
  /** Canonical, for run.json. */
  readonly command: string;
}

/** A run to be begun without training (no member), a member of it to be trained, or the whole to be evaluated. */
export type RunJob = RunPlan & ({ readonly kind: 'train'; readonly member?: string } | { readonly kind: 'evaluate' });

export type Job = CohortJob | RunJob;

/** What becomes of a part of a comparison, for a progress display. */
export type PartEvent = JobEvent | { readonly kind: 'begun' } | { readonly kind: 'done' };

/** What a job says while it goes on. */
export type JobEvent =
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'progress'; readonly done: number; readonly total: number; readonly what: string };

/** Does a job in this process. A run that was begun is gone on with. */
export async function runJob(job: Job, tell: (event: JobEvent) => void, signal: AbortSignal): Promise<void> {
  if (job.kind === 'cohort') {
    await reproductionOf(job.system)
      .cohort(job.preset, job.seed)
      .write(job.out, (done, total) => tell({ kind: 'progress', done, total, what: 'women' }));
    return;
  }
  const engine = await Engine.create({ threads: job.threads });
  try {
    if (job.kind === 'train') await train(job, engine, tell, signal);
    else await evaluate(job, engine);
  } finally {
    await engine.close();
  }
}

async function train(
  job: RunJob & { readonly kind: 'train' },
  engine: Engine,
  tell: (event: JobEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const { system, preset, settings, seed, classes, weights, out, command, member } = job;
  const manifest = await readManifest(job.manifest, classes ? { classes } : {});
  let epochs = 0;
  const events: TrainEvents = {
    onNote: (text) => tell({ kind: 'note', text }),
    onMember: (_, info) => {
      epochs = info.epochs;
    },
    fit: {
      onEpoch: ({ epoch }) => tell({ kind: 'progress', done: epoch, total: epochs, what: 'epochs' }),
    },
  };
  await systemOf({ system }).plan(
    preset,
    settings,
  )({
    ...{ engine, manifest, out, seed, command, signal, events },
    weights: new Map(weights),
    resume: await holdsRun(out),
    only: member === undefined ? [] : [member],
  });
}

async function evaluate({ out, manifest: path }: RunJob, engine: Engine): Promise<void> {
  const record = await readRunRecord(out);
  const manifest = await readManifest(path, { classes: record.classes });
  await systemOf(record).evaluate({ engine, run: out, manifest, out, cutoffFrom: 'validation' });
}
