/** Which study is to be read by which model: queued once, found again after any crash, given up when every worker that begins it ends. */
import { createHash, randomUUID } from 'node:crypto';
import type { Lesion } from '../api-types.ts';
import type { Database } from '../database/database.ts';
import { ServerError } from '../errors.ts';
import type { Log } from '../log.ts';
import { canRead, type LoadedModel } from '../models.ts';
import { listImages } from '../studies/work-list.ts';
import type { JobQueue } from './job-queue.ts';

/** Workers that may end over one study before it is given up: a study that takes them all down must not do so for ever. */
export const ATTEMPTS = 5;
/** What is queued for longer is looked up in the queue. */
const UNSURE_SECONDS = 10;

/** What queueing needs of the server. */
export interface QueuePlace {
  readonly database: Database;
  readonly queue: JobQueue;
  readonly models: readonly LoadedModel[];
  readonly log: Log;
}

/** What a reading depends on besides the model: the images by their content, and lesions that were marked. */
async function inputDigest({ database }: QueuePlace, study: string, lesions: readonly Lesion[]): Promise<string> {
  const rows = await database.query('select sop_uid, sha256 from instances where study_uid = $1 order by sop_uid', [
    study,
  ]);
  const images = rows.map(({ sop_uid, sha256 }) => [sop_uid, sha256]);
  return createHash('sha256')
    .update(JSON.stringify([images, lesions]))
    .digest('hex');
}

/**
 * Queues a study for models; what was queued, read or given up with the same images, lesions and model is left as it is. Returns the models.
 * ServerError 'model-missing' where a model was named that is not there or cannot read the study.
 */
export async function queueStudy(
  place: QueuePlace,
  study: string,
  {
    models,
    lesions = [],
  }: { readonly models?: readonly string[] | undefined; readonly lesions?: readonly Lesion[] | undefined } = {},
): Promise<readonly string[]> {
  const images = await listImages(place.database, study);
  const stranger = lesions.find(({ instance }) => !images.some((image) => image.instance === instance));
  if (stranger)
    throw new ServerError(
      'request-invalid',
      `the lesion ${stranger.id} is of the image ${stranger.instance}, which the study does not have`,
    );
  const able = place.models.filter((loaded) => canRead(loaded, images, lesions)).map(({ model }) => model);
  const missing = models?.find((id) => !able.some((model) => model.id === id));
  if (missing !== undefined)
    throw new ServerError(
      'model-missing',
      `${missing} is no run of this server, or the study has not what it reads (images, lesions or pairs): see /api/models`,
    );
  const wanted = able.filter(
    ({ id, input }) => models?.includes(id) ?? (lesions.length > 0 ? input === 'lesions' : true),
  );
  if (lesions.length > 0 && wanted.length === 0)
    throw new ServerError(
      'model-missing',
      'no run of this server judges lesions of such images: /api/models says what each reads',
    );
  for (const { id, system, input } of wanted) {
    const marked = input === 'lesions' ? lesions : [];
    const [row] = await place.database.query(
      `insert into analyses (id, study_uid, model, system, input_digest, lesions, job_id, state)
       values ($1, $2, $3, $4, $5, $6, $7, 'queued')
       on conflict (study_uid, model, input_digest) do nothing returning id, job_id`,
      [randomUUID(), study, id, system, await inputDigest(place, study, marked), JSON.stringify(marked), randomUUID()],
    );
    if (row) await place.queue.send(id, row.id as string, row.job_id as string);
  }
  return wanted.map(({ id }) => id);
}

/** Queues a failed or cancelled analysis again; ServerError 'state-invalid'. */
export async function retryAnalysis({ database, queue }: QueuePlace, id: string): Promise<void> {
  const [row] = await database.query(
    `update analyses set state = 'queued', step = '', progress = 0, attempts = 0, error_code = null, error_message = null, job_id = $2,
            queued_at = now(), started_at = null, ended_at = null
      where id = $1 and state in ('failed', 'cancelled') returning model, job_id`,
    [id, randomUUID()],
  );
  if (!row)
    throw new ServerError(
      'state-invalid',
      `the analysis ${id} has neither failed nor been cancelled: it needs no retry`,
    );
  await queue.send(row.model as string, id, row.job_id as string);
}

