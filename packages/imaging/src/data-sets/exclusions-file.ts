import { dirname, join, resolve } from 'node:path';
import { writeAside } from '@mammoscope/files';
import { type CsvCells, formatCsv } from '../manifest-file.ts';
import type { Exclusion } from './data-set.ts';

const COLUMNS = ['file', 'line', 'patient_id', 'image', 'left_out', 'reason'];

/**
 * Writes exclusions.csv beside a manifest, with a header alone where nothing was left out: file, line, patient_id, image, left_out
 * (row or box), reason. Gives its absolute path. Throws FileError.
 */
export async function writeExclusions(manifest: string, exclusions: readonly Exclusion[]): Promise<string> {
  const path = join(dirname(resolve(manifest)), 'exclusions.csv');
  const records = exclusions.map(
    ({ file, line, patientId, image, leftOut, reason }): CsvCells => ({
      file,
      line,
      patient_id: patientId,
      image,
      left_out: leftOut,
      reason,
    }),
  );
  await writeAside(path, records.length > 0 ? formatCsv(records) : `${COLUMNS.join(',')}\n`);
  return path;
}
