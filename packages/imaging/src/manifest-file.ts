import { dirname, relative, resolve, sep } from 'node:path';
import { writeAside } from '@mammoscope/files';
import { type ManifestRow, preferText } from './manifest-row.ts';

/** One line of a CSV file by column name; an absent value is an empty cell. */
export type CsvCells = Readonly<Record<string, string | number | undefined>>;

/**
 * CSV text (RFC 4180 quoting, LF line ends) with the union of the records' columns, in the order of their first
 * appearance.
 */
export function formatCsv(records: readonly CsvCells[]): string {
  const columns = [...new Set(records.flatMap((record) => Object.keys(record)))];
  const lines = records.map((record) => columns.map((column) => csvCell(record[column])));
  return [columns.map(csvCell), ...lines].map((cells) => `${cells.join(',')}\n`).join('');
}

function csvCell(value: string | number | undefined): string {
  const text = value === undefined ? '' : String(value);
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * Writes rows as a manifest, aside and then renamed, with paths relative to its folder (forward slashes). Reading it
 * back gives the same rows. FileError where it cannot be written.
 */
export async function writeManifest(path: string, rows: readonly ManifestRow[]): Promise<void> {
  const folder = dirname(resolve(path));
  await writeAside(path, formatCsv(rows.map((row) => manifestCells(row, folder))));
}

/** A path as a manifest in `folder` writes it. */
export function manifestPath(folder: string, absolutePath: string): string {
  return relative(folder, absolutePath).split(sep).join('/');
}

function manifestCells(row: ManifestRow, folder: string): CsvCells {
  const [x1, y1, x2, y2] = row.box ?? [];
  return {
    patient_id: row.patientId,
    path: manifestPath(folder, row.absolutePath),
    modality: row.modality,
    label: row.label,
    laterality: row.laterality,
    view: row.view,
    study_id: row.studyId,
    lesion_id: row.lesionId,
    x1,
    y1,
    x2,
    y2,
    slice_first: row.sliceFirst,
    slice_last: row.sliceLast,
    birads: row.birads,
    pathology: row.pathology,
    er_status: row.erStatus,
    split: row.split,
    bit_depth: row.bitDepth,
    prefer: row.prefer && preferText(row.prefer),
    ...row.other,
  };
}
