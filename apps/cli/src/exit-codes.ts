/** Exit codes: 0 done, 1 the work failed, 2 the usage or the input was wrong, 130 interrupted with what was done saved. */
import { DicomError } from '@mammoscope/dicom';
import { ImagingError } from '@mammoscope/imaging';
import { GraphError } from '@mammoscope/nn';
import { TrainingError, WeightsError, type WeightsErrorCode } from '@mammoscope/runtime';
import { ServerError } from '@mammoscope/server/errors';
import { StatsError } from '@mammoscope/stats';
import { SystemError } from '@mammoscope/systems';

export const WORK_FAILED = 1;
export const USAGE_ERROR = 2;
export const INTERRUPTED = 130;

/** What goes wrong with weights although the input was right. */
const FAILED_WORK: ReadonlySet<WeightsErrorCode> = new Set(['download-failed', 'download-mismatch']);

/** The exit code and the sentence of an error that reached the top. */
export function exitCodeOf(error: unknown): { readonly message: string; readonly code: number } {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof TrainingError)
    return { message, code: error.code === 'interrupted' ? INTERRUPTED : WORK_FAILED };
  if (error instanceof WeightsError) return { message, code: FAILED_WORK.has(error.code) ? WORK_FAILED : USAGE_ERROR };
  const input =
    error instanceof DicomError ||
    error instanceof ImagingError ||
    error instanceof ServerError ||
    error instanceof SystemError ||
    error instanceof StatsError ||
    error instanceof GraphError ||
    error instanceof RangeError;
  return { message, code: input ? USAGE_ERROR : WORK_FAILED };
}
