import { open } from 'node:fs/promises';
import { WeightsError } from './errors.ts';

/** The bytes of a regular file of at most `limitBytes`; WeightsError otherwise, before anything is read. */
export async function readLimited(path: string, limitBytes: number): Promise<Uint8Array> {
  try {
    await using file = await open(path, 'r');
    const about = await file.stat();
    if (!about.isFile()) throw new WeightsError('file-unreadable', `${path} should be a file, it is none`);
    if (about.size > limitBytes)
      throw new WeightsError('file-too-large', `${path} has ${about.size} bytes, at most ${limitBytes} are read`);
    return await file.readFile();
  } catch (error) {
    if (error instanceof WeightsError) throw error;
    throw new WeightsError('file-unreadable', `${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
