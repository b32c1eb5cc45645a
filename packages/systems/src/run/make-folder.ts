import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SystemError } from '../errors.ts';

const REASONS: Readonly<Record<string, string>> = {
  EEXIST: 'a file has that name',
  ENOENT: 'nothing can be made there',
  ENOTDIR: 'a part of the path is a file',
  EACCES: 'the folder above it may not be written',
  EROFS: 'its disk is mounted read-only',
  ENOSPC: 'the disk is full',
};

/** Makes an output folder and those above it, if need be; SystemError 'option-invalid' where that is not allowed. */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await make(folder);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw new SystemError(
      'option-invalid',
      `the output folder ${folder} cannot be made (${REASONS[code] ?? code}): choose a folder that can be written with --out`,
      { cause: error },
    );
  }
}

/** Not mkdir's own recursion, which in Node.js 24 never ends where a parent exists and refuses with ENOENT, as /proc does. */
async function make(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && dirname(folder) !== folder) {
      await make(dirname(folder));
      await mkdir(folder);
    } else if (code !== 'EEXIST' || !(await stat(folder)).isDirectory()) throw error;
  }
}
