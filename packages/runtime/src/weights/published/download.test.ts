import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { classifiers } from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import { type DownloadOptions, download, publishedFolder } from './download.ts';
import { digitsOf, PUBLISHED_FILES } from './published-files.ts';

const random = new RandomStream(1, 'download');
const CONTENT = Uint8Array.from({ length: 300_000 }, () => random.integer(0, 255));
const SHA256 = createHash('sha256').update(CONTENT).digest('hex');
const NAME = `net-${SHA256.slice(0, 8)}.pth`;

const root = await mkdtemp(join(tmpdir(), 'download-'));
after(() => rm(root, { recursive: true }));
let folders = 0;
const newFolder = () => join(root, `${folders++}`, 'weights');

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Serves with the handlers in turn and records the requests. */
async function serving<T>(
  handlers: readonly Handler[],
  use: (address: string, requests: IncomingMessage[]) => Promise<T>,
): Promise<T> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    (handlers[requests.length - 1] as Handler)(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/models/${NAME}`, requests);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const ETAG = { etag: '"v1"' };
const whole: Handler = (_, response) =>
  response.writeHead(200, { 'content-length': CONTENT.length, ...ETAG }).end(CONTENT);
/** Sends a part of the file and breaks off. */
const broken =
  (bytes: number, headers: Record<string, string> = ETAG): Handler =>
  (_, response) => {
    response.writeHead(200, { 'content-length': CONTENT.length, ...headers });
    response.write(CONTENT.subarray(0, bytes), () => setTimeout(() => response.destroy(), 50));
  };
/** Sends what a Range asks for when If-Range names this state of the file, as RFC 9110 has it. */
const ranged: Handler = (request, response) => {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1]);
  if (request.headers['if-range'] !== ETAG.etag || Number.isNaN(start)) return whole(request, response);
  response.writeHead(206, {
    'content-length': CONTENT.length - start,
    'content-range': `bytes ${start}-${CONTENT.length - 1}/${CONTENT.length}`,
    ...ETAG,
  });
  response.end(CONTENT.subarray(start));
};
const status =
  (code: number): Handler =>
  (_, response) =>
    response.writeHead(code).end('no');

const get = (address: string, folder: string, options?: DownloadOptions) =>
  download({ address, sha256: SHA256.slice(0, 8) }, folder, options);
const failing = (
  address: string,
  folder: string,
  message: RegExp,
  code = 'download-failed',
  options?: DownloadOptions,
) =>
  assert.rejects(get(address, folder, options), (error: Error & { code?: string }) => {
    assert.match(error.message, message);
    assert.equal(error.message.split('\n').length, 1);
    return error.name === 'WeightsError' && error.code === code;
  });
async function arrived(folder: string): Promise<void> {
  assert.deepEqual((await readdir(folder)).sort(), [NAME, `${NAME}.sha256`]);
  assert.equal(await readFile(join(folder, `${NAME}.sha256`), 'utf8'), `${SHA256}  ${NAME}\n`);
  assert.ok(Buffer.from(CONTENT).equals(await readFile(join(folder, NAME))));
}

test('a whole file arrives under its name, sends nothing but a request, and is not fetched twice', async () => {
  const folder = newFolder();
  await serving([whole], async (address, requests) => {
    const progress: (number | null)[] = [];
    const first = await get(address, folder, { onProgress: (done, total) => progress.push(done, total) });
    assert.deepEqual(first, { path: join(folder, NAME), sha256: SHA256, cached: false });
    assert.deepEqual(progress.slice(-2), [CONTENT.length, CONTENT.length]);
    assert.deepEqual(await get(address, folder), { ...first, cached: true });
    assert.equal(requests.length, 1);
    assert.equal(requests[0]?.method, 'GET');
    assert.equal(requests[0]?.headers['content-length'], undefined);
    assert.equal(requests[0]?.headers.range, undefined);
  });
  await arrived(folder);
});

test('a download that broke off goes on from where it was', async () => {
  const folder = newFolder();
  await serving([broken(100_000), ranged], async (address, requests) => {
    await failing(
      address,
      folder,
      /could not be downloaded \(.+\): run the command again to go on, or fetch that address elsewhere and put the file at .*net-/,
    );
    assert.deepEqual((await readdir(folder)).sort(), [`${NAME}.partial`, `${NAME}.partial.validator`]);
    await get(address, folder);
    assert.equal(requests[1]?.headers['if-range'], '"v1"');
    const start = Number(/^bytes=(\d+)-$/.exec(requests[1]?.headers.range ?? '')?.[1]);
    assert.ok(start > 0 && start <= 100_000, `${start}`);
  });
  await arrived(folder);
});

test('it starts again where the server has another file, no ranges, or no name for the state of its file', async () => {
  const changed: Handler = (request, response) => {
    assert.equal(request.headers['if-range'], '"v0"');
    return whole(request, response);
  };
  const asked =
    (range: boolean): Handler =>
    (request, response) => {
      assert.equal(request.headers.range !== undefined, range);
      return whole(request, response);
    };
  for (const handlers of [
    [broken(70_000, { etag: '"v0"' }), changed],
    [broken(70_000), asked(true)],
    [broken(70_000, {}), asked(false)],
    [broken(70_000, { etag: 'W/"weak"' }), asked(false)],
  ]) {
    const folder = newFolder();
    await serving(handlers, async (address) => {
      await failing(address, folder, /could not be downloaded/);
      await get(address, folder);
    });
    await arrived(folder);
  }
});

test('a partial file that does not fit is thrown away', async () => {
  const folder = newFolder();
  const elsewhere: Handler = (_, response) =>
    response.writeHead(206, { 'content-range': 'bytes 5-9/300000' }).end('abcde');
  await serving([broken(70_000), status(416), broken(70_000), elsewhere, whole], async (address) => {
    await failing(address, folder, /./);
    await failing(address, folder, /answered 416/);
    assert.deepEqual(await readdir(folder), []);
    await failing(address, folder, /./);
    await failing(address, folder, /answered 206, and not from byte/);
    assert.deepEqual(await readdir(folder), []);
    await get(address, folder);
  });
  await arrived(folder);
});

test('another file than the published one is thrown away, and one that was damaged on the disk is replaced', async () => {
  const folder = newFolder();
  const other: Handler = (_, response) => response.end('<html>sign in to the hospital network</html>');
  await serving([other, whole, whole], async (address) => {
    await failing(
      address,
      folder,
      new RegExp(
        `should have a SHA-256 that begins with ${SHA256.slice(0, 8)}, what came has [0-9a-f]{64}: it was thrown away`,
      ),
      'download-mismatch',
    );
    assert.deepEqual(await readdir(folder), []);
    await get(address, folder);
    await writeFile(join(folder, NAME), 'damaged');
    assert.equal((await get(address, folder)).cached, false);
  });
  await arrived(folder);
});

test('a missing file, a failing server, silence and a closed port are one sentence each', async () => {
  const folder = newFolder();
  const silent: Handler = (_, response) => void response.writeHead(200, { 'content-length': 10, ...ETAG }).write('a');
  let closed = '';
  await serving([status(404), status(503), silent], async (address) => {
    closed = address;
    await failing(address, folder, /\(the server answered 404 Not Found\)/);
    await failing(address, folder, /\(the server answered 503/);
    await failing(address, folder, /\(nothing came for 0\.1 s\)/, 'download-failed', { stallMs: 100 });
  });
  await failing(closed, folder, /\(connect ECONNREFUSED 127\.0\.0\.1:\d+\)/);
});

test('of which only digits are published, the first download pins the rest; a whole digest needs no record', async () => {
  const folder = newFolder();
  // Another file whose SHA-256 begins with the same digit, as a forger would make one with the same eight.
  const digit = SHA256.slice(0, 1);
  const forged = Array.from({ length: 1000 }, (_, i) => Buffer.from(`forged ${i}`)).find((bytes) =>
    createHash('sha256').update(bytes).digest('hex').startsWith(digit),
  );
  const other: Handler = (_, response) => response.end(forged);
  await serving([whole, other, whole, other, other], async (address) => {
    await download({ address, sha256: digit }, folder);
    await rm(join(folder, NAME));
    await assert.rejects(download({ address, sha256: digit }, folder), {
      code: 'download-mismatch',
      message: new RegExp(
        `should have the SHA-256 ${SHA256}, which the first download had \\(${NAME}\\.sha256\\), what`,
      ),
    });
    assert.deepEqual(await readdir(folder), [`${NAME}.sha256`]);
    await writeFile(join(folder, NAME), forged ?? '');
    assert.equal((await download({ address, sha256: digit }, folder)).cached, false);
    await arrived(folder);
    const clean = newFolder();
    assert.equal((await download({ address, sha256: digit }, clean)).cached, false);
    await assert.rejects(download({ address, sha256: SHA256 }, clean), {
      message: new RegExp(`the SHA-256 ${SHA256}, what`),
    });
  });
  const pinned = newFolder();
  await serving([whole], (address) => download({ address, sha256: SHA256 }, pinned));
  assert.deepEqual(await readdir(pinned), [NAME]);
});

test('the published files are of networks that there are, with digits of a SHA-256 in their names', () => {
  for (const [network, { address, sha256 }] of PUBLISHED_FILES) {
    assert.ok(Object.hasOwn(classifiers, network), network);
    assert.match(address, /^https?:\/\/(download\.pytorch\.org|data\.lip6\.fr)\//);
    assert.match(sha256, /^([0-9a-f]{8,9}|[0-9a-f]{64})$/);
    assert.ok(sha256.startsWith(digitsOf(address)), network);
  }
  assert.match(publishedFolder(), /mammoscope.weights$/);
});
