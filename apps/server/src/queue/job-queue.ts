/** The queue (pg-boss): a queue a model version, so that a worker is given only what it has the run for. */
import { PgBoss } from 'pg-boss';
import { type Database, executorOf } from '../database/database.ts';
import { reasonOf } from '../errors.ts';
import type { Log } from '../log.ts';

/** A turn to analyse, as a worker gets it. */
export interface Turn {
  readonly job: string;
  readonly model: string;
  readonly analysis: string;
}

interface JobData {
  readonly analysis: string;
}

/** How often pg-boss hands a job out; the server gives a study up before (ATTEMPTS in analysis-queue.ts). */
const RETRY_LIMIT = 20;
const DAY_SECONDS = 86_400;

/** What kind of process asks: a server keeps the tables in order, workers take turns alone. */
export interface QueueOptions {
  readonly isServer: boolean;
  readonly isEmbedded: boolean;
  readonly analysisSeconds: number;
}

/** Turns to analyse. */
export class JobQueue {
  readonly #boss: PgBoss;
  readonly #options: QueueOptions;

  constructor(database: Database, options: QueueOptions, log: Log) {
    this.#options = options;
    const { isServer, isEmbedded } = options;
    this.#boss = new PgBoss({
      db: executorOf(database),
      backend: isEmbedded ? 'pglite' : 'postgres',
      ...{ supervise: isServer, migrate: isServer, createSchema: isServer, schedule: false },
      ...{ reindex: false, monitorVacuum: false, useListenNotify: false },
    });
    this.#boss.on('error', (error) => log('warn', 'queue-error', { reason: reasonOf(error) }));
  }

  async start(models: readonly string[]): Promise<void> {
    await this.#boss.start();
    if (!this.#options.isServer) return;
    for (const model of models)
      await this.#boss.createQueue(nameOf(model), {
        ...{ retryLimit: RETRY_LIMIT, expireInSeconds: this.#options.analysisSeconds + 60 },
        ...{ retentionSeconds: 30 * DAY_SECONDS, deleteAfterSeconds: 7 * DAY_SECONDS },
      });
  }

  /** Asks for a turn. A job that is there already is not sent twice. */
  async send(model: string, analysis: string, job: string): Promise<void> {
    await this.#boss.send(nameOf(model), { analysis } satisfies JobData, { id: job });
  }

  /** The next turn of a model, if there is one. */
  async take(model: string): Promise<Turn | undefined> {
    const [job] = await this.#boss.fetch<JobData>(nameOf(model));
    return job && { job: job.id, model, analysis: job.data.analysis };
  }

  /** A turn that needs no other. */
  async finish(model: string, job: string): Promise<void> {
    await this.#boss.complete(nameOf(model), job);
  }

  /** A turn whose worker is gone: it is handed out again. */
  async giveBack(model: string, job: string): Promise<void> {
    await this.#boss.fail(nameOf(model), job, { reason: 'its worker is gone' });
  }

  async cancel(model: string, job: string): Promise<void> {
    await this.#boss.cancel(nameOf(model), job);
  }

  /** Whether a turn will come, is being taken, or never will. */
  async stateOf(model: string, job: string): Promise<'waiting' | 'taken' | 'gone'> {
    const [found] = await this.#boss.findJobs(nameOf(model), { id: job });
    if (found?.state === 'created' || found?.state === 'retry') return 'waiting';
    return found?.state === 'active' ? 'taken' : 'gone';
  }

  async stop(): Promise<void> {
    await this.#boss.stop({ graceful: false, close: false });
  }
}

const nameOf = (model: string): string => `analyse-${model}`;
