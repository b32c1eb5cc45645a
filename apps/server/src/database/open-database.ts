/** The database of the settings. */
import type { WorkSettings } from '../settings.ts';
import { storage } from '../storage/study-files.ts';
import type { Database } from './database.ts';
import { openEmbedded } from './embedded.ts';
import { openPostgres } from './postgres.ts';
import { claimFolder } from './sole-owner.ts';

/** PostgreSQL where a URL is given, else the embedded one, of which ServerError 'setting-invalid' where another process has it open. */
export async function openDatabase({ databaseUrl, data }: WorkSettings): Promise<Database> {
  if (databaseUrl !== undefined) return openPostgres(databaseUrl);
  const giveBack = await claimFolder(data);
  try {
    const database = await openEmbedded(storage(data).database);
    return { ...database, close: () => database.close().finally(giveBack) };
  } catch (error) {
    await giveBack();
    throw error;
  }
}
