/** Who may do what: every address for every role, groups that do not see each other, and what a server refuses to listen on. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { request as askSecurely } from 'node:https';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  API_ROUTES,
  addToken,
  pacsAddresses,
  type ServerSettings,
  startServer as startHere,
  startWorkers,
  UPLOAD_LIMITS,
  type User,
} from '@mammoscope/server';
import type { AnalysisList, Session, StudyList } from '@mammoscope/server/api-types';
import { assertRefused } from './cli-process.ts';
import { missing } from './conformance-checkers.ts';
import {
  drawnWoman,
  eventually,
  freePort,
  getJson,
  type StartedServer,
  startServer,
  studyBytes,
  trainedRun,
  upload,
} from './server-process.ts';

const { folder, mammoscope } = await trainedRun('images');
let server: StartedServer;
/** By whose they are. */
const tokens = new Map<string, string>();
const bearer = (user: string): Record<string, string> => {
  const token = tokens.get(user);
  return token === undefined ? {} : { Authorization: `Bearer ${token}` };
};
const at = (path: string) => `${server.url}${path}`;
const woman = drawnWoman(0);

async function makeToken(name: string, role: User['role'], group: string): Promise<void> {
  tokens.set(name, await addToken(join(folder, 'users.json'), { name, role, groups: [group] }));
}

before(async () => {
  const made = await mammoscope(['serve', 'token', 'reader', '--groups', 'breast', '--tokens', 'users.json']);
  assert.equal(made.code, 0, made.stderr);
  tokens.set('reader', made.stdout.trim());
  await makeToken('operator', 'operator', 'breast');
  await makeToken('stranger', 'operator', 'elsewhere');
  tokens.set('guess', 'A'.repeat(43));
  server = await startServer(folder, [
    '--tokens',
    'users.json',
    '--settle-seconds',
    '1',
    ...['--pacs', 'archive=http://127.0.0.1:9', '--model', 'run', '--threads', '1'],
  ]);
  const response = await upload(server, 'woman.dcm', studyBytes(woman), bearer('operator'));
  assert.equal(response.status, 200);
});
after(() => server.stop());

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly name: string;
  readonly role: 'anybody' | 'reader' | 'operator';
}

/** Every address, as the description has it; parts of the path filled with something of the right form. */
async function operations(): Promise<readonly Operation[]> {
  const { paths } = await getJson<{
    paths: Record<string, Record<string, { operationId: string; description: string }>>;
  }>(at('/openapi.json'));
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, description }]): Operation => {
      const [, role = 'anybody'] = /role (reader|operator)/.exec(description) ?? [];
      const filled = path
        .replace('{study}', '1.2.3')
        .replace('{analysis}', '00000000-0000-4000-8000-000000000000')
        .replaceAll(/\{\w+\}/g, '1');
      return { method: method.toUpperCase(), path: filled, name: operationId, role: role as Operation['role'] };
    }),
  );
}

test('every address lets in whom its role says, and nobody else', async () => {
  const all = await operations();
  // the router knows the addresses of this table and no others
  const table = Object.entries(API_ROUTES).map(([name, { role }]) => [name, role]);
  assert.deepEqual(all.map(({ name, role }) => [name, role]).sort(), table.sort());
  const allowed = {
    nobody: ['anybody'],
    guess: ['anybody'],
    reader: ['anybody', 'reader'],
    operator: ['anybody', 'reader', 'operator'],
  } as const;
  for (const { method, path, name, role } of all.filter(({ name: each }) => each !== 'page' && each !== 'asset')) {
    for (const [user, roles] of Object.entries(allowed)) {
      const gone = new AbortController();
      const response = await fetch(at(path), { method, headers: bearer(user), signal: gone.signal });
      const refusal = user === 'nobody' || user === 'guess' ? 401 : 403;
      const isIn = (roles as readonly string[]).includes(role);
      // logging in without a token is a 400 or 401 of its own: it is let in to be told so
      if (name !== 'logIn')
        assert.equal(response.status === refusal && !isIn, !isIn, `${user} ${method} ${path}: ${response.status}`);
      assert.ok(response.status !== 500, `${user} ${method} ${path}`);
      gone.abort(); // an event stream would not end
    }
  }
});

test('addresses that change something, or cost something, are for operators', async () => {
  const open = (await operations()).filter(
    ({ role, name }) => role === 'anybody' && name !== 'logOut' && name !== 'logIn',
  );
  assert.deepEqual(open.map(({ name }) => name).sort(), ['asset', 'live', 'openapi', 'page', 'ready']);
  for (const { method, role, name } of await operations())
    if (method !== 'GET' && !['logIn', 'logOut'].includes(name)) assert.equal(role, 'operator', name);
});

