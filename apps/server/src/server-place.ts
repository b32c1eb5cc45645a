/** What the handlers of a server share. */
import type { Database } from './database/database.ts';
import type { OpenImages } from './dicomweb/open-images.ts';
import { ServerError } from './errors.ts';
import type { AccessRules } from './http/access.ts';
import type { IntakePlace } from './intake/store-image.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { QueuePlace } from './queue/analysis-queue.ts';
import type { PacsAddress, ServerSettings } from './settings.ts';

/** Database, storage, queue, models, and whom to tell. */
export interface ServerPlace extends IntakePlace, QueuePlace {
  readonly database: Database;
  readonly settings: ServerSettings;
  readonly access: AccessRules;
  readonly images: OpenImages;
  readonly metrics: Metrics;
  readonly log: Log;
  /** ServerError 'not-found'. */
  readonly pacsOf: (name: string) => PacsAddress;
}

/** A PACS by its name. */
export function pacsNamed(pacs: readonly PacsAddress[], name: string): PacsAddress {
  const found = pacs.find((each) => each.name === name);
  if (found) return found;
  throw new ServerError('not-found', 'there is no PACS of that name: /api/server lists them');
}
