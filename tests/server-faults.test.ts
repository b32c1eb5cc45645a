/** Clients that lie, stall and vanish, at every door and at any moment: the server goes on, and nothing of theirs stays. */
import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RandomStream } from '@mammoscope/random';
import type { Health, StudyList, UploadReport } from '@mammoscope/server/api-types';
import { assertRefused, workplace } from './cli-process.ts';
import {
  ASSOCIATE_ACCEPT,
  ASSOCIATE_REJECT,
  associationRequest,
  dataFragment,
  rawClient,
  storeCommand,
} from './dimse-client.ts';
import {
  drawnWoman,
  eventually,
  freePort,
  getJson,
  type StartedServer,
  smallVolume,
  startServer,
  stored,
  studyBytes,
  upload,
} from './server-process.ts';

const { folder, mammoscope } = await workplace();
const SEED = 20240131;
const CLIENTS = 120;
let server: StartedServer;
let dimsePort: number;

before(async () => {
  dimsePort = await freePort();
  await mkdir(join(folder, 'inbox'));
  const dimse = ['--dimse-port', String(dimsePort), '--dimse-from', 'MODALITY'];
  server = await startServer(folder, [...dimse, '--watch', 'inbox']);
});
after(() => server?.stop());

const at = (path: string) => `${server.url}${path}`;
const httpPort = () => Number(new URL(server.url).port);
const bytesOf = (random: RandomStream, most: number) =>
  Buffer.from(Array.from({ length: random.integer(1, most) }, () => random.integer(0, 256)));

/** The same bytes but for a few. */
function spoiled(random: RandomStream, bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  for (let i = 0; i < random.integer(1, 6); i++) copy[random.integer(0, copy.length)] = random.integer(0, 256);
  return copy;
}

/** A data set as C-STORE sends it: without preamble and meta information, whose length is its first element. */
function dataSetOf(file: Buffer): Buffer {
  return file.subarray(144 + file.readUInt32LE(140));
}

const incoming = () => readdir(join(folder, 'mammoscope-data', 'incoming'));

async function nothingStays(): Promise<void> {
  await eventually(incoming, (names) => names.length === 0, 100);
  assert.equal(server.child.exitCode, null);
  const ready = await getJson<Health>(at('/health/ready'));
  assert.deepEqual(ready.checks, { database: 'ok', storage: 'ok' });
}

/** Nothing was a fault of the server's own. */
function assertCalm(): void {
  const lines = server.log().trimEnd().split('\n');
  const loud = lines.filter((line) => {
    const { level, event } = JSON.parse(line) as { level: string; event: string };
    return level === 'error' || event === 'fault';
  });
  assert.deepEqual(loud, []);
}

