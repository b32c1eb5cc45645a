/** A process that reads studies: what the supervisor forks. It ends when its parent does. */
import type { Database } from '../database/database.ts';
import { openPostgres } from '../database/postgres.ts';
import { parentDatabase } from '../database/remote.ts';
import { reasonOf } from '../errors.ts';
import { hearFaults } from '../faults.ts';
import { jsonLog } from '../log.ts';
import { loadModels } from '../models.ts';
import { JobQueue } from './job-queue.ts';
import { work } from './worker.ts';
import { LEFT, type WorkerStart } from './worker-start.ts';

const stop = new AbortController();
const log = jsonLog(process.stderr);
process.stderr.on('error', () => undefined); // nobody reads the log: the work goes on
// a study that is read twice is nothing, a worker in a state that nobody knows is: the parent starts another
hearFaults({ log, isUsable: async () => false, giveUp: () => process.exit(1) });
process.on('SIGINT', () => undefined); // Ctrl-C reaches the whole group: the parent decides
process.on('SIGTERM', () => stop.abort());
process.on('disconnect', () => process.exit(1));
process.on('message', (message: WorkerStart | { readonly kind: 'stop' } | { readonly kind: string }) => {
  if (message.kind === 'stop') stop.abort();
  if (message.kind === 'start') void begin(message as WorkerStart);
});

async function begin({ name, settings }: WorkerStart): Promise<void> {
  try {
    const { databaseUrl, analysisSeconds } = settings;
    const database: Database = databaseUrl === undefined ? parentDatabase() : openPostgres(databaseUrl);
    const models = await loadModels(settings.runs);
    const queue = new JobQueue(
      database,
      { isServer: false, isEmbedded: databaseUrl === undefined, analysisSeconds },
      log,
    );
    await queue.start([]);
    await work({ name, database, queue, models, settings, log, leave: () => process.exit(LEFT) }, stop.signal);
    process.exit(0);
  } catch (error) {
    log('error', 'worker-failed', { worker: name, reason: reasonOf(error) });
    process.exit(1);
  }
}
