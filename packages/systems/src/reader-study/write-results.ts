import { join } from 'node:path';
import { writeAside } from '@mammoscope/files';
import { makeFolder } from '../run/make-folder.ts';

/** Writes files by name into a folder, which is made if need be. Returns their paths. FileError, SystemError. */
export async function writeResultFiles(
  folder: string,
  files: ReadonlyMap<string, string | Uint8Array>,
): Promise<string[]> {
  await makeFolder(folder);
  const paths: string[] = [];
  for (const [name, content] of files) {
    const path = join(folder, name);
    await writeAside(path, content);
    paths.push(path);
  }
  return paths;
}
