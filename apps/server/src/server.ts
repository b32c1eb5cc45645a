/** A server: database, queue, workers, and every way in. */
import { readdir, rm, stat } from 'node:fs/promises';
import type { Server as HttpServer } from 'node:http';
import type { AddressInfo, Server as NetServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { versions } from '@mammoscope/systems';
import type { Database } from './database/database.ts';
import { migrate } from './database/migrate.ts';
import { openDatabase } from './database/open-database.ts';
import { OpenImages } from './dicomweb/open-images.ts';
import { reasonOf, ServerError } from './errors.ts';
import { imageHandlers } from './handlers-images.ts';
import { serviceHandlers } from './handlers-service.ts';
import { studyHandlers } from './handlers-studies.ts';
import { httpServer } from './http/http-server.ts';
import { Tokens } from './http/tokens.ts';
import { listenForImages } from './intake/store-scp.ts';
import { prepareWatched, watchFolder } from './intake/watched-folder.ts';
import { jsonLog, type Log } from './log.ts';
import { Metrics } from './metrics.ts';
import { loadModels } from './models.ts';
import { forgetEvents, mendQueue, reclaimLost, settleStudies } from './queue/analysis-queue.ts';
import { JobQueue } from './queue/job-queue.ts';
import { Supervisor } from './queue/supervisor.ts';
import { pacsNamed, type ServerPlace } from './server-place.ts';
import { checkBinding, type ServerSettings, type WorkSettings } from './settings.ts';
import { storage } from './storage/study-files.ts';

/** A server that runs. */
export interface RunningServer {
  readonly url: string;
  readonly dimsePort: number | undefined;
  /** Whether what all requests share can still be used: the database of this process, as another one is not harmed by what happens here. */
  isUsable(): Promise<boolean>;
  /** Resolves when the server cannot go on and must be started anew. */
  readonly failed: Promise<void>;
  stop(): Promise<void>;
}

const SWEEP_MS = 500;
/** Sweeps between two looks at what is seldom wrong. */
const SELDOM = 20;
const ABANDONED_MS = 3_600_000;
/** The embedded database that has not answered for so long will not: it is opened anew with the process. */
const BROKEN_SWEEPS = 60;
const USABLE_MS = 5000;

/** Starts a server. ServerError 'binding-refused', 'setting-invalid', 'database-invalid'; SystemError for a folder that holds no run. */
export async function startServer(
  settings: ServerSettings,
  log: Log = jsonLog(process.stderr),
): Promise<RunningServer> {
  checkBinding(settings);
  const tokens = settings.tokens === undefined ? undefined : new Tokens(settings.tokens);
  await tokens?.load();
  const models = await loadModels(settings.runs);
  const files = storage(settings.data);
  await files.prepare();
  await removeAbandoned(files.incoming);
  const database = await openDatabase(settings);
  const closing: (() => Promise<unknown>)[] = [() => database.close()];
  const stop = new AbortController();
  try {
    await migrate(database);
    const queue = await startQueue(
      database,
      settings,
      models.map(({ model }) => model.id),
      true,
      log,
    );
    closing.unshift(() => queue.stop());
    const place: ServerPlace = {
      ...{ database, storage: files, limits: settings.limits, queue, models, settings, log },
      access: { isSecure: settings.tls !== undefined, ...(tokens && { tokens }) },
      ...{ images: new OpenImages(), metrics: new Metrics(), pacsOf: (name) => pacsNamed(settings.pacs, name) },
    };
    const isUsable = () => answers(database, settings);
    const { promise: failed, resolve: fail } = Promise.withResolvers<void>();
    const sweeping = sweep(place, { signal: stop.signal, isUsable, onBroken: fail });
    closing.unshift(() => sweeping);
    const server = await listen(place);
    closing.unshift(() => closeServer(server));
    if (settings.watch !== undefined) {
      await prepareWatched(settings.watch);
      const watching = watchFolder(
        {
          ...place,
          folder: settings.watch,
          sender: { source: 'folder', group: settings.group, groups: [settings.group] },
          onOutcome: (outcome) => place.metrics.image('folder', 'filed' in outcome ? 'stored' : outcome.code),
        },
        stop.signal,
      );
      closing.unshift(() => watching);
    }
    const dimse = settings.dimse && (await listenForImages(scpPlace(place, settings.dimse)));
    if (dimse) closing.unshift(() => closeServer(dimse));
    const supervisor = new Supervisor({
      settings,
      database,
      log,
      onLost: (worker) => reclaimLost(place, settings.heartbeatSeconds, worker),
    });
    closing.unshift(() => supervisor.stop());
    const url = urlOf(settings, server);
    log('info', 'listening', { address: url, version: versions().mammoscope ?? '', count: models.length });
    const { port: dimsePort } = (dimse?.address() as AddressInfo | undefined) ?? { port: undefined };
    return { url, dimsePort, isUsable, failed, stop: () => close(stop, closing) };
  } catch (error) {
    await close(stop, closing);
    throw error;
  }
}

/** Starts workers alone, beside a server on another machine; both see the same PostgreSQL and the same folder. */
export async function startWorkers(
  settings: WorkSettings,
  log: Log = jsonLog(process.stderr),
): Promise<{ stop(): Promise<void> }> {
  if (settings.databaseUrl === undefined)
    throw new ServerError(
      'setting-invalid',
      'workers on their own need a PostgreSQL that the server uses as well: give DATABASE_URL, or let the server start them with --workers',
    );
  const models = await loadModels(settings.runs);
  const database = await openDatabase(settings);
  const queue = await startQueue(database, settings, [], false, log);
  const place = { database, queue, models, log };
  const supervisor = new Supervisor({
    settings,
    database,
    log,
    onLost: (worker) => reclaimLost(place, settings.heartbeatSeconds, worker),
  });
  log('info', 'working', { count: settings.workers, version: versions().mammoscope ?? '' });
  return {
    stop: () => close(new AbortController(), [() => supervisor.stop(), () => queue.stop(), () => database.close()]),
  };
}

async function startQueue(
  database: Database,
  settings: WorkSettings,
  models: readonly string[],
  isServer: boolean,
  log: Log,
): Promise<JobQueue> {
  const { databaseUrl, analysisSeconds } = settings;
  const queue = new JobQueue(database, { isServer, isEmbedded: databaseUrl === undefined, analysisSeconds }, log);
  await queue.start(models);
  return queue;
}

async function close(stop: AbortController, closing: readonly (() => Promise<unknown>)[]): Promise<void> {
  stop.abort();
  for (const end of closing) await end().catch(() => undefined); // each must get its turn, whatever the one before it says
}

async function listen(place: ServerPlace): Promise<HttpServer> {
  const { settings, access, log, metrics } = place;
  const handlers = { ...serviceHandlers(place), ...studyHandlers(place), ...imageHandlers(place) };
  const server = httpServer({ handlers, access, limits: settings.limits, log, metrics, tls: settings.tls });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(settings.port, settings.host, () => resolve());
  }).catch((error: NodeJS.ErrnoException) => {
    throw new ServerError(
      'setting-invalid',
      `the server cannot listen on ${settings.host}:${settings.port} (${error.code}): choose another port with --port`,
    );
  });
  server.on('error', (error) => log('warn', 'http-failed', { reason: reasonOf(error) })); // as where no more files may be open
  return server;
}

