/** An analysis in the hands of a worker. Everything it says is believed only while the attempt is its own, so of two workers one result counts. */
import type { AnalysisResult, Lesion } from '../api-types.ts';
import type { Database } from '../database/database.ts';
import type { Turn } from './job-queue.ts';

/** An attempt that was begun. */
export interface Claim {
  readonly analysis: string;
  readonly attempt: number;
  readonly study: string;
  readonly model: string;
  readonly lesions: readonly Lesion[];
}

/**
 * Begins an attempt; undefined where the analysis is done, cancelled, or has got another turn meanwhile. A worker that asks again, because the
 * answer was lost, gets the attempt that it has begun.
 */
export async function claim(database: Database, { analysis, job }: Turn, worker: string): Promise<Claim | undefined> {
  const [row] = await database.query(
    `with claimed as (
       update analyses set state = 'running', attempts = attempts + 1, worker = $3, started_at = now(), ended_at = null, beat_at = now(),
              step = 'starting', progress = 0
        where id = $1 and job_id = $2 and state = 'queued' returning *),
     lost as (
       update attempts set outcome = 'lost', ended_at = now() from claimed where analysis_id = claimed.id and outcome is null),
     begun as (insert into attempts (analysis_id, attempt, worker) select id, (select count(*) + 1 from attempts where analysis_id = $1), $3 from claimed returning attempt)
     select claimed.*, begun.attempt from claimed, begun union all
     select analyses.*, attempts.attempt from analyses join attempts on analysis_id = id and outcome is null
      where id = $1 and job_id = $2 and state = 'running' and analyses.worker = $3`,
    [analysis, job, worker],
  );
  if (!row) return undefined;
  return {
    ...{ analysis, attempt: row.attempt as number, study: row.study_uid as string, model: row.model as string },
    lesions: row.lesions as readonly Lesion[],
  };
}

/** Whether the attempt is still the one that counts; called every few seconds, it is the sign of life as well. */
export async function beat(database: Database, { analysis, attempt }: Claim): Promise<boolean> {
  const rows = await database.query(`update analyses set beat_at = now() where ${OWN} returning id`, [
    analysis,
    attempt,
  ]);
  return rows.length > 0;
}

/** What is being done. */
export async function noteStep(
  database: Database,
  { analysis, attempt }: Claim,
  step: string,
  progress: number,
): Promise<void> {
  await database.query(`update analyses set step = $3, progress = $4, beat_at = now() where ${OWN}`, [
    analysis,
    attempt,
    step,
    progress,
  ]);
}

/** Publishes a result; false where another attempt counts by now, and this one's result is to be thrown away. May be asked again. */
export async function publish(
  database: Database,
  of: Claim,
  { score, decision }: Pick<AnalysisResult, 'score' | 'decision'>,
): Promise<boolean> {
  return end(
    database,
    of,
    'done',
    "error_code = null, error_message = null, step = '', progress = 1, score = $3, decision = $4",
    [score, decision],
  );
}

/** Ends an analysis with the reason why there is no result. */
export async function giveUp(
  database: Database,
  of: Claim,
  { code, message }: { readonly code: string; readonly message: string },
): Promise<boolean> {
  return end(database, of, 'failed', "step = '', error_code = $3, error_message = $4", [code, message]);
}

/** Of the attempt that is open; `attempts` of the analysis counts from its last retry on, so it is the table that says which that is. */
const OWN = `id = $1 and state = 'running' and exists (select 1 from attempts t where t.analysis_id = $1 and t.attempt = $2 and t.outcome is null)`;

/** The second half is for one who asks again because the answer was lost: what it says of a row is from before the first half. */
async function end(
  database: Database,
  { analysis, attempt }: Claim,
  state: 'done' | 'failed',
  changes: string,
  values: readonly unknown[],
): Promise<boolean> {
  const rows = await database.query(
    `with ended as (update analyses set state = '${state}', ended_at = now(), ${changes} where ${OWN} returning id),
     noted as (
       update attempts set outcome = '${state}', ended_at = now() from ended where analysis_id = ended.id and attempt = $2 returning attempt)
     select attempt from noted union all
     select attempt from attempts where analysis_id = $1 and attempt = $2 and outcome = '${state}'`,
    [analysis, attempt, ...values],
  );
  return rows.length > 0;
}