/** Ends a queued or running analysis; its worker sees it within seconds. ServerError 'state-invalid'. */
export async function cancelAnalysis({ database, queue }: QueuePlace, id: string): Promise<void> {
  const [row] = await database.query(
    `with ended as (
       update analyses set state = 'cancelled', step = '', ended_at = now()
        where id = $1 and state in ('queued', 'running') returning id, attempts, model, job_id),
     noted as (
       update attempts set outcome = 'cancelled', ended_at = now() from ended
        where analysis_id = ended.id and outcome is null)
     select model, job_id from ended`,
    [id],
  );
  if (!row)
    throw new ServerError('state-invalid', `the analysis ${id} is neither queued nor running: there is nothing to end`);
  await queue.cancel(row.model as string, row.job_id as string);
}

/** Queues studies that got no image for a while. The mark is set last, so that a crash in between only repeats what does nothing twice. */
export async function settleStudies(place: QueuePlace, settleSeconds: number): Promise<void> {
  const rows = await place.database.query(
    `select study_uid, changed_at::text as changed from studies
      where not is_complete and changed_at < now() - make_interval(secs => $1) order by changed_at limit 100`,
    [settleSeconds],
  );
  for (const { study_uid: study, changed } of rows) {
    await queueStudy(place, study as string);
    await place.database.query(
      'update studies set is_complete = true where study_uid = $1 and changed_at = $2::timestamptz',
      [study, changed],
    );
  }
}

/** Analyses whose worker gave no sign of life go back to the queue, or are given up; `worker` is one that is known to have ended. */
export async function reclaimLost(
  { database, queue, log }: QueuePlace,
  heartbeatSeconds: number,
  worker?: string,
): Promise<void> {
  const rows = await database.query(
    `with lost as (
       update analyses set state = case when attempts >= $3 then 'failed' else 'queued' end,
              step = case when attempts >= $3 then '' else 'waiting for another worker' end, progress = 0,
              error_code = case when attempts >= $3 then 'analysis-lost' end,
              error_message = case when attempts >= $3 then 'each of ' || attempts || ' workers that began it ended before it was done: see their logs' end,
              ended_at = case when attempts >= $3 then now() end
        where state = 'running' and (worker = $2 or beat_at < now() - make_interval(secs => $1))
        returning id, attempts, model, job_id, state, study_uid),
     noted as (
       update attempts set outcome = 'lost', ended_at = now() from lost
        where analysis_id = lost.id and outcome is null)
     select * from lost`,
    [heartbeatSeconds, worker ?? null, ATTEMPTS],
  );
  for (const { id, model, job_id: job, state, attempts, study_uid: study } of rows) {
    log('warn', 'analysis-lost', { analysis: id as string, study: study as string, attempt: attempts as number });
    if (state === 'failed') await queue.finish(model as string, job as string);
    else await queue.giveBack(model as string, job as string);
  }
}

/** Queued analyses that the queue does not know, or believes taken by a worker that is gone, get a turn: a crash may have come between two statements. */
export async function mendQueue({ database, queue, models }: QueuePlace): Promise<void> {
  const rows = await database.query(
    `select id, model, job_id from analyses
      where state = 'queued' and queued_at < now() - make_interval(secs => $1) and model = any($2) order by queued_at limit 200`,
    [UNSURE_SECONDS, models.map(({ model }) => model.id)],
  );
  for (const { id, model, job_id: job } of rows as readonly Readonly<Record<string, string>>[]) {
    const state = await queue.stateOf(model as string, job as string);
    if (state === 'waiting') continue;
    // a worker that just took it claims it within a moment: of two, the claim lets one through
    if (state === 'taken') await queue.giveBack(model as string, job as string);
    else {
      const fresh = randomUUID();
      const [row] = await database.query(
        "update analyses set job_id = $3 where id = $1 and job_id = $2 and state = 'queued' returning id",
        [id, job, fresh],
      );
      if (row) await queue.send(model as string, id as string, fresh);
    }
  }
}

/** Events are for those who listen now. */
export async function forgetEvents({ database }: QueuePlace): Promise<void> {
  await database.query("delete from events where at < now() - interval '1 hour'");
}
