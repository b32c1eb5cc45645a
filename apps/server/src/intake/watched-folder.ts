/** A folder whose files are taken: looked through again and again, since notices of changes are lost on network drives. */
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeAside } from '@mammoscope/files';
import { reasonOf, ServerError } from '../errors.ts';
import type { Log } from '../log.ts';
import { fileStream } from '../storage/file-stream.ts';
import type { IntakePlace, Sender } from './store-image.ts';
import { type Outcome, takeFile } from './take-file.ts';

/** What is watched, and by whom. */
export interface WatchPlace extends IntakePlace {
  readonly folder: string;
  readonly sender: Sender;
  readonly log: Log;
  readonly onOutcome: (outcome: Outcome) => void;
}

const LOOK_MS = 1000;
/** A file whose size and time have not changed between two looks is whole. */
type Seen = Map<string, string>;
/** Where files go that were refused, each with a text that says why. */
const REFUSED = 'refused';

/** Makes the folder. ServerError 'setting-invalid' where it cannot be made or read. */
export async function prepareWatched(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await readdir(folder);
  } catch (error) {
    throw new ServerError(
      'setting-invalid',
      `${folder} cannot be watched (${(error as NodeJS.ErrnoException).code}): give a folder with --watch that the server may read and write`,
    );
  }
}

/** Takes files until the signal. A file that was taken is removed from the folder; one that was refused is moved aside. */
export async function watchFolder(place: WatchPlace, signal: AbortSignal): Promise<void> {
  const { folder, log } = place;
  const seen: Seen = new Map();
  // a drive or a database that is away, a file that may not be read: it stays where it is and is tried at the next look, after the others
  const failed = (error: unknown) => log('warn', 'folder-not-read', { reason: reasonOf(error) });
  while (!signal.aborted) {
    const paths = await wholeFiles(folder, seen).catch(failed);
    for (const path of paths ?? []) {
      if (signal.aborted) return;
      await takeOne(place, path).then(() => seen.delete(path), failed);
    }
    await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function wholeFiles(folder: string, seen: Seen): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => !path.startsWith(join(folder, REFUSED, sep)));
  const whole: string[] = [];
  for (const path of files) {
    const entry = await stat(path).catch(() => undefined);
    if (!entry) continue;
    const state = `${entry.size} ${entry.mtimeMs}`;
    if (seen.get(path) === state) whole.push(path);
    seen.set(path, state);
  }
  for (const path of seen.keys()) if (!files.includes(path)) seen.delete(path);
  return whole;
}

async function takeOne(place: WatchPlace, path: string): Promise<void> {
  const refused: string[] = [];
  for await (const outcome of takeFile(place, place.sender, basename(path), fileStream(path))) {
    place.onOutcome(outcome);
    if ('code' in outcome) refused.push(`${outcome.file}: ${outcome.message} (${outcome.code})`);
  }
  if (refused.length === 0) {
    await rm(path, { force: true });
    return;
  }
  const aside = join(place.folder, REFUSED);
  await mkdir(aside, { recursive: true });
  await rename(path, join(aside, basename(path)));
  await writeAside(join(aside, `${basename(path)}.txt`), `${refused.join('\n')}\n`);
}
