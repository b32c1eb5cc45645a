/** A run whose networks are trained by several processes. */
import { systemOf } from '../registry.ts';
import { holdsFile, holdsRun, type RunRecord, readRunRecord, runFiles } from '../run/run-record.ts';
import { runExists } from '../training/train-run.ts';
import type { PartEvent, RunPlan } from './job.ts';
import { isBreak, JobPool, type JobPoolOptions } from './job-pool.ts';

/** Who else waits for the pool, and who watches. */
export interface TrainMembersOptions {
  readonly rank: number;
  /** `part` is 'preparation', or a network. */
  readonly onEvent: (part: string, event: PartEvent) => void;
}

/**
 * Begins a run and trains each of its networks in a process of its own, as many at a time as the pool has; what is complete is kept. Where a
 * system can do without a network whose process breaks off, this is written down and the others go on. Rejects as JobPool.run.
 */
export async function trainMembers(
  pool: JobPool,
  plan: RunPlan,
  { rank, onEvent }: TrainMembersOptions,
): Promise<void> {
  const { system, out } = plan;
  const { reproduction, recordFailure } = systemOf({ system });
  if (!(await holdsRun(out)))
    await pool.run({ ...plan, kind: 'train' }, rank, (event) => onEvent('preparation', event));
  const { members } = await readRunRecord(out);
  const train = async (member: string) => {
    const last = reproduction?.lastFile?.(member) ?? 'model';
    if (await holdsFile(runFiles(out).member(member)[last])) return;
    const options = { mayBreak: recordFailure !== undefined };
    try {
      await pool.run({ ...plan, kind: 'train', member }, rank, (event) => onEvent(member, event), options);
    } catch (error) {
      if (!isBreak(error) || !(await recordFailure?.(out, member, error.message))) throw error;
      onEvent(member, { kind: 'note', text: `${member} failed and the others go on: ${error.message}` });
    }
  };
  await settled(members.map(train));
}

/** How `train` does it. */
export interface TrainInProcessesOptions extends JobPoolOptions, Pick<TrainMembersOptions, 'onEvent'> {
  readonly resume: boolean;
}

/** A whole run by several processes: what `train --processes` does. Throws as `train`. */
export async function trainInProcesses(
  plan: RunPlan,
  { resume, onEvent, ...options }: TrainInProcessesOptions,
): Promise<RunRecord> {
  if (!resume && (await holdsRun(plan.out))) throw runExists(plan.out);
  const pool = new JobPool(options);
  await trainMembers(pool, plan, { rank: 0, onEvent });
  // Once more, with nothing left to train: the run is held against its record, and what is said of all of it is written.
  await pool.run({ ...plan, kind: 'train' }, 0, (event) => onEvent('completion', event));
  return readRunRecord(plan.out);
}

/** All results, once all have ended; the first error where there is one. */
export async function settled<T>(work: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
