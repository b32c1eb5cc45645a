/** What a server refuses, with the reason, while it goes on: damaged and hostile files, archives and requests. */
import assert from 'node:assert/strict';
import { mkdir, readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Health, Study, UploadReport } from '@mammoscope/server/api-types';
import { workplace } from './cli-process.ts';
import {
  drawnWoman,
  eventually,
  getJson,
  type StartedServer,
  smallVolume,
  startServer,
  stored,
  studyBytes,
  upload,
} from './server-process.ts';
import { zipOf } from './zip-archive.ts';

const { folder } = await workplace();
let server: StartedServer;

before(async () => {
  await mkdir(join(folder, 'mammoscope-data')); // so that the server makes its database itself, as for a user
  server = await startServer(folder, ['--max-upload-bytes', '3000000']);
});
after(() => server.stop());

const at = (path: string) => `${server.url}${path}`;
const studyNow = (study: string) => getJson<Study>(at(`/api/studies/${study}`));

test('a script in a name stays text, and nothing of a patient is logged', async () => {
  const woman = { ...drawnWoman(10), name: '<script>alert(1)</script>^A', patient: 'SECRET-ID' };
  await stored(server, '<img src=x onerror=alert(1)>.dcm', studyBytes(woman));
  const response = await fetch(at(`/api/studies/${woman.study}`));
  assert.deepEqual(
    [response.headers.get('content-type'), response.headers.get('x-content-type-options')],
    ['application/json', 'nosniff'],
  );
  assert.match(response.headers.get('content-security-policy') ?? '', /script-src 'self' 'wasm-unsafe-eval';/);
  assert.equal(((await response.json()) as Study).patientName, woman.name);
  assert.doesNotMatch(server.log(), /script|SECRET-ID|ODD/);
  for (const line of server.log().trimEnd().split('\n'))
    assert.equal(typeof (JSON.parse(line) as { event: string }).event, 'string');
});

test('bad uploads are refused with their reason, and nothing of them stays', async () => {
  const woman = drawnWoman(11);
  const image = studyBytes(woman);
  const zeros = Buffer.alloc(2 ** 21);
  const cases: readonly (readonly [name: string, bytes: Buffer, status: number, code: string])[] = [
    ['bomb.zip', zipOf([{ name: 'a.dcm', bytes: zeros }]), 422, 'archive-invalid'],
    ['liar.zip', zipOf([{ name: 'a.dcm', bytes: zeros, claimed: 1000 }]), 422, 'archive-invalid'],
    ['huge.zip', zipOf([{ name: 'a.dcm', bytes: image, claimed: 2 ** 31 }]), 422, 'archive-invalid'],
    [
      'climbs.zip',
      zipOf([
        { name: 'b.dcm', bytes: image },
        { name: '../../../climbed.dcm', bytes: image },
      ]),
      422,
      'archive-invalid',
    ],
    ['absolute.zip', zipOf([{ name: '/tmp/climbed.dcm', bytes: image }]), 422, 'archive-invalid'],
    ['cut.zip', zipOf([{ name: 'a.dcm', bytes: image }]).subarray(0, -30), 422, 'archive-invalid'],
    ['text.dcm', Buffer.from('no image at all'), 422, 'file-not-accepted'],
    ['nothing.dcm', Buffer.alloc(0), 422, 'file-not-accepted'],
    ['half.dcm', image.subarray(0, image.length / 2), 422, 'truncated'],
    ['program.dcm', Buffer.concat([Buffer.from('MZ'), image.subarray(2)]), 422, 'file-executable'],
    ['one-slice.dcm', smallVolume('1.2.840.99999.601', 1), 422, 'image-not-accepted'],
    ['too-many-frames.dcm', smallVolume('1.2.840.99999.600', 501), 422, 'image-not-accepted'],
    ['too-large.dcm', Buffer.alloc(3_000_001), 413, 'upload-too-large'],
  ];
  for (const [name, bytes, status, code] of cases) {
    const response = await upload(server, name, bytes);
    const { refused = [], error } = (await response.json()) as Partial<UploadReport> & { error?: { code: string } };
    assert.deepEqual([response.status, error?.code ?? refused[0]?.code], [status, code], name);
    assert.doesNotMatch(JSON.stringify(refused), /\/tmp\/mammoscope|incoming/, 'no folder of the server');
  }
  // streams that fail before anybody reads them once ended the process, now and then
  await Promise.all(
    Array.from({ length: 40 }, async () => (await upload(server, 'liar.zip', cases[1]?.[1] as Buffer)).text()),
  );
  assert.equal(server.child.exitCode, null);
  assert.deepEqual(await readdir(join(folder, 'mammoscope-data', 'incoming')), []);
  assert.equal((await fetch(at(`/api/studies/${woman.study}`))).status, 404);
});

