import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Log } from '../log.ts';
import { insistent, isDatabaseAway } from './away.ts';
import type { Database } from './database.ts';
import { openEmbedded } from './embedded.ts';
import { openPostgres } from './postgres.ts';

const caught = (database: Database, statement = 'select 1'): Promise<unknown> =>
  database.query(statement).then(
    () => assert.fail('there is no such database'),
    (error: unknown) => error,
  );

test('a server that is not there is away, by whichever way it is asked', async () => {
  const places = [
    'postgres://mammoscope@127.0.0.1:1/postgres',
    'postgres://mammoscope@localhost:1/postgres', // of two addresses, so of two errors in one
    'postgres://mammoscope@nowhere.invalid/postgres',
    'socket:/nowhere?db=postgres',
  ];
  for (const place of places) {
    const server = openPostgres(place);
    assert.ok(isDatabaseAway(await caught(server)), place);
    await server.close();
  }
});

test('codes of PostgreSQL: of connections, resources and operators, not of statements', () => {
  const withCode = (code: string) => Object.assign(new Error('refused'), { code });
  for (const code of ['08006', '40001', '53300', '57P01', '57P03', '58030'])
    assert.ok(isDatabaseAway(withCode(code)), code);
  for (const code of ['22003', '23505', '42601', '42P01', 'XX000']) assert.ok(!isDatabaseAway(withCode(code)), code);
  assert.ok(!isDatabaseAway(new Error('the file of the study is damaged')));
  assert.ok(!isDatabaseAway(undefined));
});

test('who insists gets an answer once the database is back, and hears at once of a statement that is wrong', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mammoscope-away-'));
  const embedded = await openEmbedded(join(folder, 'database'));
  const events: string[] = [];
  const log: Log = (_level, event) => events.push(event);
  let tries = 0;
  const returning: Database = {
    ...embedded,
    query: (text, values) =>
      tries++ < 1
        ? Promise.reject(Object.assign(new Error('the system is starting up'), { code: '57P03' }))
        : embedded.query(text, values),
  };
  assert.deepEqual(await insistent(returning, log).query('select 2 as two'), [{ two: 2 }]);
  assert.deepEqual(events, ['database-unreachable']);
  const wrong = (await caught(insistent(returning, log), 'select from nowhere where')) as NodeJS.ErrnoException;
  assert.equal(wrong.code, '42601');
  assert.deepEqual([tries, events.length], [3, 1]);
  await embedded.close();
  await rm(folder, { recursive: true });
});
