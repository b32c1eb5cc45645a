/** Bytes that are read at offsets, so that a file's tensors go straight to where they stay. */
import { type FileHandle, open } from 'node:fs/promises';
import { WeightsError } from './errors.ts';

/** A file of known size. */
export interface ByteSource {
  /** Its name in messages. */
  readonly name: string;
  readonly size: number;
  /** Fills the array with the bytes from an offset on; both ends must lie within the size. */
  fill(target: Uint8Array, offset: number): Promise<void>;
}

/** Files above this are refused before they are read: no network here has a fiftieth of it. */
export const FILE_LIMIT = 2 ** 33;

/** A regular file of at most `limitBytes` as a source, open until it is disposed of; WeightsError otherwise. */
export async function openBytes(path: string, limitBytes = FILE_LIMIT): Promise<ByteSource & AsyncDisposable> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const about = await file.stat();
    if (!about.isFile()) throw new WeightsError('file-unreadable', `${path} should be a file, it is none`);
    if (about.size > limitBytes)
      throw new WeightsError('file-too-large', `${path} has ${about.size} bytes, at most ${limitBytes} are read`);
    return fileSource(path, about.size, file);
  } catch (error) {
    await file?.close();
    throw unreadable(path, error);
  }
}

function fileSource(name: string, size: number, file: FileHandle): ByteSource & AsyncDisposable {
  return {
    name,
    size,
    async fill(target, offset) {
      try {
        for (let done = 0; done < target.length; ) {
          const { bytesRead } = await file.read(target, done, target.length - done, offset + done);
          if (bytesRead === 0) throw new Error('it became shorter while it was read');
          done += bytesRead;
        }
      } catch (error) {
        throw unreadable(name, error);
      }
    },
    [Symbol.asyncDispose]: () => file.close(),
  };
}

function unreadable(path: string, error: unknown): WeightsError {
  if (error instanceof WeightsError) return error;
  return new WeightsError('file-unreadable', `${path} cannot be read: ${(error as Error).message}`, { cause: error });
}

/** Bytes in memory as a source. */
export function bytesSource(bytes: Uint8Array, name: string): ByteSource {
  return {
    name,
    size: bytes.length,
    fill: async (target, offset) => target.set(bytes.subarray(offset, offset + target.length)),
  };
}

/** A piece of a source in memory of its own. */
export async function readBytes(source: ByteSource, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  await source.fill(bytes, offset);
  return bytes;
}
