/** Bodies of several parts, multipart/form-data (RFC 7578) and multipart/related (RFC 2387), part by part as the bytes come (RFC 2046 section 5.1). */
import { ServerError } from '../errors.ts';
import type { ByteStream } from './incoming-file.ts';

/** A part; its body is read before the next part is asked for, or skipped. */
export interface Part {
  /** By names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: ByteStream;
}

const HEADER_LIMIT = 16 * 1024;
const PART_LIMIT = 10_000;
const CRLF = '\r\n';

/** The boundary of a Content-Type; ServerError 'request-invalid' where there is none. */
export function boundaryOf(contentType: string): string {
  const [, quoted, bare] = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;]{1,70}))/i.exec(contentType) ?? [];
  const boundary = quoted ?? bare;
  if (boundary !== undefined) return boundary;
  throw new ServerError(
    'request-invalid',
    'Content-Type is multipart and names no boundary: send the header that the body was made with',
  );
}

/** A parameter of a header, as in `form-data; name="file"; filename="a.dcm"`. */
export function headerParameter(header: string, name: string): string | undefined {
  const [, quoted, bare] = new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;]+))`, 'i').exec(header) ?? [];
  return quoted?.replaceAll(/\\(.)/g, '$1') ?? bare;
}

const notWhole = () =>
  new ServerError('upload-incomplete', 'the body ended before its closing boundary: send it again');

/**
 * The parts of a body. ServerError 'request-invalid' for parts without end, and where it ends before its closing boundary what `incomplete`
 * gives, 'upload-incomplete' unless it is somebody else's answer.
 */
export async function* multipart(
  source: ByteStream,
  boundary: string,
  incomplete: () => ServerError = notWhole,
): AsyncGenerator<Part, void, undefined> {
  const reader = new DelimitedReader(source, incomplete);
  const delimiter = Buffer.from(`${CRLF}--${boundary}`);
  // the first boundary may stand at the very beginning, without a line end before it
  reader.unread(Buffer.from(CRLF));
  await drain(reader.until(delimiter));
  for (let parts = 0; ; parts++) {
    if (await reader.startsWith('--')) return; // no line end need follow
    await reader.line();
    if (parts === PART_LIMIT)
      throw new ServerError('request-invalid', `the body has more than ${PART_LIMIT} parts: send fewer at a time`);
    const headers = await readHeaders(reader);
    const body = reader.until(delimiter);
    yield { headers, body };
    await drain(body);
  }
}

async function readHeaders(reader: DelimitedReader): Promise<ReadonlyMap<string, string>> {
  const headers = new Map<string, string>();
  for (let bytes = 0; ; ) {
    const line = await reader.line();
    if (line === '') return headers;
    bytes += line.length;
    const colon = line.indexOf(':');
    if (bytes > HEADER_LIMIT || colon < 1)
      throw new ServerError(
        'request-invalid',
        'a part of the body has headers that cannot be read: send it as RFC 2046 has it',
      );
    headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
}

async function drain(body: ByteStream): Promise<void> {
  for await (const piece of body) void piece;
}

/** Reads a stream up to delimiters, holding no more than a chunk and a delimiter. */
class DelimitedReader {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #incomplete: () => ServerError;
  #held: Buffer = Buffer.alloc(0);

  constructor(source: ByteStream, incomplete: () => ServerError) {
    this.#source = source[Symbol.asyncIterator]();
    this.#incomplete = incomplete;
  }

  unread(bytes: Buffer): void {
    this.#held = Buffer.concat([bytes, this.#held]);
  }

  async #more(): Promise<void> {
    const { done, value } = await this.#source.next();
    if (done) throw this.#incomplete();
    this.#held = Buffer.concat([this.#held, value]);
  }

  /** The bytes before the delimiter, which is taken as well. Once at the end it gives nothing more. */
  async *until(delimiter: Buffer): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const at = this.#held.indexOf(delimiter);
      const ready = at < 0 ? this.#held.length - delimiter.length + 1 : at;
      const piece = this.#held.subarray(0, Math.max(0, ready));
      if (at >= 0) {
        this.#held = this.#held.subarray(at + delimiter.length);
        if (piece.length > 0) yield piece;
        return;
      }
      this.#held = this.#held.subarray(piece.length);
      if (piece.length > 0) yield piece;
      await this.#more();
    }
  }

  /** Whether a text comes next; it is not taken. */
  async startsWith(text: string): Promise<boolean> {
    while (this.#held.length < text.length) await this.#more();
    return this.#held.toString('latin1', 0, text.length) === text;
  }

  /** Text up to a line end. */
  async line(): Promise<string> {
    for (;;) {
      const at = this.#held.indexOf(CRLF);
      if (at >= 0) {
        const text = this.#held.toString('utf8', 0, at);
        this.#held = this.#held.subarray(at + CRLF.length);
        return text;
      }
      if (this.#held.length > HEADER_LIMIT)
        throw new ServerError(
          'request-invalid',
          'a part of the body has headers that cannot be read: send it as RFC 2046 has it',
        );
      await this.#more();
    }
  }
}
