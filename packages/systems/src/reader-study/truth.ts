import { isMissing, listLines, type Table, tableError, textColumn } from './table.ts';

/** Texts that need no explanation. */
const PLAIN: Readonly<Record<string, boolean>> = { '1': true, '0': false, true: true, false: false };

/**
 * The truth of each row from a column of 0 and 1 (or false and true), or of names of which `positive` lists those that
 * mean the condition is present; every other name is negative.
 * Throws SystemError 'table-invalid' for an empty cell, names without `positive`, and a positive name that no row has.
 */
export function truthColumn(table: Table, column: string, positive?: readonly string[]): Uint8Array {
  const texts = textColumn(table, column);
  const empty = table.rows.filter((_, row) => isMissing(texts[row] as string));
  if (empty.length > 0) {
    throw tableError(
      table.name,
      `column ${column} has no truth on ${listLines(empty.map(({ line }) => line))}: fill it in or remove the rows`,
    );
  }
  const names = [...new Set(texts)].sort();
  const listed = names.length > 8 ? `${names.slice(0, 8).join(', ')} and ${names.length - 8} more` : names.join(', ');
  if (positive) {
    const unknown = positive.filter((name) => !names.includes(name));
    if (unknown.length > 0) {
      throw tableError(table.name, `column ${column} never holds ${unknown.join(', ')}: it holds ${listed}`);
    }
    return Uint8Array.from(texts, (text) => Number(positive.includes(text)));
  }
  return Uint8Array.from(texts, (text) => {
    const plain = PLAIN[text.toLowerCase()] ?? PLAIN[String(Number(text))];
    if (plain === undefined) {
      throw tableError(
        table.name,
        `column ${column} must hold 0 and 1, got ${listed}: say which of them are positive with --positive`,
      );
    }
    return Number(plain);
  });
}
