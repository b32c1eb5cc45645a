/** Errors as answers. */
import { DicomError } from '@mammoscope/dicom';
import { ImagingError } from '@mammoscope/imaging';
import { SystemError } from '@mammoscope/systems';
import type { ApiError } from '../api-types.ts';
import { isDatabaseAway } from '../database/away.ts';
import { ServerError, statusOf, withoutFolders } from '../errors.ts';

/** A status and its body. */
export interface Failure {
  readonly status: number;
  readonly body: ApiError;
}

/** What errors become: those of the input with their sentence, those of the server without any. */
export function failureOf(error: unknown): Failure {
  const failure = (status: number, code: string, message: string): Failure => ({
    status,
    body: { error: { code, message } },
  });
  if (error instanceof ServerError) return failure(statusOf(error), error.code, error.message);
  if (error instanceof DicomError || error instanceof ImagingError || error instanceof SystemError)
    return failure(422, error.code, withoutFolders(error.message));
  if (isStorageGone(error))
    return failure(
      503,
      'unavailable',
      'the storage cannot be used at the moment: see that its disk is there and not full',
    );
  if (isDatabaseAway(error))
    return failure(503, 'unavailable', 'the database cannot be reached at the moment: try again in a few seconds');
  return failure(500, 'internal', 'the server failed: its log says why');
}

/** Whether a disk is full, not there or worn out, or too many files are open. */
const isStorageGone = (error: unknown): boolean =>
  ['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EMFILE', 'ENFILE'].includes(
    (error as NodeJS.ErrnoException | null)?.code ?? '',
  );