test('requests that are garbage, stop in the middle, or leave while they are answered', async () => {
  const volume = '1.2.840.99999.900';
  await stored(server, 'volume.dcm', smallVolume(volume, 40));
  const frames = `/dicomweb/studies/${volume}/series/${volume}.3/instances/${volume}.3.1/frames`;
  const head = (method: string, path: string, ...headers: string[]) =>
    Buffer.from([`${method} ${path} HTTP/1.1`, `Host: 127.0.0.1:${httpPort()}`, ...headers, '', ''].join('\r\n'));
  const image = studyBytes(drawnWoman(901));
  const put = head('PUT', '/api/uploads/a.dcm', `Content-Length: ${image.length}`);
  const stow = head(
    ...(['POST', '/dicomweb/studies', 'Transfer-Encoding: chunked'] as const),
    'Content-Type: multipart/related; type="application/dicom"; boundary=b',
  );
  const ways: ((random: RandomStream) => Promise<void>)[] = [
    async (random) => {
      const client = rawClient(httpPort());
      client.send(bytesOf(random, 400));
      client.socket.end();
      await client.ended;
    },
    async (random) => {
      const client = rawClient(httpPort());
      client.send(Buffer.concat([put, image.subarray(0, random.integer(0, image.length))]));
      await sleep(random.integer(0, 40));
      client.reset();
    },
    async (random) => {
      const client = rawClient(httpPort());
      client.send(Buffer.concat([stow, Buffer.from('9\r\n--b\r\n\r\nDI\r\n'), bytesOf(random, 100)]));
      await sleep(random.integer(0, 40));
      client.reset();
    },
    async (random) => {
      const client = rawClient(httpPort());
      client.send(head('GET', `${frames}/${Array.from({ length: 40 }, (_, i) => i + 1).join(',')}`));
      if (random.chance(0.7)) await client.answer();
      client.reset();
    },
    async (random) => {
      const client = rawClient(httpPort());
      client.send(head('GET', '/api/events'));
      if (random.chance(0.7)) await client.answer();
      client.reset();
    },
    async (random) => {
      const client = rawClient(httpPort());
      client.send(spoiled(random, head('GET', '/api/studies?limit=5')));
      await Promise.race([client.answer(), sleep(200)]);
      client.reset();
    },
  ];
  await misbehave('http', ways);
  const { studies } = await getJson<StudyList>(at('/api/studies'));
  assert.deepEqual(
    studies.map(({ study }) => study).filter((study) => study !== volume && study !== drawnWoman(901).study),
    [],
  );
});

/** So many clients, a few at a time, each in one of some ways. */
async function misbehave(door: string, ways: readonly ((random: RandomStream) => Promise<void>)[]): Promise<void> {
  const one = (i: number) => ways[i % ways.length]?.(new RandomStream(SEED, door, i));
  for (let i = 0; i < CLIENTS; i += 8) await Promise.all(Array.from({ length: 8 }, (_, k) => one(i + k)));
  await nothingStays();
  assertCalm();
}

test('C-STORE that is garbage, lies about its length, or is cut off', async () => {
  const association = associationRequest('MAMMOSCOPE', 'MODALITY');
  const image = dataSetOf(studyBytes(drawnWoman(902)));
  const associated = async () => {
    const client = rawClient(dimsePort);
    client.send(association);
    assert.equal(await client.answer(), ASSOCIATE_ACCEPT);
    return client;
  };
  await misbehave('dimse', [
    async (random) => {
      const client = rawClient(dimsePort);
      client.send(bytesOf(random, 300));
      await Promise.race([client.ended, sleep(50)]);
      client.reset();
    },
    async () => {
      const client = rawClient(dimsePort);
      client.send(Buffer.from([4, 0, 0xff, 0xff, 0xff, 0xff, 1, 2, 3]));
      await client.ended; // by the server: it does not wait for four gigabytes
    },
    async (random) => {
      const client = rawClient(dimsePort);
      client.send(spoiled(random, association));
      await Promise.race([client.answer(), sleep(50)]);
      client.send(bytesOf(random, 300));
      await sleep(10);
      client.reset();
    },
    async (random) => {
      const client = await associated();
      client.send(dataFragment(bytesOf(random, 300), random.chance(0.5)));
      client.send(spoiled(random, storeCommand('1.2.840.99999.902.2.1')));
      await sleep(10);
      client.reset();
    },
    async (random) => {
      const client = await associated();
      client.send(storeCommand('1.2.840.99999.902.2.1'));
      client.send(dataFragment(image.subarray(0, random.integer(1, image.length)), false));
      await sleep(random.integer(0, 40));
      client.reset();
    },
  ]);
  const half = await associated();
  half.send(storeCommand('1.2.840.99999.902.2.1'));
  half.send(dataFragment(image.subarray(0, 5000), false));
  await eventually(incoming, (names) => names.length === 1);
  half.reset();
  await nothingStays();
  assert.match(
    await (await fetch(at('/metrics'))).text(),
    /^mammoscope_images_total\{source="dimse",outcome="upload-incomplete"\} \d+$/m,
  );

  const whole = await associated();
  whole.send(storeCommand('1.2.840.99999.903.2.1'));
  whole.send(dataFragment(image, true));
  assert.equal(await whole.answer(), 4, 'an answer comes, and the next image is stored');
  whole.reset();
  await eventually(
    () => getJson<StudyList>(at(`/api/studies?search=${drawnWoman(902).study}`)),
    ({ total }) => total === 1,
    100,
  );
});

