/** Requests to answers: the address, the right to ask, the parameters, the handler; every error a JSON body with its code. */
import { createServer as createPlain, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecure } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as z from 'zod';
import type { ApiRoute, RouteName } from '../api-routes.ts';
import { ServerError, withoutFolders } from '../errors.ts';
import { limitedStream, tooLarge } from '../intake/limited-stream.ts';
import type { Log } from '../log.ts';
import type { RequestMetrics } from '../metrics.ts';
import type { TlsFiles, UploadLimits } from '../settings.ts';
import { type AccessRules, checkOrigin, checkRole, userOf } from './access.ts';
import { type Failure, failureOf } from './failure.ts';
import type { ApiRequest, Handlers, RawAnswer } from './handlers.ts';
import { matchRoute } from './router.ts';
import { LOCAL_USER } from './tokens.ts';

/** What the server is made of. */
export interface HttpPlace {
  readonly handlers: Handlers;
  readonly access: AccessRules;
  readonly limits: UploadLimits;
  readonly log: Log;
  readonly metrics: RequestMetrics;
  readonly tls?: TlsFiles | undefined;
}

/** JSON bodies are small; what is large comes as a file. */
const JSON_LIMIT = 2 ** 20;
const HEADERS_TIMEOUT_MS = 30_000;
/** Longer than a page is idle between two pictures: a connection that closes just as it is used again is an error to its user. */
const KEEP_ALIVE_MS = 75_000;
/** How long a body is still read after its refusal, so that the sender gets to see it. */
const LINGER_MS = 1000;

/** For every answer: nothing is guessed, framed, shared with other origins or run that is not the viewer's own. */
const SECURITY_HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Content-Security-Policy':
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
} as const;

/** A server that does not listen yet. */
export function httpServer(place: HttpPlace): Server {
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    answer(place, request, response).catch((error) => {
      place.log('error', 'answer-failed', { reason: String((error as Error).message) });
      response.destroy();
    });
  };
  const server = place.tls ? createSecure({ ...place.tls, minVersion: 'TLSv1.2' }, handle) : createPlain(handle);
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = 1000 * (place.limits.uploadSeconds + 60);
  return server;
}

async function answer(place: HttpPlace, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const started = performance.now();
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  request.on('error', () => undefined); // the stream's reader is told as well
  response.on('error', () => undefined); // a client that leaves is no error
  let name: RouteName | 'none' = 'none';
  let user: string | undefined;
  let code: string | undefined;
  try {
    const url = new URL(request.url ?? '/', 'http://server');
    const matched = matchRoute(request.method ?? 'GET', url.pathname);
    name = matched.name;
    checkOrigin(request, place.access);
    const asking = await userOf(request, place.access);
    user = asking?.name;
    const { route, params } = matched;
    const role = route.role === 'anybody' ? (asking ?? { ...LOCAL_USER, groups: [] }) : checkRole(asking, route.role);
    const parsed = {
      ...{ user: role, params, headers: request.headers, signal: gone.signal },
      query: route.query ? parse(route.query, Object.fromEntries(url.searchParams), 'the query') : undefined,
      stream: bodyOf(place.limits, route, request),
      body: route.body instanceof z.ZodType ? parse(route.body, await readJson(request), 'the body') : undefined,
    };
    // the table of handlers is typed by name; here the name is a value
    const handler = place.handlers[name] as (request: ApiRequest) => Promise<RawAnswer & { readonly json?: unknown }>;
    const given = await handler(parsed);
    await send(request, response, route, given);
  } catch (error) {
    const failure = failureOf(error);
    code = failure.body.error.code;
    if (failure.status === 500) place.log('error', 'handler-failed', { route: name, reason: describe(error) });
    if (response.headersSent) response.destroy();
    else refuse(request, response, failure);
  } finally {
    const seconds = (performance.now() - started) / 1000;
    const { statusCode: status } = response;
    place.metrics.observe(name, status, seconds);
    place.log(status >= 500 ? 'error' : 'info', 'request', {
      ...{ route: name, method: request.method ?? '', status, seconds: Number(seconds.toFixed(4)) },
      ...(user !== undefined && { user }),
      ...(code !== undefined && { code }),
    });
  }
}

/** A value by its schema; ServerError 'request-invalid' names the first field that is wrong. */
function parse<T extends z.ZodType>(schema: T, value: unknown, what: string): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue?.path.join('.') || what;
  throw new ServerError(
    'request-invalid',
    `${what} cannot be read: ${field}: ${issue?.message}; /openapi.json has its form`,
  );
}

function bodyOf(limits: UploadLimits, { body }: ApiRoute, request: IncomingMessage) {
  const isRead = Array.isArray(body);
  if (isRead && Number(request.headers['content-length'] ?? 0) > limits.requestBytes)
    throw tooLarge(limits.requestBytes);
  return isRead ? limitedStream(request, limits) : Readable.from([]);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const pieces: Uint8Array[] = [];
  for await (const piece of limitedStream(request, { requestBytes: JSON_LIMIT, uploadSeconds: 30 })) pieces.push(piece);
  const text = Buffer.concat(pieces).toString('utf8');
  try {
    return text === '' ? {} : JSON.parse(text);
  } catch {
    throw new ServerError('request-invalid', 'the body is no JSON: /openapi.json has its form');
  }
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  route: ApiRoute,
  given: RawAnswer & { readonly json?: unknown },
) {
  const { status = route.status ?? 200, headers = {}, body, json } = given;
  const isJson = route.answer instanceof z.ZodType;
  response.writeHead(status, {
    ...SECURITY_HEADERS,
    'Cache-Control': 'no-store',
    ...(isJson && { 'Content-Type': 'application/json' }),
    ...headers,
  });
  if (request.method === 'HEAD') response.end();
  else if (isJson) response.end(JSON.stringify(json));
  else if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) response.end(body);
  else await pipeline(Readable.from(body, { objectMode: false }), response).catch(clientGone);
}

/** A client that leaves in the middle of an answer is no error. */
function clientGone(error: NodeJS.ErrnoException): void {
  if (!['ERR_STREAM_PREMATURE_CLOSE', 'EPIPE', 'ECONNRESET', 'ERR_STREAM_UNABLE_TO_PIPE'].includes(error.code ?? ''))
    throw error;
}

const describe = (error: unknown): string =>
  withoutFolders(error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 500) : 'no error object');

function refuse(request: IncomingMessage, response: ServerResponse, { status, body }: Failure): void {
  const isWhole = request.complete;
  response.writeHead(status, {
    ...SECURITY_HEADERS,
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    ...(status === 401 && { 'WWW-Authenticate': 'Bearer' }),
    ...(status === 503 && { 'Retry-After': '5' }),
    ...(!isWhole && { Connection: 'close' }),
  });
  response.end(JSON.stringify(body));
  if (isWhole) return;
  request.resume();
  setTimeout(() => request.destroy(), LINGER_MS).unref();
}
