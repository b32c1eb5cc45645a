/** The embedded database is open in one process: a second one would write over its files. A socket says who has it, as it goes with its process however that ends. */
import { createHash } from 'node:crypto';
import { realpath, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ServerError } from '../errors.ts';

/** A server that is just ending, or was killed a moment ago, is waited for. */
const PATIENCE_MS = 5000;
const TRY_MS = 100;

/** On Linux a name without a file, elsewhere a socket that may outlive a process that was killed. */
function addressOf(folder: string): string {
  const name = `mammoscope-${createHash('sha256').update(folder).digest('hex').slice(0, 32)}`;
  if (platform() === 'linux') return `\0${name}`;
  return platform() === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
}

/** Claims a folder; the function gives it back. ServerError 'setting-invalid' where another process has it. */
export async function claimFolder(folder: string, patienceMs = PATIENCE_MS): Promise<() => Promise<void>> {
  const address = addressOf(await realpath(folder));
  for (let waitedMs = 0; ; waitedMs += TRY_MS) {
    const server = await listen(address);
    if (server) return () => new Promise((resolve) => server.close(() => resolve()));
    if (!(await answers(address))) await rm(address, { force: true }).catch(() => undefined);
    if (waitedMs >= patienceMs)
      throw new ServerError(
        'setting-invalid',
        `${folder} is open in another server: stop that one, give another folder with --data, or share a PostgreSQL with DATABASE_URL`,
      );
    await sleep(TRY_MS);
  }
}

function listen(address: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen(address, () => resolve(server.unref()));
  });
}

/** Whether somebody is at an address. */
function answers(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address);
    socket.once('connect', () => {
      resolve(true);
      socket.destroy();
    });
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'ECONNREFUSED'));
  });
}
