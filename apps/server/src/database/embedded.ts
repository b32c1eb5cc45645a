/** PostgreSQL in this process (PGlite), its files in a folder. One process may have it open; the others ask this one (remote.ts). */
import { mkdir } from 'node:fs/promises';
import { PGlite } from '@electric-sql/pglite';
import { fromPglite } from 'pg-boss';
import type { Database, Row } from './database.ts';

/** Opens or makes the database of a folder. */
export async function openEmbedded(folder: string): Promise<Database> {
  await mkdir(folder, { recursive: true });
  const pglite = await PGlite.create(folder);
  const { executeSql } = fromPglite(pglite);
  return {
    query: async (text, values) => (await executeSql(text, values && [...values])).rows as Row[],
    close: () => pglite.close(),
  };
}
