/**
 * Writes a file so that a reader finds either the old one or the new one, whole, whatever happens in between: the bytes
 * go to a partial file beside it, are flushed to the disk, and the partial file takes the name (POSIX rename, atomic
 * within a folder); then the folder is flushed.
 */
import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { FileError } from './errors.ts';

/** Partial files that this process is writing. */
const writing = new Set<string>();
let sequence = 0;

/** Replaces or creates `path`; pieces are written one after the other. FileError 'file-not-written' leaves the old file as it was and no partial file behind. */
export async function writeAside(path: string, bytes: Uint8Array | string | Iterable<Uint8Array>): Promise<void> {
  const folder = dirname(path);
  const partial = join(folder, `.${basename(path)}.${process.pid}-${sequence++}.partial`);
  writing.add(partial);
  let renamed = false;
  try {
    await removeAbandoned(folder, basename(path)).catch(() => undefined); // what it leaves does no harm
    {
      await using file = await open(partial, 'wx');
      await file.writeFile(bytes);
      await file.sync();
    }
    await rename(partial, path);
    renamed = true;
    await flushFolder(folder);
  } catch (error) {
    if (!renamed) await rm(partial, { force: true }).catch(() => undefined); // the error to report is the first one
    throw notWritten(path, error as NodeJS.ErrnoException, renamed);
  } finally {
    writing.delete(partial);
  }
}

function notWritten(path: string, error: NodeJS.ErrnoException, renamed: boolean): FileError {
  const reasons: Record<string, string> = {
    ENOSPC: 'the disk is full; free some space',
    EDQUOT: 'the disk quota is used up; free some space',
    EFBIG: 'no file may grow that large here (ulimit -f, or the file system); raise the limit or choose another disk',
    EACCES: 'its folder may not be written; change its permissions or choose another',
    EPERM: 'its folder may not be written; change its permissions or choose another',
    EROFS: 'its disk is mounted read-only; choose another',
    ENOENT: 'its folder does not exist; create it first',
    ENOTDIR: 'its folder is a file; choose another',
    EISDIR: 'a folder has that name; choose another',
  };
  const reason = reasons[error.code ?? ''] ?? error.message;
  const state = renamed ? 'it was replaced but may not survive a power cut' : 'any previous file is untouched';
  return new FileError('file-not-written', `${path} cannot be written: ${reason} (${state})`, { cause: error });
}

/** Makes the rename itself durable. Some systems cannot open or flush a folder: there it is left to them. */
async function flushFolder(folder: string): Promise<void> {
  try {
    await using handle = await open(folder, 'r');
    await handle.sync();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!['EISDIR', 'EPERM', 'EACCES', 'EINVAL', 'ENOTSUP'].includes(code ?? '')) throw error;
  }
}

/** Removes what killed processes left of earlier writes of the same file. */
async function removeAbandoned(folder: string, name: string): Promise<void> {
  for (const entry of await readdir(folder)) {
    if (!entry.startsWith(`.${name}.`)) continue;
    const pid = /^(\d+)-\d+\.partial$/.exec(entry.slice(name.length + 2))?.[1];
    const path = join(folder, entry);
    if (pid === undefined || writing.has(path)) continue;
    if (Number(pid) === process.pid || !isAlive(Number(pid))) await rm(path, { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0); // signal 0 only asks
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
