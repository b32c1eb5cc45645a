/** DICOMweb as a client: studies found (QIDO-RS) and fetched (WADO-RS), results sent (STOW-RS). The one place that asks another machine for something. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { JsonDataSet } from '../dicomweb/dicom-json.ts';
import { ServerError } from '../errors.ts';
import type { ByteStream } from '../intake/incoming-file.ts';
import { boundaryOf, multipart } from '../intake/multipart.ts';
import type { PacsAddress } from '../settings.ts';

const ANSWER_MS = 20_000;
const TRANSFER_MS = 600_000;
const JSON_LIMIT = 32 * 2 ** 20;

/** ServerError 'pacs-failed' with what the PACS said. */
async function ask(
  { name, url, authorization }: PacsAddress,
  path: string,
  init: RequestInit,
  limitMs: number,
): Promise<Response> {
  const headers = new Headers(init.headers);
  if (authorization !== undefined) headers.set('Authorization', authorization);
  headers.set('Connection', 'close'); // one that is kept may be closed by the PACS just as it is used again
  let response: Response;
  try {
    const request = { ...init, headers, redirect: 'error', signal: AbortSignal.timeout(limitMs) } as const;
    response = await fetch(`${url}${path}`, request);
  } catch (error) {
    const reason = error instanceof Error ? ((error.cause as Error | undefined)?.message ?? error.message) : '';
    throw new ServerError(
      'pacs-failed',
      `the PACS ${name} does not answer (${reason}): see that it runs and that its address is right`,
      { cause: error },
    );
  }
  if (response.ok) return response;
  await response.body?.cancel();
  throw new ServerError(
    'pacs-failed',
    `the PACS ${name} answers ${response.status}: see its log, and that the credentials are right`,
  );
}

async function json(pacs: PacsAddress, response: Response): Promise<unknown> {
  const text = await textOf(pacs, response);
  try {
    return text === '' ? [] : JSON.parse(text);
  } catch {
    throw new ServerError(
      'pacs-failed',
      `the PACS ${pacs.name} answers with what is no JSON: see that its address is that of DICOMweb`,
    );
  }
}

async function textOf({ name }: PacsAddress, response: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    bytes += piece.length;
    if (bytes > JSON_LIMIT)
      throw new ServerError('pacs-failed', `the PACS ${name} answers with more than ${JSON_LIMIT} bytes: ask for less`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** Text of an element, the first value. */
export function textIn(dataSet: JsonDataSet, tag: string): string | null {
  const [value] = dataSet[tag]?.Value ?? [];
  const text =
    typeof value === 'object' && value !== null ? (value as { readonly Alphabetic?: unknown }).Alphabetic : value;
  return typeof text === 'string' || typeof text === 'number' ? String(text) : null;
}

/** Rows of a query, such as '/studies?PatientID=1'. */
export async function findInPacs(pacs: PacsAddress, path: string): Promise<readonly JsonDataSet[]> {
  const answer = await ask(pacs, path, { headers: { Accept: 'application/dicom+json' } }, ANSWER_MS);
  const rows = await json(pacs, answer);
  return Array.isArray(rows) ? (rows as readonly JsonDataSet[]) : [];
}

/** The objects of a study as files, one after the other as they come. */
export async function* fetchStudy(pacs: PacsAddress, study: string): AsyncGenerator<ByteStream, void, undefined> {
  const accept = 'multipart/related; type="application/dicom"; transfer-syntax=*';
  const answer = await ask(pacs, `/studies/${study}`, { headers: { Accept: accept } }, TRANSFER_MS);
  const type = answer.headers.get('content-type') ?? '';
  if (!answer.body || !/multipart\/related/i.test(type))
    throw new ServerError(
      'pacs-failed',
      `the PACS ${pacs.name} answers with ${type.slice(0, 60) || 'nothing'} where multipart/related was asked for`,
    );
  for await (const { body } of multipart(answer.body, boundaryOf(type))) yield body;
}

/** What became of objects that were sent. */
export interface SentObjects {
  readonly stored: readonly string[];
  readonly refused: readonly { readonly instance: string; readonly reason: string }[];
}

/** Sends files with STOW-RS, one a request, so that a PACS that refuses one still has the others. */
export async function sendFiles(pacs: PacsAddress, files: readonly string[]): Promise<SentObjects> {
  const stored: string[] = [];
  const refused: { instance: string; reason: string }[] = [];
  for (const file of files) {
    const answer = (await json(pacs, await post(pacs, await readFile(file)))) as JsonDataSet;
    const items = (tag: string) => (answer[tag]?.Value ?? []) as readonly JsonDataSet[];
    for (const item of items('00081199')) stored.push(textIn(item, '00081155') ?? '');
    for (const item of items('00081198')) {
      const instance = textIn(item, '00081155') ?? '0';
      refused.push({
        instance,
        reason: `failure ${Number(textIn(item, '00081197') ?? 0).toString(16)} (hexadecimal, PS3.18 10.5.3)`,
      });
    }
  }
  return { stored, refused };
}

function post(pacs: PacsAddress, object: Uint8Array): Promise<Response> {
  const boundary = `mammoscope-${randomUUID()}`;
  const body = Buffer.concat([
    Buffer.from(`--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`),
    object,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
  const headers = {
    'Content-Type': `multipart/related; type="application/dicom"; boundary=${boundary}`,
    Accept: 'application/dicom+json',
  };
  return ask(pacs, '/studies', { method: 'POST', headers, body }, TRANSFER_MS);
}
