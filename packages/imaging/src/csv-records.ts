import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { ImagingError } from './errors.ts';
import { ManifestError } from './manifest-problem.ts';

/** One record of a CSV file: its cells without surrounding blanks, and the line where it begins, from 1. */
export interface CsvRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

/**
 * The records of a CSV file in UTF-8, with or without BOM, any line ends, quoted fields; empty lines are skipped. Lines are counted
 * here: csv-parse counts a CRLF inside quotes as two. ManifestError where the bytes are no such file.
 * @param what how messages call the file, such as 'the manifest'
 */
export function csvRecords(bytes: Buffer, path: string, what: string, delimiter = ','): CsvRecord[] {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const options = { bom: true, relax_column_count: true, skip_empty_lines: true, trim: true, info: true } as const;
    const parsed: unknown = parse(bytes, { ...options, delimiter });
    const counter = { at: 0, line: 1 };
    return (parsed as { record: string[]; info: { bytes: number } }[]).map(({ record, info }) => {
      while (counter.at < info.bytes && isBlank(bytes[counter.at] as number)) advance(counter, bytes, counter.at + 1);
      const { line } = counter;
      advance(counter, bytes, info.bytes);
      return { line, fields: record };
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message =
      error instanceof TypeError ? `${what} is not UTF-8 text: save it as CSV UTF-8` : `not a CSV file (${reason})`;
    throw new ManifestError(path, [{ message }]);
  }
}

/** The bytes of a text file that the user named. ImagingError file-missing, file-unreadable. */
export async function textBytes(path: string, what: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const missing = reason === 'ENOENT' || reason === 'ENOTDIR' || reason === 'EISDIR';
    const said = missing ? 'is not an existing file: correct the path' : `could not be read (${reason})`;
    throw new ImagingError(missing ? 'file-missing' : 'file-unreadable', `${what} ${path} ${said}`, { cause: error });
  }
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}

/** Moves to a byte, counting LF, CRLF and lone CR as one line end each. */
function advance(counter: { at: number; line: number }, bytes: Buffer, to: number): void {
  for (; counter.at < to; counter.at++) {
    const byte = bytes[counter.at];
    if (byte === 0x0a || (byte === 0x0d && bytes[counter.at + 1] !== 0x0a)) counter.line++;
  }
}
