import { csvRecords, textBytes } from '../csv-records.ts';
import { ImagingError } from '../errors.ts';
import { ManifestError } from '../manifest-problem.ts';
import type { ImportContext, Origin } from './data-set.ts';
import { isWorkbook, workbookRecords } from './workbook.ts';

/** A line of a label file. */
export interface LabelLine {
  readonly from: Origin;
  /** The cell of a column, trimmed; empty where there is no such column. Case, blanks and underscores of the name do not matter. */
  readonly cell: (column: string) => string;
}

/** A label file with its header. */
export interface LabelTable {
  readonly columns: readonly string[];
  readonly lines: readonly LabelLine[];
}

/**
 * Reads a label file: CSV whose separator (comma, semicolon or tab) is the one that its header has most of, or a sheet of a workbook
 * (workbookRecords), told by its bytes. Lines of another number of cells are excluded. ManifestError where it is neither or lacks a required column.
 * @param path absolute; @param file as messages call it
 */
export async function readLabelTable(
  path: string,
  file: string,
  required: readonly string[],
  { exclude, sheet }: Pick<ImportContext, 'exclude' | 'sheet'>,
): Promise<LabelTable> {
  const bytes = await textBytes(path, 'the label file');
  if (sheet !== undefined && !isWorkbook(bytes)) {
    throw new ManifestError(path, [{ message: `--sheet is for a workbook and the file is none: leave it out` }]);
  }
  const [header, ...records] = isWorkbook(bytes)
    ? await workbookRecords(bytes, path, sheet)
    : csvRecords(bytes, path, 'the label file', separatorOf(bytes));
  if (!header) throw new ManifestError(path, [{ message: 'the label file is empty: copy it again' }]);
  const keys = header.fields.map(columnKey);
  const missing = required.filter((column) => !keys.includes(columnKey(column)));
  if (missing.length > 0) {
    const message = `the header lacks ${missing.join(', ')} and has ${header.fields.join(', ')}: give the file as it was published`;
    throw new ManifestError(path, [{ line: header.line, message }]);
  }
  const lines = records.flatMap(({ line, fields }) => {
    const from = { file, line };
    if (fields.length === keys.length) {
      const cells = new Map(keys.map((key, i) => [key, (fields[i] ?? '').trim()]));
      return [{ from, cell: (column: string) => cells.get(columnKey(column)) ?? '' }];
    }
    exclude(from, `the line has ${fields.length} cells and the header ${keys.length}`);
    return [];
  });
  return { columns: header.fields, lines };
}

/**
 * The label files of a data set, by their names anywhere in the folder. ImagingError data-set-invalid where there is none.
 * @param wanted as messages call them
 */
export async function readLabelFiles(
  context: ImportContext,
  pattern: RegExp,
  required: readonly string[],
  wanted: string,
): Promise<LabelLine[]> {
  const { files, folder } = context;
  const found = tablesAmong(files.paths).filter((path) => pattern.test(path.split('/').at(-1) ?? ''));
  if (found.length === 0) {
    throw new ImagingError('data-set-invalid', `${folder} has no ${wanted}: put the label files of the data set there`);
  }
  const tables: LabelLine[] = [];
  for (const file of found) tables.push(...(await readLabelTable(files.absolute(file), file, required, context)).lines);
  return tables;
}

/** The paths that are tables by their ending; a workbook with its sheet saved as CSV of the same name beside it stands back. */
export function tablesAmong(paths: readonly string[]): string[] {
  const tables = paths.filter((path) => /(^|\/)(?![.~])[^/]*\.(csv|tsv|xlsx)$/i.test(path));
  const texts = new Set(tables.filter((path) => !/\.xlsx$/i.test(path)).map(stem));
  return tables.filter((path) => !(/\.xlsx$/i.test(path) && texts.has(stem(path))));
}

const stem = (path: string): string => path.replace(/\.[^.]*$/, '').toLowerCase();

/** A column's name without case, blanks and punctuation: 'breast_density' and 'breast density' are one. */
export function columnKey(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

function separatorOf(bytes: Buffer): string {
  const end = bytes.indexOf('\n');
  const header = bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
  const count = (separator: string) => header.split(separator).length;
  return [';', '\t'].reduce((best, next) => (count(next) > count(best) ? next : best), ',');
}
