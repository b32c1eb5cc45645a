/** What supervisor and worker process say to each other. */
import type { WorkSettings } from '../settings.ts';

/** What the parent sends first; 'stop' may follow. */
export interface WorkerStart {
  readonly kind: 'start';
  readonly name: string;
  readonly settings: WorkSettings;
}

/** The attempt at hand is no longer wanted, or took too long; the supervisor starts another worker. */
export const LEFT = 75;