function scpPlace(place: ServerPlace, dimse: NonNullable<ServerSettings['dimse']>) {
  const { settings, metrics } = place;
  const onImage = (outcome: string) => metrics.image('dimse', outcome);
  return { ...place, settings: dimse, group: settings.group, host: settings.host, tls: settings.tls, onImage };
}

function urlOf({ host, tls }: ServerSettings, server: HttpServer): string {
  const { port } = server.address() as AddressInfo;
  return `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

async function closeServer(server: HttpServer | NetServer): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  if ('closeAllConnections' in server) server.closeAllConnections();
  await Promise.race([closed, sleep(2000)]);
}

/** Whether a database of this process answers in time. */
async function answers(database: Database, { databaseUrl }: WorkSettings): Promise<boolean> {
  if (databaseUrl !== undefined) return true;
  const asked = database.query('select 1').then(
    () => true,
    () => false,
  );
  return Promise.race([asked, sleep(USABLE_MS, false, { ref: false })]);
}

/** What a sweep is told, and tells. */
interface Sweeping {
  readonly signal: AbortSignal;
  readonly isUsable: () => Promise<boolean>;
  readonly onBroken: () => void;
}

/** Queues what has settled, takes back what was lost, mends and forgets. A database that is away is tried again. */
async function sweep(place: ServerPlace, { signal, isUsable, onBroken }: Sweeping): Promise<void> {
  const { settings, log } = place;
  let unanswered = 0;
  for (let round = 0; !signal.aborted; round++) {
    try {
      await settleStudies(place, settings.settleSeconds);
      await reclaimLost(place, settings.heartbeatSeconds);
      if (round % SELDOM === 0) {
        await mendQueue(place);
        await forgetEvents(place);
      }
    } catch (error) {
      log('warn', 'sweep-failed', { reason: reasonOf(error) });
      unanswered = (await isUsable()) ? 0 : unanswered + 1;
      if (unanswered === BROKEN_SWEEPS) onBroken();
      await sleep(SWEEP_MS, undefined, { signal }).catch(() => undefined);
    }
    await sleep(SWEEP_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Files of uploads that were cut off by a crash; another server may be writing the young ones. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const entry = await stat(join(folder, name)).catch(() => undefined);
    if (entry && Date.now() - entry.mtimeMs > ABANDONED_MS) await rm(join(folder, name), { force: true });
  }
}
