/** Worker processes: started, started again when one ends, told to stop. */
import { type ChildProcess, fork } from 'node:child_process';
import { hostname } from 'node:os';
import type { Database } from '../database/database.ts';
import { answerQueries } from '../database/remote.ts';
import { reasonOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { WorkSettings } from '../settings.ts';
import { LEFT, type WorkerStart } from './worker-start.ts';

/** What workers are started with. */
export interface SupervisorPlace {
  readonly settings: WorkSettings;
  /** Asked by workers where it is embedded. */
  readonly database: Database;
  readonly log: Log;
  /** A worker ended on its own; what it had begun is to be given back. */
  readonly onLost: (worker: string) => Promise<void>;
}

/** A worker that ends at once is not started again at once. */
const PAUSE_MS = 1000;
const STOP_LIMIT_MS = 20_000;

/** What a worker needs of a server's settings: neither its keys nor its PACS. */
function workPart(settings: WorkSettings): WorkSettings {
  const { data, databaseUrl, runs, workers, threads, analysisSeconds, heartbeatSeconds } = settings;
  const { institution, department, station } = settings;
  return {
    ...{ data, runs, workers, analysisSeconds, heartbeatSeconds, institution, department, station },
    ...(databaseUrl !== undefined && { databaseUrl }),
    ...(threads !== undefined && { threads }),
  };
}

/** The workers of one machine. */
export class Supervisor {
  readonly #place: SupervisorPlace;
  /** By the names of the workers: this machine and their process ids. */
  readonly #children = new Map<string, ChildProcess>();
  #stopping = false;

  constructor(place: SupervisorPlace) {
    this.#place = place;
    for (let i = 0; i < place.settings.workers; i++) this.#start();
  }

  #start(): void {
    const { settings, database, log, onLost } = this.#place;
    const child = fork(new URL('./worker-process.ts', import.meta.url), [], {
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const name = `${hostname()}-${child.pid ?? 'none'}`;
    this.#children.set(name, child);
    if (settings.databaseUrl === undefined) answerQueries(child, database);
    child.on('error', (error) => log('error', 'worker-not-started', { worker: name, reason: error.message }));
    child.send({ kind: 'start', name, settings: workPart(settings) } satisfies WorkerStart, () => undefined);
    child.once('exit', async (code, signal) => {
      this.#children.delete(name);
      if (this.#stopping) return;
      const reason = signal ?? `exit code ${code}`;
      log(code === LEFT ? 'info' : 'warn', 'worker-ended', { worker: name, reason });
      await onLost(name).catch((error) => log('warn', 'database-unreachable', { reason: reasonOf(error) }));
      setTimeout(() => !this.#stopping && this.#start(), code === LEFT ? 0 : PAUSE_MS);
    });
  }

  /** Lets each worker end what it reads, for as long as the limit allows. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const children = [...this.#children.values()];
    const ended = children.map((child) => new Promise((resolve) => child.once('exit', resolve)));
    for (const child of children) if (child.connected) child.send({ kind: 'stop' }, () => undefined);
    const late = setTimeout(() => {
      for (const child of children) child.kill('SIGKILL');
    }, STOP_LIMIT_MS);
    await Promise.all(ended);
    clearTimeout(late);
  }
}
