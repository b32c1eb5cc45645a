import readXlsxFile from 'read-excel-file/universal';
import type { CsvRecord } from '../csv-records.ts';
import { ManifestError } from '../manifest-problem.ts';
import { type WorkbookLimits, workbookFault } from './workbook-archive.ts';

/** Of the file itself. */
const MOST_BYTES = 32 << 20;

const LIMITS: WorkbookLimits = { unpackedBytes: 128 << 20, cells: 2_000_000 };

/** The first bytes of what a spreadsheet program saves: Office Open XML in a zip archive, or the compound file of .xls. */
const SIGNATURES = { xlsx: '504b', compound: 'd0cf11e0' } as const;

/** True for a file of a spreadsheet program, by its first bytes. */
export function isWorkbook(bytes: Buffer): boolean {
  return Object.values(SIGNATURES).some((signature) => bytes.toString('hex', 0, 4).startsWith(signature));
}

/**
 * The rows of a sheet of an .xlsx workbook (ECMA-376) that have a cell, as text: a number with the digits that a cell of no format shows (15 at
 * most, none after a whole number), a date as YYYY-MM-DD and its time, where it has one, as THH:MM:SS, TRUE or FALSE. Formulas have the
 * result that was saved; those without one and errors such as #N/A are empty, and so are merged cells but the first. `line` is the number of the row.
 * Rows are as long as the first, or up to their last cell where that is further right.
 * ManifestError for a file that is damaged or beyond its limits, and where the sheet is not there or, of several, not named.
 */
export async function workbookRecords(bytes: Buffer, path: string, wanted: string | undefined): Promise<CsvRecord[]> {
  const refuse = (message: string) => new ManifestError(path, [{ message }]);
  if (bytes.toString('hex', 0, 4) === SIGNATURES.compound)
    throw refuse('the workbook is of the old format .xls or under a password: save it as .xlsx without one, or as CSV');
  if (bytes.length > MOST_BYTES)
    throw refuse(`the workbook has ${bytes.length} bytes and the limit is ${MOST_BYTES}: save its table as CSV`);
  const fault = workbookFault(bytes, LIMITS);
  if (fault !== undefined) throw refuse(`the workbook cannot be read, ${fault}`);
  const sheets = await readXlsxFile(new Blob([new Uint8Array(bytes)]), { parseNumber: shownNumber }).catch(
    (error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      throw refuse(`the workbook cannot be read (${reason}): save it again, or save its table as CSV`);
    },
  );
  const filled = sheets.filter(({ data }) => data.length > 0);
  const names = (some: typeof sheets) => some.map(({ sheet }) => JSON.stringify(sheet)).join(', ');
  if (wanted !== undefined) {
    const found = sheets.find(({ sheet }) => sheet === wanted);
    if (found) return records(found.data);
    throw refuse(`the workbook has no sheet ${JSON.stringify(wanted)}, only ${names(sheets)}: name one of them`);
  }
  const [only, ...more] = filled;
  if (more.length > 0)
    throw refuse(`the workbook has the sheets ${names(filled)}: say with --sheet which is the table`);
  return only ? records(only.data) : [];
}

function records(rows: readonly (readonly unknown[])[]): CsvRecord[] {
  const lines = rows.map((row, i) => ({ line: i + 1, fields: row.map(shown) }));
  const [header, ...rest] = lines.filter(({ fields }) => fields.some((field) => field !== ''));
  if (!header) return [];
  const width = lastFilled(header.fields);
  return [header, ...rest].map(({ line, fields }) => {
    return { line, fields: fields.slice(0, Math.max(width, lastFilled(fields))) };
  });
}

/** Cells up to the last that is not empty. */
const lastFilled = (fields: readonly string[]): number => fields.findLastIndex((field) => field !== '') + 1;

function shown(cell: unknown): string {
  if (cell === null || cell === undefined) return '';
  if (cell instanceof Date) return shownDate(cell);
  return typeof cell === 'boolean' ? String(cell).toUpperCase() : String(cell).trim();
}

function shownNumber(text: string): string {
  const number = Number(text);
  return Number.isFinite(number) ? String(Number(number.toPrecision(15))) : text;
}

/** A cell of a time without a day counts from 1899-12-30. */
function shownDate(date: Date): string {
  const seconds = new Date(Math.round(date.getTime() / 1000) * 1000);
  const [day = '', time = ''] = seconds.toISOString().replace('.000Z', '').split('T');
  if (day === '1899-12-30') return time;
  return time === '00:00:00' ? day : `${day}T${time}`;
}
