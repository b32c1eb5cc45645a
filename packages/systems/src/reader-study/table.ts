/** Tables of scores, ratings or findings from any tool: CSV with a header, one row a case. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { parse } from 'csv-parse/sync';
import { SystemError } from '../errors.ts';

/** One row: the line of the file on which it ends, the header being line 1, and its cells in the order of the columns. */
export interface TableRow {
  readonly line: number;
  readonly cells: readonly string[];
}

/** A table as it was read; nothing is converted yet. */
export interface Table {
  /** The file's name without its folder. */
  readonly name: string;
  /** A column without a name is ''. */
  readonly columns: readonly string[];
  readonly rows: readonly TableRow[];
}

/** Lines that a sentence lists; of more it gives the number. */
const LISTED_LINES = 8;

/** SystemError 'table-invalid' about a table. */
export const tableError = (name: string, sentence: string, cause?: unknown): SystemError =>
  new SystemError('table-invalid', `${name}: ${sentence}`, cause === undefined ? {} : { cause });

/** "line 5" or "lines 5, 9 and 12", cut after eight. */
export function listLines(lines: readonly number[]): string {
  if (lines.length === 1) return `line ${lines[0]}`;
  const more = lines.length - LISTED_LINES;
  const shown = lines.slice(0, LISTED_LINES);
  return more > 0
    ? `lines ${shown.join(', ')} and ${more} more`
    : `lines ${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}

/**
 * Reads a table: UTF-8 (with or without BOM), quoted fields, separated by commas or, where the header has no comma, by
 * semicolons or tabs. One column may be without a name, as R and pandas write row numbers.
 * Throws SystemError 'table-invalid' for a file that is missing or no such table.
 */
export async function readTable(path: string): Promise<Table> {
  const name = basename(path);
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    const missing = error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'EISDIR';
    const reason = missing ? 'is not an existing file: correct the path' : `could not be read (${error.code})`;
    throw new SystemError('table-invalid', `the table ${path} ${reason}`, { cause: error });
  });
  const records = parseRecords(bytes, name);
  const [header, ...body] = records;
  if (!header) throw tableError(name, 'the table is empty: write a header and one row a case');
  const columns = header.record;
  const repeated = columns.find((column, i) => columns.indexOf(column) !== i);
  if (repeated !== undefined) {
    const which = repeated === '' ? 'has more than one column without a name' : `names ${repeated} more than once`;
    throw tableError(name, `the header ${which}: name each column once`);
  }
  if (body.length === 0) throw tableError(name, 'the table has a header and no rows: write one row a case');
  const uneven = body.find(({ record }) => record.length !== columns.length);
  if (uneven) {
    throw tableError(
      name,
      `line ${uneven.info.lines} has ${uneven.record.length} fields and the header ${columns.length}: quote fields that hold the separator`,
    );
  }
  return { name, columns, rows: body.map(({ record, info }) => ({ line: info.lines, cells: record })) };
}

interface CsvRecord {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

function parseRecords(bytes: Buffer, name: string): CsvRecord[] {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const [header = ''] = text.split(/\r?\n|\r/, 1);
    const delimiter = header.includes(',') ? ',' : (/[;\t]/.exec(header)?.[0] ?? ',');
    const parsed: unknown = parse(text, {
      delimiter,
      bom: true,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
      info: true,
    });
    return parsed as CsvRecord[];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const sentence =
      error instanceof TypeError ? 'not UTF-8 text: save the table as CSV UTF-8' : `not a CSV file (${reason})`;
    throw tableError(name, sentence, error);
  }
}

/** The columns of a table, for a sentence. */
export const namedColumns = ({ columns }: Table): string => columns.filter((column) => column !== '').join(', ');

/** Requires columns; the sentence names those that there are. */
export function requireColumns(table: Table, columns: readonly string[]): void {
  const missing = columns.filter((column) => column === '' || !table.columns.includes(column));
  if (missing.length === 0) return;
  const many = missing.length > 1;
  throw tableError(
    table.name,
    `there ${many ? 'are no columns' : 'is no column'} ${missing.join(', ')}: the columns are ${namedColumns(table)}`,
  );
}

/** The texts of a column. Throws SystemError 'table-invalid' where the column is missing. */
export function textColumn(table: Table, column: string): string[] {
  requireColumns(table, [column]);
  const index = table.columns.indexOf(column);
  return table.rows.map(({ cells }) => cells[index] ?? '');
}

/** The texts of a column that may not be empty. */
export function filledColumn(table: Table, column: string): string[] {
  const texts = textColumn(table, column);
  const empty = table.rows.filter((_, row) => isMissing(texts[row] as string));
  if (empty.length > 0) {
    throw tableError(
      table.name,
      `column ${column} is empty on ${listLines(empty.map(({ line }) => line))}: fill it in`,
    );
  }
  return texts;
}

/** How tools write a value that is not there. */
const MISSING_TEXTS: ReadonlySet<string> = new Set(['', 'na', 'nan', 'null', 'n/a']);

/** Whether a cell holds no value. */
export const isMissing = (text: string): boolean => MISSING_TEXTS.has(text.toLowerCase());

/** The finite number of a cell; undefined for any other text. */
export function numberOf(text: string): number | undefined {
  const value = text === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** The numbers of a column. Throws SystemError 'table-invalid' with the lines that hold none. */
export function numberColumn(table: Table, column: string): number[] {
  const texts = textColumn(table, column);
  const numbers = texts.map(numberOf);
  const wrong = table.rows.filter((_, row) => numbers[row] === undefined);
  if (wrong.length > 0) {
    const first = JSON.stringify(texts[numbers.indexOf(undefined)]);
    throw tableError(
      table.name,
      `column ${column} must hold numbers, got ${first} on ${listLines(wrong.map(({ line }) => line))}: mend the cells, with a point as the decimal sign`,
    );
  }
  return numbers as number[];
}
