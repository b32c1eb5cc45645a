/** A database that is away: how that is told from a statement that is wrong, and how to wait for it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { reasonOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Database } from './database.ts';

/** Until a database that is away is asked again. */
export const AWAY_MS = 1000;

/**
 * Classes of PostgreSQL's codes (its manual, appendix A) with which the same statement may succeed later: connections, transactions undone for
 * another's sake, resources, an operator (also of a server that ends or begins), its system.
 */
const PASSING_CLASSES = /^(08|40|53|57|58)...$/;
const OF_SOCKETS = /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE)$/;
/** What the driver says without a code. */
const OF_DRIVER = /Connection terminated|timeout exceeded when trying to connect|Query read timeout|not queryable/;

/** Whether a database was lost rather than asked something wrong. */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code = '', syscall = '', message }: NodeJS.ErrnoException = error;
  const isUnconnected = syscall === 'connect' || syscall === 'getaddrinfo';
  return isUnconnected || PASSING_CLASSES.test(code) || OF_SOCKETS.test(code) || OF_DRIVER.test(message);
}

/**
 * Tries until the database is there: what was computed is not thrown away because of a restart. A statement whose answer was lost is asked again, so
 * it must be one that may be. Throws what is the statement's own fault.
 */
export async function insist<T>(log: Log, statement: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await statement();
    } catch (error) {
      if (!isDatabaseAway(error)) throw error;
      log('warn', 'database-unreachable', { reason: reasonOf(error) });
      await sleep(AWAY_MS);
    }
  }
}

/** The database for those who can wait: each statement insists. */
export const insistent = (database: Database, log: Log): Database => ({
  query: (text, values) => insist(log, () => database.query(text, values)),
  close: () => database.close(),
});
