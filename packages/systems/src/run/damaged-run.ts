import { dirname } from 'node:path';
import { WeightsError } from '@mammoscope/runtime';
import { SystemError } from '../errors.ts';

/** What to do about a checkpoint that is missing, damaged or of another network; other errors as they are. */
export function damagedRun(checkpoint: string, error: unknown): unknown {
  if (!(error instanceof WeightsError)) return error;
  return new SystemError(
    error.code === 'tensor-mismatch' ? 'run-mismatch' : 'run-missing',
    `${error.message}; put the right file back, or remove the folder ${dirname(checkpoint)} and repeat the train command with --resume`,
    { cause: error },
  );
}
