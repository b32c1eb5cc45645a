/** An image of the server, read frame by frame over DICOMweb. */
import { type DicomFile, type LoadLibrary, openDicomWeb } from '@mammoscope/dicom/browser';
import { ask } from '../own-origin.ts';
import type { ImageSource } from './protocol.ts';

/** Opens an image by its metadata; a frame is asked for when it is wanted, as it is stored, and `first` together with the metadata. */
export async function openAtServer(
  { metadata, framesAt, name }: Extract<ImageSource, { kind: 'server' }>,
  load: LoadLibrary,
  first: number | null,
): Promise<DicomFile> {
  let early = first === null ? null : { frame: first, answer: askFrame(first) };
  early?.answer.catch(() => undefined); // said when the frame is read
  const answer = await ask(metadata, { headers: { Accept: 'application/dicom+json' } });
  if (!answer.ok) throw new Error(`${name}: the server answered ${answer.status} for its attributes`);
  const [object] = (await answer.json()) as readonly object[];
  if (!object) throw new Error(`${name}: the server has no attributes of it`);
  return openDicomWeb(name, object, load, (frame) => {
    const begun = early?.frame === frame ? early.answer : askFrame(frame);
    early = null;
    return begun;
  });

  async function askFrame(frame: number) {
    const accept = 'multipart/related; type="application/octet-stream"; transfer-syntax=*';
    // the page keeps the frames that it shows: the browser's cache need not
    const part = await ask(`${framesAt}/${frame + 1}`, { headers: { Accept: accept }, cache: 'no-store' });
    if (!part.ok) throw new Error(`${name}: the server answered ${part.status} for slice ${frame + 1}`);
    return firstPart(await part.arrayBuffer(), part.headers.get('Content-Type') ?? '');
  }
}

/** The body of the first part of a multipart answer (RFC 2046 5.1), and the transfer syntax that its Content-Type names. */
export function firstPart(buffer: ArrayBuffer, contentType: string) {
  const bytes = new Uint8Array(buffer);
  const boundary = /boundary="?([^";]+)"?/i.exec(contentType)?.[1];
  if (!boundary) return { bytes, transferSyntax: syntaxOf(contentType) };
  const start = indexOf(bytes, `--${boundary}`, 0);
  const body = indexOf(bytes, '\r\n\r\n', start) + 4;
  if (start < 0 || body < 4) throw new Error('the server answered with a multipart body without parts');
  const headers = new TextDecoder('latin1').decode(bytes.subarray(start, body));
  const length = Number(/content-length:\s*(\d+)/i.exec(headers)?.[1] ?? Number.NaN);
  const end = Number.isInteger(length) ? body + length : indexOf(bytes, `\r\n--${boundary}`, body);
  if (end < 0 || end > bytes.length) throw new Error('the server answered with a multipart body that was cut');
  return { bytes: bytes.subarray(body, end), transferSyntax: syntaxOf(headers) };
}

const syntaxOf = (text: string): string | undefined => /transfer-syntax="?([0-9.]+)"?/i.exec(text)?.[1];

function indexOf(bytes: Uint8Array, text: string, from: number): number {
  const wanted = [...text].map((letter) => letter.charCodeAt(0));
  const [first = 0] = wanted;
  for (let at = bytes.indexOf(first, from); at >= 0; at = bytes.indexOf(first, at + 1))
    if (wanted.every((value, i) => bytes[at + i] === value)) return at;
  return -1;
}
