/** Tables of results, printed as text, CSV and LaTeX from one record. */
import { formatTable } from './table.ts';

/** A figure with its interval. */
export interface Estimate {
  readonly value: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
}

/** What a table's cell holds; null where there is no value. */
export type Cell = string | number | null | Estimate;

/** How a column's numbers are shown to people; CSV always has them in full. */
export type CellFormat = 'text' | 'count' | 'auc' | 'percent' | 'p' | 'score' | 'statistic';

/** A column: its name in CSV, its title for people, its format. */
export interface ResultColumn {
  readonly key: string;
  readonly title: string;
  readonly format: CellFormat;
}

/** A table of a result. */
export interface ResultTable {
  /** Of files. */
  readonly name: string;
  readonly title: string;
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly (readonly Cell[])[];
}

const NO_VALUE = '-';

const numbers: Readonly<Record<CellFormat, (value: number) => string>> = {
  text: String,
  count: String,
  auc: (value) => value.toFixed(3),
  percent: (value) => (100 * value).toFixed(1),
  p: (value) => (value < 0.001 ? '<0.001' : value.toFixed(3)),
  score: (value) => String(Number(value.toPrecision(4))),
  statistic: (value) => value.toFixed(2),
};

/** What rounds to 0 has no sign. */
const unsigned = (text: string) => text.replace(/^-(0(?:\.0+)?)$/, '$1');

const isEstimate = (cell: Cell): cell is Estimate => typeof cell === 'object' && cell !== null;
const hasValue = (value: number | null): value is number => value !== null && Number.isFinite(value);

/** A cell for people; `dash` stands between the limits of an interval. */
function shown(cell: Cell, format: CellFormat, dash: string): string {
  if (typeof cell === 'string') return cell;
  const number = (value: number | null) => (hasValue(value) ? unsigned(numbers[format](value)) : NO_VALUE);
  if (!isEstimate(cell)) return number(cell);
  const { value, lower, upper } = cell;
  return hasValue(value) && hasValue(lower) && hasValue(upper)
    ? `${number(value)} (${number(lower)}${lower < 0 ? ' to ' : dash}${number(upper)})`
    : number(value);
}

/** Aligned text with the title above. */
export function textTable({ title, columns, rows }: ResultTable): string {
  const lines = rows.map((row) => columns.map(({ format }, i) => shown(row[i] ?? null, format, '-')));
  return `${title}\n${formatTable(
    columns.map((column) => column.title),
    lines,
  )}`;
}

/** A CSV with full precision; an estimate takes three columns: key, key_lower, key_upper. */
export function csvTable({ columns, rows }: ResultTable): string {
  const wide = columns.map((_, i) => rows.some((row) => isEstimate(row[i] ?? null)));
  const header = columns.flatMap(({ key }, i) => (wide[i] ? [key, `${key}_lower`, `${key}_upper`] : [key]));
  const number = (value: number | null) => (hasValue(value) ? String(value) : '');
  const lines = rows.map((row) =>
    columns.flatMap((_, i) => {
      const cell = row[i] ?? null;
      const [value, ...limits] = isEstimate(cell)
        ? [number(cell.value), number(cell.lower), number(cell.upper)]
        : [typeof cell === 'string' ? cell : number(cell), '', ''];
      return wide[i] ? [value as string, ...limits] : [value as string];
    }),
  );
  const quoted = (text: string) => (/[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return [header, ...lines].map((line) => `${line.map(quoted).join(',')}\n`).join('');
}

const LATEX_SIGNS: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
};

const latexText = (text: string) => text.replace(/[\\~^<>&%$#_{}]/g, (sign) => LATEX_SIGNS[sign] ?? `\\${sign}`);

/** A LaTeX table for the package booktabs, the notes below the caption. */
export function latexTable({ title, name, columns, rows }: ResultTable, notes: readonly string[] = []): string {
  const line = (cells: readonly string[]) => `${cells.map(latexText).join(' & ')} \\\\`;
  const caption = [`${title}.`, ...notes].join(' ');
  return [
    '\\begin{table}',
    `\\caption{${latexText(caption)}}`,
    `\\label{tab:${name}}`,
    `\\begin{tabular}{${columns.map(({ format }) => (format === 'text' ? 'l' : 'r')).join('')}}`,
    '\\toprule',
    line(columns.map((column) => column.title)),
    '\\midrule',
    ...rows.map((row) => line(columns.map(({ format }, i) => shown(row[i] ?? null, format, '--')))),
    '\\bottomrule',
    '\\end{tabular}',
    '\\end{table}',
    '',
  ].join('\n');
}