test('an image under a known identifier with other pixels is refused', async () => {
  const woman = drawnWoman(12);
  await stored(server, 'first.dcm', studyBytes(woman));
  const { refused } = (await (
    await upload(server, 'second.dcm', studyBytes({ ...woman, brighter: 99 }))
  ).json()) as UploadReport;
  assert.deepEqual(
    refused.map(({ code }) => code),
    ['instance-differs'],
  );
});

test('an image of another patient is not filed in a study, and one of the same patient is', async () => {
  const woman = drawnWoman(16);
  await stored(server, 'first.dcm', studyBytes(woman));
  const other = studyBytes({ ...woman, number: 2, patient: 'another' });
  const { refused } = (await (await upload(server, 'second.dcm', other)).json()) as UploadReport;
  assert.deepEqual(
    refused.map(({ code }) => code),
    ['patient-differs'],
  );
  await stored(server, 'third.dcm', studyBytes({ ...woman, number: 3, view: 'MLO' }));
  assert.deepEqual((await studyNow(woman.study)).views, ['L CC', 'L MLO']);
});

test('2 GB that were announced are refused before they are sent, and an upload that breaks off leaves nothing', async () => {
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const asked = request(at('/api/uploads/huge.dcm'), { method: 'PUT', headers: { 'Content-Length': 2 ** 31 } });
    asked.on('response', ({ statusCode }) => resolve(statusCode));
    asked.on('error', reject);
    asked.write('x');
  });
  assert.equal(status, 413);
  await new Promise<void>((resolve) => {
    const asked = request(at('/api/uploads/half.dcm'), { method: 'PUT', headers: { 'Content-Length': 10_000 } });
    asked.on('error', () => resolve());
    asked.write(Buffer.alloc(5000), () => asked.destroy(new Error('gone')));
  });
  await eventually(
    () => readdir(join(folder, 'mammoscope-data', 'incoming')),
    (names) => names.length === 0,
  );
});

test('requests that are wrong in their form are told how, and the server stays up', async () => {
  const json = { 'Content-Type': 'application/json' };
  const cases = [
    ['/nowhere', {}, [404, 'not-found']],
    ['/api/studies', { method: 'PUT' }, [405, 'method-invalid']],
    ['/api/studies?limit=many', {}, [400, 'request-invalid']],
    ['/api/studies/%ff', {}, [400, 'request-invalid']],
    ['/api/studies/1.2.3.4.5.6/analyses', { method: 'POST', body: '{', headers: json }, [400, 'request-invalid']],
    [
      '/api/studies/1.2.3.4.5.6/analyses',
      { method: 'POST', body: '{"models":7}', headers: json },
      [400, 'request-invalid'],
    ],
    ['/api/studies/1.2.3.4.5.6/analyses', { method: 'POST', body: '{}', headers: json }, [404, 'not-found']],
    ["/api/analyses/x' or '1'='1", {}, [404, 'not-found']],
    [
      '/api/uploads',
      { method: 'POST', body: 'x', headers: { 'Content-Type': 'multipart/form-data' } },
      [400, 'request-invalid'],
    ],
    [
      '/api/uploads',
      { method: 'POST', body: '--b\r\n\r\nhalf', headers: { 'Content-Type': 'multipart/form-data; boundary=b' } },
      [400, 'upload-incomplete'],
    ],
    [
      '/api/uploads/x',
      { method: 'PUT', body: 'x', headers: { Origin: 'https://elsewhere.example' } },
      [403, 'origin-refused'],
    ],
    ['/api/studies', { headers: { Host: 'rebound.example' } }, [403, 'origin-refused']],
    ['/api/pacs/none/studies', {}, [404, 'not-found']],
  ] as const;
  for (const [path, init, expected] of cases) assert.deepEqual(await answerTo(path, init), expected, path);
  const metrics = await (await fetch(at('/metrics'))).text();
  assert.match(metrics, /^mammoscope_images_total\{source="upload",outcome="archive-invalid"\} 46$/m);
  const ready = await getJson<Health>(at('/health/ready'));
  assert.deepEqual(ready, { status: 'ok', checks: { database: 'ok', storage: 'ok' } });
});

/** Not by fetch, which sets Host itself. */
function answerTo(
  path: string,
  { method = 'GET', body, headers = {} }: { method?: string; body?: string; headers?: Record<string, string> },
): Promise<readonly [number, string]> {
  return new Promise((resolve, reject) => {
    const asked = request(server.url, { path: encodeURI(path).replaceAll('%25', '%'), method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      response.on('end', () =>
        resolve([response.statusCode ?? 0, (JSON.parse(text) as { error: { code: string } }).error.code]),
      );
    });
    asked.on('error', reject);
    asked.end(body);
  });
}
