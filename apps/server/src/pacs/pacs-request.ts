/** A request to a PACS, on a connection of its own, and what comes of it. The one place that asks another machine for something. */
import { type IncomingHttpHeaders, type IncomingMessage, request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';
import { ServerError } from '../errors.ts';
import type { ByteStream } from '../intake/incoming-file.ts';
import type { PacsAddress } from '../settings.ts';

/** What is asked. */
export interface PacsRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent with POST; without one it is GET. */
  readonly body?: Uint8Array;
  /** For all of it, the body of the answer included. */
  readonly limitMs: number;
}

/** An answer of status 2xx. */
export interface PacsAnswer {
  readonly headers: IncomingHttpHeaders;
  /** As it comes; ServerError 'pacs-failed' where it breaks off. */
  readonly body: ByteStream;
}

/** Asks. ServerError 'pacs-failed' where nobody answers, and for every status but 2xx: redirections are not followed, credentials go nowhere else. */
export async function askPacs(pacs: PacsAddress, asked: PacsRequest): Promise<PacsAnswer> {
  const answer = await sent(pacs, asked).catch((error: unknown) => {
    throw new ServerError(
      'pacs-failed',
      `the PACS ${pacs.name} does not answer (${reasonOf(error)}): see that it runs and that its address is right`,
      { cause: error },
    );
  });
  const { statusCode: status = 0, headers } = answer;
  if (status >= 200 && status < 300) return { headers, body: bodyOf(pacs, answer) };
  answer.destroy();
  throw new ServerError(
    'pacs-failed',
    `the PACS ${pacs.name} answers ${status}: see its log, and that the credentials are right`,
  );
}

/**
 * node:http rather than fetch: undici fails an assertion outside all handlers, which ends the server, when a PACS that keeps no connections
 * closes one whose body waits for its reader.
 */
function sent(
  { url, authorization }: PacsAddress,
  { path, headers, body, limitMs }: PacsRequest,
): Promise<IncomingMessage> {
  const target = new URL(`${url}${path}`);
  const options = {
    method: body ? 'POST' : 'GET',
    headers: { ...headers, ...(authorization !== undefined && { Authorization: authorization }) },
    agent: false, // a connection that is kept may be closed by the PACS just as it is used again
    signal: AbortSignal.timeout(limitMs),
  } as const;
  return new Promise((resolve, reject) => {
    const request = (target.protocol === 'https:' ? overHttps : overHttp)(target, options, resolve);
    request.on('error', reject); // stays: an error after the answer has begun is the body's, and is told there
    request.end(body);
  });
}

async function* bodyOf({ name }: PacsAddress, answer: IncomingMessage): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* answer as AsyncIterable<Buffer>;
  } catch (error) {
    throw new ServerError(
      'pacs-failed',
      `the PACS ${name} broke off its answer (${reasonOf(error)}): see its log, and ask again`,
      { cause: error },
    );
  }
}

/** Where a name has several addresses that all fail, the error has a code and no message. */
function reasonOf(error: unknown): string {
  const { message = '', code = 'no reason given' } = error as NodeJS.ErrnoException;
  return message || code;
}
