/** The bytes of a file in pieces. It is opened when the first is asked for: a stream that waits for its reader would have nobody to tell that it cannot be read. */
import { createReadStream } from 'node:fs';

/** Errors are those of node:fs, thrown to the reader. */
export async function* fileStream(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  yield* createReadStream(path) as AsyncIterable<Buffer>;
}
