/** The page as files, built by Vite when it is first asked for and whenever its sources changed. */
import { createHash } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { userCache } from '@mammoscope/files';
import { APP_FOLDER, VITE_OPTIONS } from './vite-options.ts';

/** What the page is made of, from the root of the repository. */
const SOURCES = [
  'apps/viewer',
  'packages/dicom/src',
  'packages/imaging/src',
  'packages/nn/src/onnx',
  'packages/runtime/src/browser.ts',
  'package-lock.json',
];
const ROOT = join(APP_FOLDER, '../..');

/**
 * The folder of the built page in the user's cache: index.html and assets/. Built aside and renamed, so that whoever finds the folder
 * finds all of it; a page of these very sources is not built again.
 */
export async function builtPage(): Promise<string> {
  const folder = userCache('viewer', await sourcesDigest());
  if (await isThere(join(folder, 'index.html'))) return folder;
  const aside = `${folder}.${process.pid}`;
  await mkdir(dirname(folder), { recursive: true });
  const { build } = await import('vite');
  await build({ ...VITE_OPTIONS, build: { ...VITE_OPTIONS.build, outDir: aside, emptyOutDir: true } });
  await rename(aside, folder).catch(async (error) => {
    await rm(aside, { recursive: true, force: true });
    // another process was first
    if (!(await isThere(join(folder, 'index.html')))) throw error;
  });
  return folder;
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** 16 letters that are others when any source is. */
async function sourcesDigest(): Promise<string> {
  const hash = createHash('sha256');
  for (const source of SOURCES)
    for (const path of await filesOf(join(ROOT, source)))
      hash.update(`${path.slice(ROOT.length)}\0`).update(await readFile(path));
  return hash.digest('hex').slice(0, 16);
}

async function filesOf(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => null);
  if (entries === null) return [path];
  return entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts') && !entry.parentPath.includes('node_modules'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
