/** Bytes at offsets of a Blob: a file that a user gave a page, or what a server answered. */
import { DicomError } from '../errors.ts';
import type { ByteSource } from '../header/byte-source.ts';
import { checkInflated, pastEnd } from '../header/source-limits.ts';

/** A page holds the whole of what it inflates, so it stops earlier than a file's reader does. */
const INFLATED_LIMIT = 2 ** 30;

/** A Blob as a source; a slice is read when it is asked for, and nothing is held. */
export function blobSource(blob: Blob, name: string): ByteSource {
  return {
    path: name,
    size: blob.size,
    async read(offset, length) {
      if (length < 0 || offset + length > blob.size) throw pastEnd(name, offset, length, blob.size);
      const bytes = await blob
        .slice(offset, offset + length)
        .arrayBuffer()
        .catch((error) => {
          throw new DicomError('file-unreadable', `${name} cannot be read: ${(error as Error).message}`);
        });
      return new Uint8Array(bytes);
    },
    close: async () => undefined,
  };
}

/** The data set of a deflated file (PS3.5 A.5) from an offset on, inflated as a whole. */
export async function inflatedSource(source: ByteSource, start: number): Promise<ByteSource> {
  const bytes = await source.read(start, source.size - start);
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read().catch((error) => {
      const reason = (error as Error).message;
      throw new DicomError('truncated', `${source.path}: its deflated data set cannot be inflated: ${reason}`);
    });
    if (done) return blobSource(new Blob(chunks), source.path);
    size += value.length;
    checkInflated(size, INFLATED_LIMIT, source.path);
    chunks.push(value as Uint8Array<ArrayBuffer>);
  }
}
