/** A run whose networks are trained by several processes. */
import { systemOf } from '../registry.ts';
import { holdsFile, holdsRun, readRunRecord, runFiles } from '../run/run-record.ts';
import type { PartEvent, RunPlan } from './job.ts';
import { isBreak, type JobPool } from './job-pool.ts';

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

/** All results, once all have ended; the first error where there is one. */
export async function settled<T>(work: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
