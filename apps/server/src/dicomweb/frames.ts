/** Frames as the parts of a multipart answer (PS3.18 10.4.1.1.6), one in memory at a time. */
import type { DicomFile } from '@mammoscope/dicom';
import { ServerError } from '../errors.ts';
import type { RawAnswer } from '../http/handlers.ts';
import type { OpenImages } from './open-images.ts';

const BOUNDARY = 'mammoscope-part';
const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';

/** Parts with their headers as one body. */
export async function* partsOf(
  parts: AsyncIterable<{ readonly type: string; readonly body: AsyncIterable<Uint8Array> | Uint8Array }>,
) {
  const text = (line: string) => new TextEncoder().encode(line);
  for await (const { type, body } of parts) {
    const isWhole = body instanceof Uint8Array;
    yield text(partHead(type, isWhole ? body.length : undefined));
    if (isWhole) yield body;
    else yield* body;
    yield text('\r\n');
  }
  yield text(END);
}

const END = `--${BOUNDARY}--\r\n`;

/** Its length, where it is known, spares the reader a search for the boundary. */
const partHead = (type: string, length: number | undefined): string =>
  `--${BOUNDARY}\r\nContent-Type: ${type}\r\n${length === undefined ? '' : `Content-Length: ${length}\r\n`}\r\n`;

/** The header of a multipart answer. */
export const relatedType = (type: string) => ({
  'Content-Type': `multipart/related; type="${type}"; boundary=${BOUNDARY}`,
});

/** "1,2,5" as numbers from 0; ServerError 'request-invalid', 'not-found'. */
export function frameNumbers(text: string, count: number): readonly number[] {
  if (!/^\d{1,5}(,\d{1,5}){0,499}$/.test(text))
    throw new ServerError('request-invalid', 'frames must be numbers from 1, separated by commas, such as 1 or 1,2,5');
  const numbers = text.split(',').map(Number);
  const missing = numbers.find((number) => number < 1 || number > count);
  if (missing !== undefined)
    throw new ServerError('not-found', `the image has the frames 1 to ${count}, and ${missing} was asked for`);
  return numbers.map((number) => number - 1);
}

/** Whether frames are wanted as they are stored. `Accept: ...; transfer-syntax=*` says so; the default is decoded, little-endian. */
export function wantsStored(accept: string): boolean {
  return /transfer-syntax="?\*"?/.test(accept);
}

/** ServerError 'accept-invalid' where neither octets nor anything will do. */
export function checkAccept(accept: string | undefined, type: string): void {
  if (!accept || /\*\/\*|multipart\/\*/.test(accept)) return;
  if (
    accept.includes('multipart/related') &&
    (!/type=/.test(accept) || accept.includes(type) || /type="?\*\/\*/.test(accept))
  )
    return;
  throw new ServerError('accept-invalid', `this is given as multipart/related; type="${type}": ask for that in Accept`);
}

/** The bytes of a frame and the syntax that they are in. */
async function frameBytes(
  file: DicomFile,
  frame: number,
  asStored: boolean,
): Promise<{ readonly syntax: string; readonly bytes: Uint8Array }> {
  const stored = asStored ? await file.codestream(frame) : null;
  if (stored) return { syntax: file.transferSyntax.uid, bytes: stored };
  const { data } = await file.frame(frame);
  return { syntax: EXPLICIT_LITTLE_ENDIAN, bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

/** An answer with frames. The first is read before the answer begins, so that what cannot be read is an error and no torn body. */
export async function framesAnswer(
  images: OpenImages,
  path: string,
  frames: readonly number[],
  accept: string,
): Promise<RawAnswer> {
  const asStored = wantsStored(accept);
  const read = (frame: number) => images.use(path, (file) => frameBytes(file, frame, asStored));
  const [first = 0, ...more] = frames;
  const begun = await read(first);
  async function* parts() {
    yield part(begun);
    for (const frame of more) yield part(await read(frame));
  }
  const part = ({ syntax, bytes }: { readonly syntax: string; readonly bytes: Uint8Array }) => ({
    type: `application/octet-stream; transfer-syntax=${syntax}`,
    body: bytes,
  });
  const headers = { ...relatedType('application/octet-stream'), ...CACHED };
  if (more.length > 0) return { headers, body: partsOf(parts()) };
  const { type, body } = part(begun);
  const length = partHead(type, body.length).length + body.length + '\r\n'.length + END.length;
  return { headers: { ...headers, 'Content-Length': `${length}` }, body: partsOf(parts()) };
}

/** An image never changes under its UIDs: what a browser has it need not ask for again, for as long as the page is open. */
export const CACHED = { 'Cache-Control': 'private, max-age=3600' };
