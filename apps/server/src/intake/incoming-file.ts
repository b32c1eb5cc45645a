/** Bytes from outside as a file in the folder of what comes in: counted, digested, and gone unless somebody keeps it. */
import { createHash, randomUUID } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ServerError } from '../errors.ts';

/** Bytes in pieces. */
export type ByteStream = AsyncIterable<Uint8Array>;

/** A file that came in and is removed on disposal, where it was not moved. */
export interface IncomingFile extends AsyncDisposable {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  /** The first bytes, which say what it is. */
  readonly head: Uint8Array;
}

/** Preamble and prefix of a DICOM file. */
const HEAD_BYTES = 132;

/** Writes a stream to a file. ServerError 'upload-too-large' from the first byte beyond the limit on; what was written is then removed. */
export async function receiveFile(folder: string, source: ByteStream, limitBytes: number): Promise<IncomingFile> {
  const path = join(folder, `${process.pid}-${randomUUID()}.part`);
  const dispose = () => rm(path, { force: true });
  const hash = createHash('sha256');
  const head: Uint8Array[] = [];
  let bytes = 0;
  try {
    await using file = await open(path, 'wx');
    for await (const piece of source) {
      if (bytes < HEAD_BYTES) head.push(piece.slice(0, HEAD_BYTES - bytes));
      bytes += piece.length;
      if (bytes > limitBytes)
        throw new ServerError('upload-too-large', `the file has more than ${limitBytes} bytes: send a smaller one`);
      hash.update(piece);
      await file.writeFile(piece);
    }
    await file.sync();
  } catch (error) {
    await dispose();
    throw error;
  }
  return { path, bytes, sha256: hash.digest('hex'), head: Buffer.concat(head), [Symbol.asyncDispose]: dispose };
}