test('a sender that was rejected and sends all the same stores nothing', async () => {
  const client = rawClient(dimsePort);
  client.send(associationRequest('MAMMOSCOPE', 'STRANGER'));
  assert.equal(await client.answer(), ASSOCIATE_REJECT);
  client.send(storeCommand('1.2.840.99999.904.2.1'));
  client.send(dataFragment(dataSetOf(studyBytes(drawnWoman(903))), true));
  await client.ended;
  await nothingStays();
  assert.equal((await getJson<StudyList>(at(`/api/studies?search=${drawnWoman(903).study}`))).total, 0);
});

test('a file that cannot be taken from the folder keeps no other from being taken', async () => {
  await mkdir(join(folder, 'inbox', 'refused'));
  await writeFile(join(folder, 'inbox', 'refused', 'a.txt.txt'), 'in the way of nothing');
  // where the text that says why must go there is a folder
  await mkdir(join(folder, 'inbox', 'refused', 'a.txt'));
  await writeFile(join(folder, 'inbox', 'a.txt'), 'no image');
  await writeFile(join(folder, 'inbox', 'refused-before.dcm'), studyBytes(drawnWoman(905)));
  await eventually(
    () => getJson<StudyList>(at(`/api/studies?search=${drawnWoman(905).study}`)),
    ({ total }) => total === 1,
    200,
  );
  assertCalm();
});

test('a data folder is open in one server, and free again when that was killed; limits are those that were given', async () => {
  const second = await mammoscope(['serve', '--port', '0']);
  assertRefused(second, 2, /mammoscope-data is open in another server: stop that one, give another folder with --data/);
  server.child.kill('SIGKILL');
  await server.ended;
  const limits = ['--max-frames', '5', '--max-pixels', '9000', '--max-file-bytes', '30000', '--upload-seconds', '1'];
  server = await startServer(folder, [...limits, '--dimse-port', String(dimsePort)]);
  assert.equal((await getJson<StudyList>(at('/api/studies'))).total, 3, 'what was stored is there');
  const refusedAs = async (bytes: Buffer) => {
    const { refused } = (await (await upload(server, 'a.dcm', bytes)).json()) as UploadReport;
    return refused.map(({ code, message }) => `${code}: ${message}`).join();
  };
  assert.match(await refusedAs(smallVolume('1.2.840.99999.910', 6)), /image-not-accepted: it has 6 frames, and 5 are/);
  assert.match(
    await refusedAs(studyBytes(drawnWoman(911))),
    /image-not-accepted: it has 96 x 96 pixels, and 9000 in all/,
  );
  const large = await upload(server, 'a.dcm', Buffer.alloc(30_001));
  assert.equal(large.status, 413);
  const client = rawClient(httpPort());
  client.send(Buffer.from(`PUT /api/uploads/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nx`));
  const said = await new Promise<string>((resolve) => client.socket.once('data', (piece) => resolve(String(piece))));
  assert.match(said, /^HTTP\/1\.1 408 (.|\s)*upload-too-slow/);
  client.reset();

  const sender = rawClient(dimsePort);
  sender.send(associationRequest('MAMMOSCOPE', 'ANYBODY'));
  await sender.answer();
  sender.send(storeCommand('1.2.840.99999.912.2.1'));
  for (const isLast of [false, true]) sender.send(dataFragment(Buffer.alloc(20_000), isLast));
  assert.equal(await sender.answer(), 4, 'the sender is told, and may go on');
  sender.reset();
  await eventually(
    async () => server.log(),
    (log) => /"image-refused","code":"upload-too-large","source":"dimse"/.test(log),
    100,
  );
});
