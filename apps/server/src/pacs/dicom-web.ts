/** DICOMweb as a client: studies found (QIDO-RS) and fetched (WADO-RS), results sent (STOW-RS). */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { JsonDataSet } from '../dicomweb/dicom-json.ts';
import { ServerError } from '../errors.ts';
import type { ByteStream } from '../intake/incoming-file.ts';
import { boundaryOf, multipart } from '../intake/multipart.ts';
import type { PacsAddress } from '../settings.ts';
import { askPacs, type PacsAnswer } from './pacs-request.ts';

const ANSWER_MS = 20_000;
const TRANSFER_MS = 600_000;
const JSON_LIMIT = 32 * 2 ** 20;
const DICOM_JSON = 'application/dicom+json';

async function json(pacs: PacsAddress, answer: PacsAnswer): Promise<unknown> {
  const text = await textOf(pacs, answer);
  try {
    return text === '' ? [] : JSON.parse(text);
  } catch {
    throw new ServerError(
      'pacs-failed',
      `the PACS ${pacs.name} answers with what is no JSON: see that its address is that of DICOMweb`,
    );
  }
}

async function textOf({ name }: PacsAddress, { body }: PacsAnswer): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of body) {
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
  const answer = await askPacs(pacs, { path, headers: { Accept: DICOM_JSON }, limitMs: ANSWER_MS });
  const rows = await json(pacs, answer);
  return Array.isArray(rows) ? (rows as readonly JsonDataSet[]) : [];
}

/** The objects of a study as files, one after the other as they come. */
export async function* fetchStudy(pacs: PacsAddress, study: string): AsyncGenerator<ByteStream, void, undefined> {
  const accept = 'multipart/related; type="application/dicom"; transfer-syntax=*';
  const path = `/studies/${study}`;
  const { headers, body: parts } = await askPacs(pacs, { path, headers: { Accept: accept }, limitMs: TRANSFER_MS });
  const type = headers['content-type'] ?? '';
  if (!/multipart\/related/i.test(type))
    throw new ServerError(
      'pacs-failed',
      `the PACS ${pacs.name} answers with ${type.slice(0, 60) || 'nothing'} where multipart/related was asked for`,
    );
  const incomplete = () =>
    new ServerError(
      'pacs-failed',
      `the PACS ${pacs.name} broke off its answer: see its log, and fetch the study again`,
    );
  for await (const { body } of multipart(parts, boundaryOf(type), incomplete)) yield body;
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

function post(pacs: PacsAddress, object: Uint8Array): Promise<PacsAnswer> {
  const boundary = `mammoscope-${randomUUID()}`;
  const body = Buffer.concat([
    Buffer.from(`--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`),
    object,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
  const headers = {
    'Content-Type': `multipart/related; type="application/dicom"; boundary=${boundary}`,
    Accept: DICOM_JSON,
  };
  return askPacs(pacs, { path: '/studies', headers, body, limitMs: TRANSFER_MS });
}