test('a study of another group is not there, in no list and at no address, and cannot be added to', async () => {
  const studiesOf = (user: string) => getJson<StudyList>(at('/api/studies'), { headers: bearer(user) });
  assert.equal((await studiesOf('reader')).total, 1);
  assert.deepEqual(await studiesOf('stranger'), { studies: [], total: 0 });
  assert.deepEqual(await getJson(at('/dicomweb/studies'), { headers: bearer('stranger') }), []);
  const { analyses } = await eventually(
    () => getJson<AnalysisList>(at('/api/analyses?state=done'), { headers: bearer('reader') }),
    (list) => list.analyses.length > 0,
  );
  const [mine, other] = [
    { '{study}': woman.study, '{analysis}': analyses[0]?.id ?? '' },
    { '{study}': '1.2.3.4.5.6.7', '{analysis}': '00000000-0000-4000-8000-000000000000' },
  ];
  const inside = { '{series}': `${woman.study}.1`, '{instance}': `${woman.study}.2.1`, '{frames}': '1' };
  const filled = (path: string, ids: Readonly<Record<string, string>>) =>
    Object.entries({ ...ids, ...inside, '{path+}': 'result.json' }).reduce(
      (text, [part, id]) => text.replace(part, id),
      path,
    );
  // of a study in a PACS the PACS decides; an image that is sent into another group's study is refused below
  const elsewhere = ['pacsFetch', 'stowStudy'];
  const owned = Object.entries(API_ROUTES).filter(
    ([name, { path }]) => /\{(study|analysis)\}/.test(path) && !elsewhere.includes(name),
  );
  assert.ok(owned.length >= 18);
  for (const [name, { method, path }] of owned) {
    const body = method === 'POST' ? JSON.stringify({ pacs: 'archive' }) : null;
    const answers = await Promise.all(
      [mine, other].map(async (ids) => {
        const response = await fetch(at(filled(path, ids)), { method, body, headers: bearer('stranger') });
        const text = Object.entries(ids).reduce((left, [, id]) => left.replaceAll(id, ''), await response.text());
        return [response.status, text];
      }),
    );
    assert.deepEqual(answers[0], answers[1], `${name} tells that it is there`);
    assert.equal(answers[0]?.[0], 404, name);
    if (method === 'GET')
      assert.equal((await fetch(at(filled(path, mine)), { headers: bearer('reader') })).status, 200, name);
  }
  const report = (await (
    await upload(server, 'x', studyBytes({ ...woman, number: 2 }), bearer('stranger'))
  ).json()) as { refused: { code: string }[] };
  assert.deepEqual(
    report.refused.map(({ code }) => code),
    ['study-elsewhere'],
  );
  assert.equal(
    (await fetch(at(`/api/studies/${woman.study}`), { method: 'DELETE', headers: bearer('stranger') })).status,
    404,
  );
});

