/** The rows of a manifest that a run may be judged on. */
import { dirname, relative } from 'node:path';
import type { Manifest, ManifestRow } from '@mammoscope/imaging';
import { SystemError } from '../errors.ts';
import type { RunRecord } from './run-record.ts';

/** Rows whose patients training did not see, and those left out. */
export interface UnseenRows {
  readonly rows: readonly ManifestRow[];
  readonly exclusions: readonly { readonly path: string; readonly patientId: string; readonly reason: string }[];
  /** In words: 'test split', or 'another manifest'. */
  readonly dataset: string;
}

/** SystemError 'run-mismatch' where a manifest has a class that the run does not know. */
export function requireClasses({ classes }: RunRecord, manifest: Manifest): void {
  const unknown = manifest.classes.find((name) => !classes.includes(name));
  if (unknown)
    throw new SystemError(
      'run-mismatch',
      `${manifest.path} has the class "${unknown}", the run knows ${classes.join(', ')}: use a manifest with these labels`,
    );
}

/** Of the run's own manifest its test split; of another one every image whose patient training did not see. */
export function unseenRows(record: RunRecord, manifest: Manifest): UnseenRows {
  if (manifest.sha256 === record.manifest.sha256) {
    const test = new Set(record.rows.filter(({ split }) => split === 'test').map(rowKey));
    return {
      rows: manifest.rows.filter((row) => test.has(manifestKey(manifest, row))),
      exclusions: [],
      dataset: 'test split',
    };
  }
  const seen = new Set(record.rows.filter(({ split }) => split !== 'test').map(({ patientId }) => patientId));
  const exclusions = manifest.rows
    .filter(({ patientId }) => seen.has(patientId))
    .map(({ path, patientId }) => ({ path, patientId, reason: 'training saw this patient' }));
  return {
    rows: manifest.rows.filter(({ patientId }) => !seen.has(patientId)),
    exclusions,
    dataset: 'another manifest',
  };
}

/** What tells the rows of a run apart. */
export const rowKey = ({ path, lesionId }: { readonly path: string; readonly lesionId?: string | undefined }) =>
  `${path}\u0000${lesionId ?? ''}`;

/** The {@link rowKey} of a row of a run's own manifest. */
export const manifestKey = ({ path }: Manifest, { absolutePath, lesionId }: ManifestRow): string =>
  rowKey({ path: relative(dirname(path), absolutePath), lesionId });
