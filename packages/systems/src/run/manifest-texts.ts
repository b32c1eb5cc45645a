import { basename } from 'node:path';
import type { Manifest, ManifestRow } from '@mammoscope/imaging';
import { SystemError } from '../errors.ts';

/** Columns with a meaning of their own that tell images apart, as the manifest's header names them. */
const KNOWN: Readonly<Record<string, (row: ManifestRow) => string | undefined>> = {
  modality: ({ modality }) => modality,
  laterality: ({ laterality }) => laterality,
  view: ({ view }) => view,
  birads: ({ birads }) => birads,
  pathology: ({ pathology }) => pathology,
  er_status: ({ erStatus }) => erStatus,
};

/**
 * The text of a column for some rows of a manifest; '' where a cell is empty. Throws SystemError 'option-invalid', naming
 * the columns that there are, for one that no row has.
 */
export function manifestTexts(manifest: Manifest, rows: readonly ManifestRow[], column: string): string[] {
  const known = KNOWN[column];
  const text = (row: ManifestRow) => row.other[column] ?? known?.(row);
  if (!manifest.rows.some((row) => text(row))) {
    const filled = Object.keys(KNOWN).filter((name) => manifest.rows.some((row) => KNOWN[name]?.(row)));
    const names = [...new Set([...filled, ...manifest.rows.flatMap(({ other }) => Object.keys(other))])];
    throw new SystemError(
      'option-invalid',
      `${basename(manifest.path)} has no column ${column} to make subgroups by: there are ${names.join(', ') || 'none'}`,
    );
  }
  return rows.map((row) => text(row) ?? '');
}