test('a token gives a cookie that pictures and events are asked with, and that no other site can use', async () => {
  const body = JSON.stringify({ token: tokens.get('reader') });
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(at('/api/session'), { method: 'POST', body, headers });
  assert.equal(((await response.json()) as Session).user, 'reader');
  const cookie = response.headers.get('set-cookie') ?? '';
  assert.match(cookie, /^mammoscope=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
  const withCookie = { Cookie: cookie.split(';')[0] ?? '' };
  assert.equal((await fetch(at('/api/studies'), { headers: withCookie })).status, 200);
  const foreign = { ...withCookie, ...headers, 'Sec-Fetch-Site': 'cross-site' };
  assert.equal((await fetch(at('/api/session'), { method: 'POST', body, headers: foreign })).status, 403);
  const wrong = await fetch(at('/api/session'), { method: 'POST', body: '{"token":"wrong"}', headers });
  assert.deepEqual([wrong.status, wrong.headers.get('set-cookie')], [401, null]);
  assert.match(
    (await fetch(at('/api/session'), { method: 'DELETE' })).headers.get('set-cookie') ?? '',
    /^mammoscope=; .*Max-Age=0$/,
  );
});

test('the file has digests of tokens alone, and one that is taken out lets nobody in', async () => {
  const text = await readFile(join(folder, 'users.json'), 'utf8');
  for (const [, token] of tokens) assert.ok(!text.includes(token));
  assert.equal((await stat(join(folder, 'users.json'))).mode & 0o077, 0, 'others can read the file');
  const { tokens: entries } = JSON.parse(text) as { tokens: { user: string }[] };
  await writeFile(
    join(folder, 'users.json'),
    JSON.stringify({ tokens: entries.filter(({ user }) => user !== 'stranger') }),
  );
  await new Promise((resolve) => setTimeout(resolve, 1100)); // the file is looked at once a second
  assert.equal((await fetch(at('/api/studies'), { headers: bearer('stranger') })).status, 401);
  assert.equal((await fetch(at('/api/studies'), { headers: bearer('reader') })).status, 200);
});

/** A server of this process that is not to start. */
const settings = (changes: Partial<ServerSettings>): ServerSettings => ({
  ...{ data: join(folder, 'refused'), runs: [], workers: 1, analysisSeconds: 60, heartbeatSeconds: 30 },
  ...{ institution: '', department: '', station: '', host: '127.0.0.1', port: 0, pacs: [], group: 'local' },
  ...{ settleSeconds: 1, limits: UPLOAD_LIMITS },
  ...changes,
});
const refusedToStart = (changes: Partial<ServerSettings>, code: string, message: RegExp) =>
  assert.rejects(
    startHere(settings(changes), () => undefined),
    { name: 'ServerError', code, message },
  );

test('beyond this machine it listens with tokens and TLS alone, and C-STORE from known senders', async () => {
  const tokenFile = join(folder, 'users.json');
  const beyond = { host: '0.0.0.0' };
  const refused = (changes: Partial<ServerSettings>, message: RegExp) =>
    refusedToStart({ ...beyond, ...changes }, 'binding-refused', message);
  await refused({}, /needs tokens \(--tokens\) and a certificate and key/);
  await refused({ tokens: tokenFile }, /needs a certificate and key/);
  await refused({ host: '::' }, /needs tokens/);
  await refused({ host: 'localhost.example' }, /needs tokens/);
  const pem = Buffer.from('');
  const dimse = { port: 0, aeTitle: 'MAMMOSCOPE', callers: [] };
  await refused({ tokens: tokenFile, tls: { cert: pem, key: pem }, dimse }, /needs the AE titles that may send/);
  assertRefused(await mammoscope(['serve', '--host', '0.0.0.0']), 2, /listening on 0\.0\.0\.0 would show patients/);
});

test('with a certificate it answers over TLS, and asks for tokens there; C-STORE comes over TLS as well', {
  skip: spawnSync('openssl', ['version']).error ? 'openssl is not installed' : false,
}, async () => {
  const request = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-subj',
    '/CN=localhost',
  ];
  const made = spawnSync('openssl', [...request, '-keyout', 'key.pem', '-out', 'cert.pem', '-days', '2'], {
    cwd: folder,
  });
  assert.equal(made.status, 0);
  const tls = ['--tokens', 'users.json', '--tls-cert', 'cert.pem', '--tls-key', 'key.pem'];
  const dimsePort = await freePort();
  const dimse = ['--dimse-port', String(dimsePort), '--dimse-from', 'MODALITY'];
  await using secure = await startServer(folder, ['--host', '0.0.0.0', '--data', 'beyond', ...tls, ...dimse]);
  const { port } = new URL(secure.url);
  const ca = await readFile(join(folder, 'cert.pem'));
  const status = (headers: Record<string, string>) =>
    new Promise<number | undefined>((resolve, reject) => {
      const options = { host: '127.0.0.1', port, path: '/api/studies', headers, ca, servername: 'localhost' };
      askSecurely(options, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end();
    });
  assert.deepEqual([await status({}), await status(bearer('reader'))], [401, 200]);

  if (missing('storescu')) return;
  await writeFile(join(folder, 'film.dcm'), studyBytes(woman));
  const send = (...args: readonly string[]) =>
    spawnSync('storescu', [...args, '-aec', 'MAMMOSCOPE', '127.0.0.1', String(dimsePort), 'film.dcm'], {
      ...{ cwd: folder, encoding: 'utf8', timeout: 20_000 },
    });
  const known = ['+tla', '+cf', 'cert.pem'];
  const sent = send(...known, '-aet', 'MODALITY');
  assert.equal(sent.status, 0, sent.stderr);
  assert.match(send(...known, '-aet', 'STRANGER').stderr, /Calling AE Title Not Recognized/);
  assert.match(send('+tla', '-aet', 'MODALITY').stderr, /certificate verify failed/, 'a sender sees who it sends to');
  assert.notEqual(send('-aet', 'MODALITY').status, 0, 'without TLS nothing is taken');
  await eventually(
    async () => secure.log(),
    (log) => log.includes('"association-rejected"') && log.includes('"dimse-failed"'),
  );
});

test('settings that cannot be used are told in one sentence', async () => {
  const setting = 'setting-invalid';
  await assert.rejects(
    startHere(settings({ runs: [join(folder, 'nowhere')] }), () => undefined),
    {
      code: 'run-missing',
      message: /nowhere holds no run/,
    },
  );
  await refusedToStart(
    { tokens: join(folder, 'nowhere.json') },
    setting,
    /cannot be read \(ENOENT\): make it with "mammoscope serve token"/,
  );
  const { port } = new URL(server.url);
  await refusedToStart(
    { port: Number(port), data: join(folder, 'beyond') },
    setting,
    /cannot listen on 127\.0\.0\.1:\d+ \(EADDRINUSE\)/,
  );
  await assert.rejects(
    startWorkers(settings({}), () => undefined),
    { code: setting, message: /need a PostgreSQL/ },
  );
  for (const [addresses, credentials, message] of [
    [['archive'], [], /"archive" is no PACS: write it as name=/],
    [['archive=ftp://x'], [], /no address of DICOMweb/],
    [['a=http://x', 'a=http://y'], [], /two PACS are called a/],
    [[], ['archive=file'], /are of no PACS/],
    [['archive=http://x'], ['archive=nowhere'], /nowhere cannot be read/],
  ] as const)
    await assert.rejects(pacsAddresses(addresses, credentials), { code: setting, message });
  assertRefused(await mammoscope(['serve', '--port', '99999']), 2, /no port/);
});
