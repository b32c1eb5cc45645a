/** What happened, as server-sent events: the database notes every change, and a page that listens is told. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerEvent } from '../api-types.ts';
import type { Database } from '../database/database.ts';
import { ServerError } from '../errors.ts';
import type { ByteStream } from '../intake/incoming-file.ts';
import { analysisOf } from './analyses.ts';

const POLL_MS = 400;
/** Listeners at a time: each asks the database by itself. */
const LISTENERS = 64;
let listeners = 0;
const KEEP_ALIVE_MS = 15_000;

/** Who listens, from where on, and to what. */
export interface Listener {
  readonly groups: readonly string[];
  readonly study?: string | undefined;
  /** Id of the last event that was seen; the latest there is where absent. */
  readonly since?: number | undefined;
  readonly signal: AbortSignal;
}

/**
 * Events as text of an event stream (HTML, 9.2.6) until the listener goes. A database that is away for a while delays them. ServerError
 * 'unavailable' for one listener too many, before the first byte.
 */
export function eventStream(database: Database, listener: Listener): ByteStreamOf {
  if (listeners >= LISTENERS)
    throw new ServerError('unavailable', `${LISTENERS} pages listen already: close one, or look again later`);
  return events(database, listener);
}

async function* events(database: Database, { groups, study, since, signal }: Listener): ByteStreamOf {
  const encode = (text: string) => new TextEncoder().encode(text);
  let last = since ?? (await latestEvent(database));
  let quietMs = 0;
  listeners += 1;
  try {
    yield encode('retry: 2000\n\n');
    while (!signal.aborted) {
      const found = await eventsAfter(database, { groups, study, last }).catch(() => []);
      for (const event of found) {
        last = Math.max(last, event.id);
        yield encode(`id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
      }
      quietMs = found.length > 0 ? 0 : quietMs + POLL_MS;
      if (quietMs >= KEEP_ALIVE_MS) {
        quietMs = 0;
        yield encode(': still here\n\n');
      }
      await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    listeners -= 1;
  }
}

type ByteStreamOf = AsyncGenerator<ByteStream extends AsyncIterable<infer Piece> ? Piece : never, void, undefined>;

async function latestEvent(database: Database): Promise<number> {
  const [row] = await database.query('select (txid_snapshot_xmin(txid_current_snapshot()) - 1)::float8 as last');
  return Number(row?.last ?? 0);
}

interface Position {
  readonly groups: readonly string[];
  readonly study: string | undefined;
  readonly last: number;
}

/**
 * The events of transactions that ended since, whose number is their id: numbers of transactions below the oldest running one are all there, which
 * cannot be said of a sequence. Of several events of an analysis the last one: it says how the analysis is now, and so do the others.
 */
async function eventsAfter(database: Database, { groups, study, last }: Position): Promise<ServerEvent[]> {
  const rows = await database.query(
    `select e.transaction::float8 as event_id, e.type, e.at, e.study_uid as event_study, a.*
       from (select distinct on (type, study_uid, analysis_id) * from events
              where transaction > $2 and transaction < txid_snapshot_xmin(txid_current_snapshot())
                and ('*' = any($1) or group_name = any($1)) and ($3::text is null or study_uid = $3)
              order by type, study_uid, analysis_id, id desc) e
       left join analyses a on a.id = e.analysis_id
      order by e.transaction, e.id`,
    [groups, last, study ?? null],
  );
  return rows.map((row) => ({
    id: row.event_id as number,
    type: row.type as ServerEvent['type'],
    at: (row.at as Date).toISOString(),
    study: row.event_study as string,
    analysis: row.id === null ? null : analysisOf({ ...row, study_uid: row.event_study }),
  }));
}
