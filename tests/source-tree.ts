/** Reads the text files of the repository, for tests that hold its structure. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A text file; `path` is relative to the root, with forward slashes. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** What a package.json says that a test needs; the root's `folder` is ''. */
export interface PackageFile {
  readonly folder: string;
  readonly name: string;
  /** Names under dependencies, devDependencies and optionalDependencies. */
  readonly dependencies: readonly string[];
}

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Folders of the repository; anything else at the root is a user's own (runs, images). */
const FOLDERS = ['packages', 'apps', 'tests', 'docs', 'references', '.ci'];
const ROOT_FILES = /^(mammoscope|NOTICE|\.npmrc|\.gitignore|.*\.(md|json))$/;
const TEXT = /(^|\/)(run|[^./]+)$|\.(ts|js|json|md|proto|py|R|csv|yaml|sh|html|css)$/;

/** All text files, sorted by path. */
export function readSourceTree(): SourceFile[] {
  const inFolders = FOLDERS.filter((folder) => existsSync(join(ROOT, folder))).flatMap((folder) => walk(folder));
  const atRoot = readdirSync(ROOT, { withFileTypes: true })
    .filter((entry) => entry.isFile() && ROOT_FILES.test(entry.name))
    .map(({ name }) => name);
  return [...atRoot, ...inFolders]
    .filter((path) => TEXT.test(path) || atRoot.includes(path))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
}

function walk(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : walk(path);
    return entry.isFile() ? [path] : [];
  });
}

/** Every package.json of the tree. */
export function packageFiles(files: readonly SourceFile[]): PackageFile[] {
  return files
    .filter(({ path }) => path === 'package.json' || path.endsWith('/package.json'))
    .map(({ path, text }) => {
      const { name, ...rest } = JSON.parse(text) as { name: string } & Record<
        string,
        Record<string, string> | undefined
      >;
      const lists = ['dependencies', 'devDependencies', 'optionalDependencies'].map((key) => rest[key] ?? {});
      return {
        folder: path.split('/').slice(0, -1).join('/'),
        name,
        dependencies: lists.flatMap((list) => Object.keys(list)),
      };
    });
}

/** Paths under the folders that git ignores, node_modules left out; null where this is no git checkout. */
export function ignoredPaths(): string[] | null {
  if (!existsSync(join(ROOT, '.git'))) return null;
  const list = execFileSync(
    'git',
    ['ls-files', '--others', '--ignored', '--exclude-standard', '-z', '--', ...FOLDERS],
    {
      cwd: ROOT,
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    },
  );
  return list.split('\0').filter((path) => path !== '' && !path.includes('node_modules/'));
}
