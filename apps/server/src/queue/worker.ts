/** Takes turns and reads studies, one at a time, until it is told to stop. */

import { rm } from 'node:fs/promises';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Engine } from '@mammoscope/runtime';
import { readStudy } from '../analysis/read-study.ts';
import { AWAY_MS, insist, insistent } from '../database/away.ts';
import type { Database } from '../database/database.ts';
import { reasonOf, ServerError, withoutFolders } from '../errors.ts';
import type { Log } from '../log.ts';
import type { LoadedModel } from '../models.ts';
import type { WorkSettings } from '../settings.ts';
import { storage } from '../storage/study-files.ts';
import { beat, type Claim, claim, giveUp, noteStep, publish } from './claim.ts';
import type { JobQueue, Turn } from './job-queue.ts';

/** What a worker needs. */
export interface WorkerPlace {
  readonly name: string;
  readonly database: Database;
  readonly queue: JobQueue;
  readonly models: readonly LoadedModel[];
  readonly settings: WorkSettings;
  readonly log: Log;
  /** Ends the process at once: a prediction cannot be interrupted, so whoever must stop one ends with it. */
  readonly leave: () => never;
}

const IDLE_MS = 250;

/** Works until the signal; what is being read then is read to its end. */
export async function work(place: WorkerPlace, signal: AbortSignal): Promise<void> {
  const engines = new Map<number, Engine>();
  try {
    while (!signal.aborted) {
      const turn = await nextTurn(place, signal);
      if (turn) await take(place, turn, engines);
      else await sleep(IDLE_MS);
    }
  } finally {
    for (const engine of engines.values()) await engine.close();
  }
}

/** The first turn of any model; each model has a queue of its own, so that studies of one never wait for another's. */
async function nextTurn({ queue, models, log }: WorkerPlace, signal: AbortSignal): Promise<Turn | undefined> {
  for (const { model } of models) {
    if (signal.aborted) return undefined;
    try {
      const turn = await queue.take(model.id);
      if (turn) return turn;
    } catch (error) {
      log('warn', 'queue-unreachable', { reason: reasonOf(error) });
      await sleep(AWAY_MS);
    }
  }
  return undefined;
}

async function take(place: WorkerPlace, turn: Turn, engines: Map<number, Engine>): Promise<void> {
  const { queue, name, log } = place;
  const own = await claim(insistent(place.database, log), turn, name);
  if (own) {
    const started = performance.now();
    const about = { analysis: own.analysis, study: own.study, model: own.model, attempt: own.attempt, worker: name };
    log('info', 'analysis-started', about);
    const outcome = await read(place, own, engines);
    const seconds = Number(((performance.now() - started) / 1000).toFixed(3));
    log(outcome === 'done' ? 'info' : 'warn', 'analysis-ended', { ...about, seconds, code: outcome });
  }
  await insist(log, () => queue.finish(turn.model, turn.job));
}

/** Reads the study of a claim; the outcome's code: done, that of the failure, or superseded. */
async function read(place: WorkerPlace, own: Claim, engines: Map<number, Engine>): Promise<string> {
  const { models, settings, log } = place;
  const database = insistent(place.database, log);
  const files = storage(settings.data);
  const watch = watchOver(place, own);
  try {
    const loaded = models.find(({ model }) => model.id === own.model);
    if (!loaded) throw new ServerError('model-missing', `${own.model} is no run of this worker`);
    const threads = settings.threads ?? (loaded.record.device === 'cpu' ? loaded.record.threads : cpus().length);
    const engine = engines.get(threads) ?? (await Engine.create({ threads }));
    engines.set(threads, engine);
    const onStep = (step: string, progress: number) => noteStep(database, own, step, progress);
    const result = await readStudy({ database, storage: files, settings, engine }, { ...own, loaded, onStep });
    if (await publish(database, own, result)) return 'done';
    await rm(files.attempt(own.analysis, own.attempt), { recursive: true, force: true });
    return 'superseded';
  } catch (error) {
    const failure = failureOf(error);
    await giveUp(database, own, failure);
    return failure.code;
  } finally {
    watch.end();
  }
}

/** What is shown of an error: its sentence without folders. One that has no code of a package is the system's own failure. */
function failureOf(error: unknown): { readonly code: string; readonly message: string } {
  const { name, code, message }: NodeJS.ErrnoException =
    error instanceof Error ? error : new Error('an error without a message');
  const isOurs = /^(Server|System|Dicom|Imaging|Manifest|Weights|Training|File|Stats)Error$/.test(name);
  return {
    code: isOurs && typeof code === 'string' ? code : 'internal',
    message: withoutFolders(message).slice(0, 1000),
  };
}

/** Gives signs of life while a study is read. Where the attempt no longer counts (cancelled, removed, taken over), or takes too long, the process ends. */
function watchOver(place: WorkerPlace, own: Claim): { readonly end: () => void } {
  const { database, settings, log, leave } = place;
  let asking = false;
  const timer = setInterval(
    async () => {
      if (asking) return;
      asking = true;
      const isOwn = await beat(database, own).catch(() => true); // a database that is away says nothing about the attempt
      asking = false;
      if (isOwn || ended) return;
      log('info', 'analysis-abandoned', { analysis: own.analysis, attempt: own.attempt });
      leave();
    },
    (1000 * settings.heartbeatSeconds) / 5,
  );
  const limit = setTimeout(async () => {
    const message = `it took longer than the limit of ${settings.analysisSeconds} s: raise it with --analysis-seconds, or give the worker more cores`;
    await giveUp(database, own, { code: 'analysis-timeout', message }).catch(() => undefined);
    leave();
  }, 1000 * settings.analysisSeconds);
  let ended = false;
  return {
    end: () => {
      ended = true;
      clearInterval(timer);
      clearTimeout(limit);
    },
  };
}
