/** Errors that nobody heard: of a stream without a listener, a timer, a promise that nobody waits for. Node would end the process with them. */
import { basename } from 'node:path';
import type { Log } from './log.ts';

/** What is done about them. */
export interface FaultPlace {
  readonly log: Log;
  /** Whether what all requests share is still whole. */
  readonly isUsable: () => Promise<boolean>;
  /** Called once, where it is not safe to go on. */
  readonly giveUp: () => void;
}

/** More in a minute are no accident. */
const FAULTS_A_MINUTE = 20;
const MINUTE_MS = 60_000;

/** A connection that ended is of concern to those at its ends alone. */
const OF_CONNECTIONS = /^(ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|ENOTCONN|ERR_STREAM_\w+|ERR_SSL_\w+|HPE_\w+)$/;

/**
 * What an error is and where it came from, never what it says: it may quote what a file holds. Of a library's as well, since it is its place that
 * tells what failed.
 */
function describeFault(error: unknown): string {
  if (!(error instanceof Error)) return `no error object, but ${typeof error}`;
  const { name, code, stack = '' }: NodeJS.ErrnoException = error;
  const [, path = '', place = ''] = /^\s+at .*?((?:\/|node:)[^\s():]+):(\d+:\d+)\)?$/m.exec(stack) ?? [];
  return [name, code, path && `at ${basename(path)}:${place}`].filter(Boolean).join(' ');
}

/** Hears them in this process from now on. */
export function hearFaults(place: FaultPlace, process: Pick<NodeJS.Process, 'on'> = globalThis.process): void {
  const faults: number[] = [];
  const hear = async (error: unknown) => {
    const { code = '' } = (error ?? {}) as NodeJS.ErrnoException;
    const isConnection = OF_CONNECTIONS.test(code);
    place.log(isConnection ? 'warn' : 'error', 'fault', { code: 'internal', reason: describeFault(error) });
    if (isConnection) return;
    const now = performance.now();
    faults.push(now);
    const isRare = faults.filter((ms) => now - ms < MINUTE_MS).length <= FAULTS_A_MINUTE;
    if (isRare && (await place.isUsable().catch(() => false))) return;
    place.log('error', 'given-up', { code: 'internal', count: faults.length });
    place.giveUp();
  };
  process.on('uncaughtException', hear);
  process.on('unhandledRejection', hear);
}
