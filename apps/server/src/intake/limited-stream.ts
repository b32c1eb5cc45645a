/** A request's body that ends with an error where it has more bytes or takes longer than it may. */
import { ServerError } from '../errors.ts';
import type { ByteStream } from './incoming-file.ts';

/** ServerError 'upload-too-large', 'upload-too-slow', and 'upload-incomplete' where the sender went away. */
export async function* limitedStream(
  source: ByteStream,
  { requestBytes, uploadSeconds }: { readonly requestBytes: number; readonly uploadSeconds: number },
): AsyncGenerator<Uint8Array, void, undefined> {
  const pieces = source[Symbol.asyncIterator]();
  // one that waits at a time: a race with a promise that lasts would hold every piece until it settles
  let giveUp: (() => void) | undefined;
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    giveUp?.();
  }, 1000 * uploadSeconds);
  const nextPiece = () =>
    new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
      giveUp = () => reject(tooSlow(uploadSeconds));
      if (isLate) giveUp();
      else pieces.next().then(resolve, (error) => reject(incomplete(error)));
    });
  try {
    for (let bytes = 0; ; ) {
      const { done, value } = await nextPiece();
      if (done) return;
      bytes += value.length;
      if (bytes > requestBytes) throw tooLarge(requestBytes);
      yield value;
    }
  } finally {
    clearTimeout(timer);
  }
}

const incomplete = (cause: unknown) =>
  new ServerError('upload-incomplete', 'the connection ended before the upload was whole: send it again', { cause });

const tooSlow = (seconds: number) =>
  new ServerError('upload-too-slow', `the upload took longer than ${seconds} s: send fewer files at a time`);

export const tooLarge = (bytes: number) =>
  new ServerError('upload-too-large', `a request may have ${bytes} bytes: send fewer files at a time`);
