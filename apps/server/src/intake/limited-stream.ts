/** A request's body that ends with an error where it has more bytes or takes longer than it may. */
import { ServerError } from '../errors.ts';
import type { ByteStream } from './incoming-file.ts';

/** ServerError 'upload-too-large', 'upload-too-slow', and 'upload-incomplete' where the sender went away. */
export async function* limitedStream(
  source: ByteStream,
  { requestBytes, uploadSeconds }: { readonly requestBytes: number; readonly uploadSeconds: number },
): AsyncGenerator<Uint8Array, void, undefined> {
  const end = AbortSignal.timeout(1000 * uploadSeconds);
  const late = new Promise<never>((_, reject) => {
    end.addEventListener('abort', () => reject(tooSlow(uploadSeconds)), { once: true });
  });
  late.catch(() => undefined); // nobody may be waiting by then
  const pieces = source[Symbol.asyncIterator]();
  for (let bytes = 0; ; ) {
    const next = await Promise.race([pieces.next(), late]).catch((error) => {
      if (error instanceof ServerError) throw error;
      throw new ServerError('upload-incomplete', 'the connection ended before the upload was whole: send it again', {
        cause: error,
      });
    });
    if (next.done) return;
    bytes += next.value.length;
    if (bytes > requestBytes) throw tooLarge(requestBytes);
    yield next.value;
  }
}

const tooSlow = (seconds: number) =>
  new ServerError('upload-too-slow', `the upload took longer than ${seconds} s: send fewer files at a time`);

export const tooLarge = (bytes: number) =>
  new ServerError('upload-too-large', `a request may have ${bytes} bytes: send fewer files at a time`);
