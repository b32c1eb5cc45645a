/** The database of the settings. */
import type { WorkSettings } from '../settings.ts';
import { storage } from '../storage/study-files.ts';
import type { Database } from './database.ts';
import { openEmbedded } from './embedded.ts';
import { openPostgres } from './postgres.ts';

/** PostgreSQL where a URL is given, else the embedded one. */
export function openDatabase({ databaseUrl, data }: WorkSettings): Promise<Database> {
  return databaseUrl === undefined ? openEmbedded(storage(data).database) : Promise.resolve(openPostgres(databaseUrl));
}
