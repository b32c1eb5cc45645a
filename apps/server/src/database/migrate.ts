/** The tables of the server, from SQL files that are applied once, in the order of their names. */
import { readdir, readFile } from 'node:fs/promises';
import { ServerError } from '../errors.ts';
import type { Database } from './database.ts';

const FOLDER = new URL('./migrations/', import.meta.url);
/** Any number: two servers that start at the same time wait for each other. */
const LOCK = 7_214_003;

/** Applies what is missing. ServerError 'database-invalid' for a database of a newer version. */
export async function migrate(database: Database): Promise<void> {
  await database.query(
    'create table if not exists migrations (name text primary key, applied_at timestamptz not null default now())',
  );
  const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.sql')).sort();
  const applied = new Set((await database.query('select name from migrations')).map(({ name }) => name));
  const unknown = [...applied].find((name) => !files.includes(String(name)));
  if (unknown !== undefined)
    throw new ServerError(
      'database-invalid',
      `the database has had the migration ${unknown}, which this version does not know: use the version that made it`,
    );
  for (const name of files.filter((file) => !applied.has(file))) {
    const sql = await readFile(new URL(name, FOLDER), 'utf8');
    // several statements without values are one transaction; whoever comes second finds the row and undoes its own
    await database
      .query(
        `begin; select pg_advisory_xact_lock(${LOCK}); insert into migrations (name) values ('${name}');\n${sql}\ncommit;`,
      )
      .catch(async (error) => {
        const [there] = await database.query('select 1 as there from migrations where name = $1', [name]);
        if (!there) throw error;
      });
  }
}
