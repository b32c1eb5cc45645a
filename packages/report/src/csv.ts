/** A cell; null and undefined are empty. */
export type CsvCell = string | number | null | undefined;

const quoted = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/**
 * Rows as CSV (RFC 4180) with a heading and line feeds; numbers in full, so that what is read back is what was drawn.
 * A row that ends early is filled up with empty cells.
 */
export function csvText(columns: readonly string[], rows: readonly (readonly CsvCell[])[]): string {
  const line = (cells: readonly CsvCell[]) => `${cells.map((cell) => quoted(String(cell ?? ''))).join(',')}\n`;
  return [columns, ...rows.map((row) => columns.map((_, index) => row[index]))].map(line).join('');
}
