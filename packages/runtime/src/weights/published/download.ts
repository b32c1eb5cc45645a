/**
 * Downloads a file whose SHA-256 is known: the only use of a network in the whole product. Nothing is sent but the request
 * (RFC 9110). What arrives goes to a partial file; a download that broke off goes on from there with Range and If-Range, so
 * that the pieces are of one file. Only a file with the right SHA-256 gets the name. Where only the first digits of it are
 * known, the whole SHA-256 of the first download is kept beside the file, in NAME.sha256, and later ones are held to it.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { userCache, writeAside } from '@mammoscope/files';
import { WeightsError } from '../errors.ts';
import type { PublishedFile } from './published-files.ts';

/** How a download reports and when it gives up. */
export interface DownloadOptions {
  /** Bytes so far and in all, where the server says how many. */
  readonly onProgress?: (done: number, total: number | null) => void;
  /** Without a byte for this long the download has failed. */
  readonly stallMs?: number;
}

/** A downloaded file. */
export interface Downloaded {
  readonly path: string;
  readonly sha256: string;
  /** True when it was there already, with the right SHA-256. */
  readonly cached: boolean;
}

/** Larger files are not taken: the largest that is published has 575 MB. */
const DOWNLOAD_LIMIT = 2 ** 30;
const STALL_MS = 60_000;

/** Where published weights are kept: the user's cache folder. */
export const publishedFolder = (): string => userCache('weights');

/**
 * Downloads a file into a folder, which is made; what is there already with the right SHA-256 is kept. WeightsError
 * 'download-failed' keeps what has arrived for the next time; 'download-mismatch' throws it away.
 */
export async function download(
  { address, sha256 }: PublishedFile,
  folder: string,
  options: DownloadOptions = {},
): Promise<Downloaded> {
  const path = join(folder, basename(new URL(address).pathname));
  const pinned = await recordedDigest(path, sha256);
  const existing = await hashOf(path);
  if (existing?.startsWith(pinned)) {
    await recordDigest(path, existing, sha256);
    return { path, sha256: existing, cached: true };
  }
  const partial = `${path}.partial`;
  try {
    await mkdir(folder, { recursive: true });
    await fetchInto(partial, address, options);
  } catch (error) {
    throw failed(address, path, error);
  }
  const got = (await hashOf(partial)) as string;
  if (!got.startsWith(pinned)) {
    await discard(partial);
    const wanted = pinned.length < 64 ? `a SHA-256 that begins with ${pinned}` : `the SHA-256 ${pinned}`;
    const first = pinned === sha256 ? '' : `, which the first download had (${basename(digestFile(path))})`;
    throw new WeightsError(
      'download-mismatch',
      `${address} should have ${wanted}${first}, what came has ${got}: it was thrown away; try again, or from another network`,
    );
  }
  await recordDigest(path, got, sha256);
  await rename(partial, path);
  await discard(partial);
  return { path, sha256: got, cached: false };
}

const digestFile = (path: string) => `${path}.sha256`;

/** What a file is held to: the digits that are published, or the whole digest that begins with them and was kept. */
async function recordedDigest(path: string, sha256: string): Promise<string> {
  const kept = await readFile(digestFile(path), 'utf8').then(
    (text) => text.slice(0, 64),
    () => '',
  );
  return /^[0-9a-f]{64}$/.test(kept) && kept.startsWith(sha256) ? kept : sha256;
}

/** Keeps the digest of a file of which only digits are published, in the form that sha256sum -c reads. */
async function recordDigest(path: string, digest: string, sha256: string): Promise<void> {
  if (sha256.length < 64) await writeAside(digestFile(path), `${digest}  ${basename(path)}\n`);
}

async function fetchInto(partial: string, address: string, { onProgress, stallMs = STALL_MS }: DownloadOptions) {
  const stalled = new AbortController();
  const timer = setTimeout(() => stalled.abort(new Error(`nothing came for ${stallMs / 1000} s`)), stallMs);
  try {
    const kept = await partOf(partial);
    const response = await fetch(address, {
      headers: {
        'accept-encoding': 'identity', // a range of what is compressed on the way would be another one
        ...(kept && { range: `bytes=${kept.bytes}-`, 'if-range': kept.validator }),
      },
      signal: stalled.signal,
    });
    const start = response.status === 206 && kept && startsAt(response, kept.bytes) ? kept.bytes : 0;
    if (response.status === 416 || (response.status === 206 && start === 0)) {
      await response.body?.cancel();
      await discard(partial); // the partial file is longer than the file, or another piece came than was asked for
      throw new Error(
        `the server answered ${response.status}, and not from byte ${kept?.bytes ?? 0}: run the command again`,
      );
    }
    if (response.status !== 200 && response.status !== 206) {
      await response.body?.cancel();
      throw new Error(`the server answered ${response.status} ${response.statusText}`.trimEnd());
    }
    const length = response.headers.get('content-length');
    const total = length === null ? null : start + Number(length);
    await rememberValidator(partial, response);
    await using file = await open(partial, start === 0 ? 'w' : 'r+');
    let done = start;
    for await (const chunk of response.body ?? []) {
      timer.refresh();
      if (done + chunk.length > DOWNLOAD_LIMIT) throw new Error(`it has more than ${DOWNLOAD_LIMIT} bytes`);
      await file.write(chunk, 0, chunk.length, done);
      done += chunk.length;
      onProgress?.(done, total);
    }
    if (total !== null && done !== total) throw new Error(`${done} of ${total} bytes came`);
    await file.sync();
  } finally {
    clearTimeout(timer);
  }
}

/** What a server calls this state of the file, without which pieces of two files could be put together. */
async function rememberValidator(partial: string, { headers }: Response): Promise<void> {
  const etag = headers.get('etag');
  const validator = etag && !etag.startsWith('W/') ? etag : headers.get('last-modified'); // RFC 9110, section 13.1.5
  if (validator) await writeFile(`${partial}.validator`, validator);
  else await rm(`${partial}.validator`, { force: true });
}

async function partOf(partial: string): Promise<{ bytes: number; validator: string } | undefined> {
  try {
    const [{ size }, validator] = [await stat(partial), await readFile(`${partial}.validator`, 'utf8')];
    return size > 0 ? { bytes: size, validator } : undefined;
  } catch {
    return undefined; // none: from the beginning
  }
}

const startsAt = (response: Response, byte: number): boolean =>
  response.headers.get('content-range')?.startsWith(`bytes ${byte}-`) === true;

async function discard(partial: string): Promise<void> {
  for (const path of [partial, `${partial}.validator`]) await rm(path, { force: true });
}

/** SHA-256 of a file, undefined where there is none. */
async function hashOf(path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(chunk as Buffer);
    return hash.digest('hex');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new WeightsError('file-unreadable', `${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

/** What happened, and what to do where there is no way out to the network. */
function failed(address: string, path: string, error: unknown): WeightsError {
  const { message, cause } = error as Error;
  const reason = cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code : message;
  return new WeightsError(
    'download-failed',
    `${address} could not be downloaded (${reason || message}): run the command again to go on, or fetch that address elsewhere and put the file at ${path}`,
    { cause: error },
  );
}
