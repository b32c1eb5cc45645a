/** The connection to the database is cut at every statement of a reading, before it is asked and before it is answered: the study is analysed once, and its result is there. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Analysis, AnalysisResult } from '@mammoscope/server/api-types';
import { type BreakableWay, breakableWay, type CutMoment } from './database-cut.ts';
import {
  analysed,
  drawnWoman,
  eventually,
  getJson,
  POSTGRES_MISSING,
  type StartedServer,
  startPostgres,
  startServer,
  stored,
  studyBytes,
  trainedRun,
} from './server-process.ts';

/** The statements of a worker from its turn to the end, by words of each; it asks for turns before there are any. */
const STATEMENTS = {
  'taking a turn': "j.state < 'active'",
  'claiming the study': 'with claimed as',
  'noting a step': 'set step = $3, progress = $4',
  'listing the images': 'select * from instances where study_uid = $1',
  'publishing the result': "state = 'done', ended_at = now()",
  'giving the turn back': 'completed_on = now()',
};
const skip = POSTGRES_MISSING;
const { folder } = await trainedRun('images');
let [postgres, way, server]: [Awaited<ReturnType<typeof startPostgres>>?, BreakableWay?, StartedServer?] = [];

before(async () => {
  if (skip) return;
  postgres = await startPostgres();
  way = await breakableWay(postgres.url);
  const options = ['--model', 'run', '--settle-seconds', '1', '--threads', '1'];
  server = await startServer(folder, options, { DATABASE_URL: way.url });
});
after(async () => {
  await server?.stop();
  await way?.[Symbol.asyncDispose]();
  await postgres?.[Symbol.asyncDispose]();
});

const moments: readonly CutMoment[] = ['before it is asked', 'before it is answered'];
const cases = moments.flatMap((moment) =>
  Object.entries(STATEMENTS).map(([name, words]) => ({ name: `${name}: cut ${moment}`, words, moment })),
);

for (const [i, { name, words, moment }] of cases.entries())
  test(name, { skip }, async () => {
    assert.ok(server && way);
    const woman = drawnWoman(i);
    way.cut(words, moment, words === STATEMENTS['taking a turn'] ? '"analysis"' : '');
    await stored(server, 'woman.dcm', studyBytes(woman));
    const [analysis, ...others] = await analysed(server, woman.study);
    assert.deepEqual(others, []);
    // a worker that did not learn that it has published would throw the result away by now
    const isOver = new RegExp(`"analysis-ended".*"study":"${woman.study}".*"code":"done"`);
    await eventually(
      async () => server?.log() ?? '',
      (log) => isOver.test(log),
      100,
    );
    assert.equal(way.pending(), 0, 'nobody has asked this');
    const { state, attempts, error, result } = analysis as Analysis;
    assert.deepEqual({ state, attempts, error }, { state: 'done', attempts: 1, error: null });
    assert.equal((await getJson<AnalysisResult>(`${server.url}${result}`)).study, woman.study);
  });
