/** Server, a worker and the database killed while 50 studies are read: every study ends analysed exactly once, and none is lost. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Analysis, AnalysisList, AnalysisResult } from '@mammoscope/server/api-types';
import {
  drawnWoman,
  eventually,
  getJson,
  POSTGRES_MISSING,
  type StartedServer,
  startPostgres,
  startServer,
  startWorker,
  stored,
  studyBytes,
  trainedRun,
} from './server-process.ts';
import { zipOf } from './zip-archive.ts';

const STUDIES = 50;
const { folder } = await trainedRun('images');

const OPTIONS = ['--model', 'run', '--settle-seconds', '1', '--heartbeat-seconds', '5'];
const archive = (count: number) =>
  zipOf(Array.from({ length: count }, (_, i) => ({ name: `woman-${i}.dcm`, bytes: studyBytes(drawnWoman(i)) })));

/** The analyses, or none while the server or its database is away. */
const analysesOf = (server: StartedServer): Promise<readonly Analysis[]> =>
  getJson<AnalysisList>(`${server.url}/api/analyses?limit=500`).then(
    ({ analyses }) => analyses,
    () => [],
  );
const inState = (analyses: readonly Analysis[], state: Analysis['state']) =>
  analyses.filter((each) => each.state === state);
/** All analyses once so many are done; the others come first, since a failure shows the beginning. */
const untilDone = (server: StartedServer, count: number) =>
  eventually(
    async () => (await analysesOf(server)).toSorted((a, b) => Number(a.state === 'done') - Number(b.state === 'done')),
    (analyses) => inState(analyses, 'done').length >= count,
  );

/** Every study has one analysis, one attempt of it counts, and its result is whole and of that study. */
async function assertOnce(server: StartedServer, data: string, count: number): Promise<readonly Analysis[]> {
  const analyses = await untilDone(server, count);
  assert.equal(analyses.length, count);
  assert.equal(new Set(analyses.map(({ study }) => study)).size, count);
  assert.deepEqual([...new Set(analyses.map(({ state }) => state))], ['done']);
  for (const { id, study, result } of analyses) {
    assert.equal((await getJson<AnalysisResult>(`${server.url}${result}`)).study, study);
    const attempts = await readdir(join(folder, data, 'results', id));
    const whole: string[] = [];
    for (const attempt of attempts)
      if (await readFile(join(folder, data, 'results', id, attempt, 'result.json')).catch(() => null))
        whole.push(attempt);
    assert.ok(whole.length >= 1, `${id} has no result`);
  }
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  assert.match(metrics, new RegExp(`^mammoscope_attempts_total\\{outcome="done"\\} ${count}$`, 'm'));
  assert.doesNotMatch(metrics, /outcome="open"/);
  return analyses;
}

test('50 studies on PostgreSQL; the server, a worker and the database are killed in turn', {
  skip: POSTGRES_MISSING,
}, async () => {
  await using postgres = await startPostgres();
  const environment = { DATABASE_URL: postgres.url };
  const options = [...OPTIONS, '--data', 'shared', '--threads', '1'];
  await using first = await startServer(folder, options, environment);
  // as on another machine: it shares database and folder, and goes on without the server
  const work = ['--model', 'run', '--heartbeat-seconds', '5', '--data', 'shared', '--threads', '1'];
  await using elsewhere = await startWorker(folder, work, environment);
  await stored(first, 'women.zip', archive(STUDIES));
  await untilDone(first, 5);
  first.child.kill('SIGKILL');
  await first.ended;

  await using second = await startServer(folder, options, environment);
  const before = await untilDone(second, 15);
  const [running] = await eventually(
    async () => inState(await analysesOf(second), 'running'),
    ({ length }) => length > 0,
  );
  process.kill(Number(/-(\d+)$/.exec(running?.worker ?? '')?.[1]), 'SIGKILL');

  await untilDone(second, Math.max(30, inState(before, 'done').length + 5));
  postgres.kill();
  const away = await fetch(`${second.url}/api/studies`);
  assert.deepEqual([away.status, away.headers.get('retry-after')], [503, '5']);
  assert.equal((await fetch(`${second.url}/health/live`)).status, 200);
  assert.equal((await fetch(`${second.url}/health/ready`)).status, 503);
  postgres.start();

  const analyses = await assertOnce(second, 'shared', STUDIES);
  assert.ok(new Set(analyses.map(({ worker }) => worker)).size > 2, 'workers of both machines, before and after');
  assert.match(elsewhere.log(), /"event":"analysis-ended".*"code":"done"/, 'the other machine has read none');
  assert.ok(
    analyses.some(({ attempts }) => attempts > 1),
    'nothing was killed while it was read',
  );
});

test('12 studies on the embedded database, whose process is killed', async () => {
  const options = [...OPTIONS, '--data', 'alone', '--threads', '1'];
  await using first = await startServer(folder, options);
  await stored(first, 'women.zip', archive(12));
  await untilDone(first, 3);
  first.child.kill('SIGKILL');
  await first.ended;
  await using second = await startServer(folder, options);
  await assertOnce(second, 'alone', 12);
});
