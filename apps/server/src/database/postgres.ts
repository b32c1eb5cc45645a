/** A PostgreSQL server, by its URL. A connection that is lost is made again when the next statement comes. */
import pg from 'pg';
import type { Database } from './database.ts';

/** Connections of a process: requests and the queue share them. */
const CONNECTIONS = 8;
const CONNECT_TIMEOUT_MS = 5000;
/** A server whose machine vanished answers nothing and closes nothing. */
const ANSWER_TIMEOUT_MS = 60_000;

/** Opens a pool; nothing is asked before the first statement. */
export function openPostgres(connectionString: string): Database {
  const pool = new pg.Pool({
    ...{ connectionString, max: CONNECTIONS, keepAlive: true },
    ...{ connectionTimeoutMillis: CONNECT_TIMEOUT_MS, query_timeout: ANSWER_TIMEOUT_MS },
  });
  pool.on('error', () => undefined); // an idle connection was lost: the next statement opens another
  return {
    query: async (text, values) => {
      const result: pg.QueryResult | pg.QueryResult[] = await pool.query(text, values && [...values]);
      return Array.isArray(result) ? result.flatMap(({ rows }) => rows ?? []) : result.rows;
    },
    close: () => pool.end(),
  };
}
