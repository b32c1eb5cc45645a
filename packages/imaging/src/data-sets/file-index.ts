import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { ImagingError } from '../errors.ts';

/** The files below a folder, found by parts of their paths: distributors nest the same files in different folders. */
export interface FileIndex {
  /** Relative to the folder, with forward slashes, in order. */
  readonly paths: readonly string[];
  /** Files whose path ends in these components, whatever the case. */
  readonly endingIn: (path: string) => readonly string[];
  /** Files of this name without its last ending, whatever the case. */
  readonly called: (stem: string) => readonly string[];
  /** Files anywhere below a folder of this name. */
  readonly below: (folder: string) => readonly string[];
  /** The absolute path of one. */
  readonly absolute: (path: string) => string;
}

/** Walks a folder, links included, each folder once. ImagingError data-set-invalid where it is none or cannot be read. */
export async function indexFiles(folder: string): Promise<FileIndex> {
  const paths: string[] = [];
  try {
    await walk(folder, folder, paths, new Set());
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new ImagingError('data-set-invalid', `${folder} cannot be read as a folder (${reason}): correct the path`, {
      cause: error,
    });
  }
  paths.sort();
  const byName = groups(paths, (path) => [nameOf(path)]);
  const byStem = groups(paths, (path) => [nameOf(path).replace(/\.[^.]*$/, '')]);
  const byFolder = groups(paths, (path) => new Set(path.toLowerCase().split('/').slice(0, -1)));
  return {
    paths,
    endingIn: (path) => {
      const wanted = path.toLowerCase();
      const candidates = byName().get(basename(wanted)) ?? [];
      return candidates.filter((each) => each.toLowerCase() === wanted || each.toLowerCase().endsWith(`/${wanted}`));
    },
    called: (stem) => byStem().get(stem.toLowerCase()) ?? [],
    below: (name) => byFolder().get(name.toLowerCase()) ?? [],
    absolute: (path) => join(folder, path),
  };
}

const nameOf = (path: string): string => basename(path).toLowerCase();

/** Paths by their keys, put together when they are first asked for. */
function groups(
  paths: readonly string[],
  keysOf: (path: string) => Iterable<string>,
): () => ReadonlyMap<string, readonly string[]> {
  let known: Map<string, string[]> | undefined;
  return () => {
    if (known) return known;
    known = new Map();
    for (const path of paths) {
      for (const key of keysOf(path)) {
        const earlier = known.get(key);
        if (earlier) earlier.push(path);
        else known.set(key, [path]);
      }
    }
    return known;
  };
}

async function walk(root: string, folder: string, paths: string[], seen: Set<string>): Promise<void> {
  const real = await realpath(folder);
  if (seen.has(real)) return;
  seen.add(real);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const target = entry.isSymbolicLink() ? await stat(path).catch(() => undefined) : entry;
    if (target?.isDirectory()) await walk(root, path, paths, seen);
    else if (target?.isFile()) paths.push(relative(root, path).split(sep).join('/'));
  }
}
