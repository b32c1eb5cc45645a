/** Bytes at offsets: of a file, or of what a deflated file inflates to. Nothing here holds more than it is asked for. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createInflateRaw } from 'node:zlib';
import { DicomError } from '../errors.ts';
import { checkInflated, INFLATED_LIMIT, pastEnd } from './source-limits.ts';

/** A run of bytes of known size that is read by offset. */
export interface ByteSource {
  readonly path: string;
  readonly size: number;
  /** Exactly `length` bytes in memory of their own; DicomError 'truncated' past the end. */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

const CHUNK = 2 ** 18;

function unreadable(path: string, error: unknown): DicomError {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR'
    ? new DicomError('file-missing', `${path}: there is no such file`)
    : new DicomError('file-unreadable', `${path} cannot be read: ${message}`, { cause: error });
}

/** Opens a regular file. DicomError 'file-missing', 'file-unreadable'. */
export async function openFileSource(path: string): Promise<ByteSource> {
  // without O_NONBLOCK the opening of a named pipe would wait for a writer
  const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((error) => {
    throw unreadable(path, error);
  });
  const stat = await handle.stat();
  if (stat.isFile()) return new FileSource(path, handle, stat.size);
  await handle.close();
  throw new DicomError('file-missing', `${path} is no regular file: name the DICOM file itself`);
}

class FileSource implements ByteSource {
  readonly path: string;
  readonly size: number;
  readonly #handle: FileHandle;

  constructor(path: string, handle: FileHandle, size: number) {
    this.path = path;
    this.size = size;
    this.#handle = handle;
  }

  async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (length < 0 || offset + length > this.size) throw pastEnd(this.path, offset, length, this.size);
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const { bytesRead } = await this.#handle.read(bytes, done, length - done, offset + done).catch((error) => {
        throw unreadable(this.path, error);
      });
      if (bytesRead === 0) throw pastEnd(this.path, offset, length, offset + done); // shortened since it was opened
      done += bytesRead;
    }
    return bytes;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/**
 * The data set of a deflated file (PS3.5 A.5) from `start` on. It is inflated once to learn its size, then again as it
 * is read: going on is cheap, going back starts over, and no more than a chunk is held.
 */
export async function openDeflatedSource(file: ByteSource, start: number): Promise<ByteSource> {
  let size = 0;
  for await (const chunk of inflate(file, start)) {
    size += chunk.length;
    checkInflated(size, INFLATED_LIMIT, file.path);
  }
  return new DeflatedSource(file, start, size);
}

async function* inflate(file: ByteSource, start: number): AsyncGenerator<Uint8Array> {
  const inflater = createInflateRaw({ chunkSize: CHUNK });
  async function* deflated(): AsyncGenerator<Uint8Array> {
    for (let at = start; at < file.size; at += CHUNK) yield await file.read(at, Math.min(CHUNK, file.size - at));
  }
  let failure: unknown;
  const feeding = (async () => {
    for await (const bytes of deflated()) {
      if (inflater.destroyed || inflater.writableEnded) return;
      if (!inflater.write(bytes)) await new Promise<void>((go) => inflater.once('drain', go).once('close', go));
    }
    inflater.end();
  })().catch((error) => {
    failure = error;
    inflater.destroy();
  });
  try {
    yield* inflater as AsyncIterable<Uint8Array>;
    await feeding;
  } catch (error) {
    const reason = (failure ?? error) as Error;
    if (reason instanceof DicomError) throw reason;
    throw new DicomError('truncated', `${file.path}: its deflated data set cannot be inflated: ${reason.message}`);
  } finally {
    inflater.destroy();
  }
}

class DeflatedSource implements ByteSource {
  readonly path: string;
  readonly size: number;
  readonly #file: ByteSource;
  readonly #start: number;
  #chunks: AsyncGenerator<Uint8Array> | null = null;
  #chunk: Uint8Array = new Uint8Array(0);
  #chunkOffset = 0;
  /** Reads wait for each other: there is one stream. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(file: ByteSource, start: number, size: number) {
    this.path = file.path;
    this.size = size;
    this.#file = file;
    this.#start = start;
  }

  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const result = this.#turn.then(() => this.#read(offset, length));
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (length < 0 || offset + length > this.size) throw pastEnd(this.path, offset, length, this.size);
    const bytes = new Uint8Array(length);
    if (!this.#chunks || offset < this.#chunkOffset) await this.#restart();
    for (let done = 0; done < length; ) {
      const from = offset + done - this.#chunkOffset;
      if (from < this.#chunk.length) {
        const piece = this.#chunk.subarray(from, from + length - done);
        bytes.set(piece, done);
        done += piece.length;
      } else await this.#advance();
    }
    return bytes;
  }

  async #restart(): Promise<void> {
    await this.#chunks?.return(undefined);
    this.#chunks = inflate(this.#file, this.#start);
    this.#chunk = new Uint8Array(0);
    this.#chunkOffset = 0;
  }

  async #advance(): Promise<void> {
    const next = await this.#chunks?.next();
    if (!next || next.done) throw new DicomError('truncated', `${this.path} changed while it was read; read it again`);
    this.#chunkOffset += this.#chunk.length;
    this.#chunk = next.value;
  }

  async close(): Promise<void> {
    await this.#turn;
    await this.#chunks?.return(undefined);
    await this.#file.close();
  }
}
