import { StatsError } from '../errors.ts';

/** A value that parts cases: a vendor, a density, a band of ages. */
export type SubgroupValue = string | number | boolean | null | undefined;

/** Cases that share a value. */
export interface Subgroup {
  readonly name: string;
  /** In ascending order. */
  readonly rows: readonly number[];
}

/** The name of cases without a value: undefined, null, NaN or an empty text. They are a subgroup, never left out. */
export const MISSING = 'missing';

/**
 * Parts cases by one column, or by the combinations of several ("GE, dense"). Subgroups are in the order of their
 * values, numbers ascending before texts, bands as they were cut, 'missing' last; together they hold every case once.
 * O(n log n). Throws stats/length where columns differ and stats/argument for no column.
 */
export function subgroups(...by: readonly ArrayLike<SubgroupValue>[]): Subgroup[] {
  const [first] = by;
  if (first === undefined) {
    throw new StatsError('stats/argument', 'subgroups need at least one column, got none; name one such as vendor');
  }
  for (const column of by) {
    if (column.length !== first.length) {
      throw new StatsError(
        'stats/length',
        `columns of subgroups must have one entry a case, got ${first.length} and ${column.length}; pass columns of the same table`,
      );
    }
  }
  const isMissing = (value: SubgroupValue) =>
    value === undefined || value === null || value === '' || Number.isNaN(value);
  // Numbers before texts before missing values
  const place = (value: SubgroupValue) => (isMissing(value) ? 2 : typeof value === 'number' ? 0 : 1);
  const compare = (a: SubgroupValue, b: SubgroupValue) =>
    place(a) - place(b) ||
    (typeof a === 'number' && typeof b === 'number' ? a - b : compareTexts(String(a), String(b)));
  const groups = new Map<string, { values: SubgroupValue[]; rows: number[] }>();
  for (let row = 0; row < first.length; row++) {
    const values = by.map((column) => (isMissing(column[row]) ? undefined : column[row]));
    const key = JSON.stringify(values.map((value) => (value === undefined ? null : [typeof value, value])));
    const group = groups.get(key);
    if (group) group.rows.push(row);
    else groups.set(key, { values, rows: [row] });
  }
  return [...groups.values()]
    .sort((a, b) => a.values.reduce<number>((order, value, k) => order || compare(value, b.values[k]), 0))
    .map(({ values, rows }) => ({ name: values.map((value) => String(value ?? MISSING)).join(', '), rows }));
}

/** Where a text that starts with a number, or a band, starts; NaN for other texts. */
const startOf = (text: string) =>
  text.startsWith('<') ? Number.NEGATIVE_INFINITY : Number.parseFloat(text.replace(/^>=/, ''));

/** By starting numbers, so that "40 to <50" precedes "100 to <120", and else by code units. */
function compareTexts(a: string, b: string): number {
  return startOf(a) - startOf(b) || (a < b ? -1 : Number(a > b));
}

/**
 * Cuts a column of numbers, such as ages in years, into bands named "<40", "40 to <50", ">=50" by ascending edges; an
 * edge belongs to the band above it, and a missing number stays missing. The names sort in the order of the bands. O(n
 * edges). Throws stats/argument for edges that do not ascend and stats/score for a value that is not a number.
 */
export function bands(values: ArrayLike<number | null | undefined>, edges: readonly number[]): (string | undefined)[] {
  if (
    edges.length === 0 ||
    !edges.every((edge, i) => Number.isFinite(edge) && (i === 0 || edge > (edges[i - 1] ?? 0)))
  ) {
    throw new StatsError(
      'stats/argument',
      `edges of bands must be ascending numbers, got ${edges.join(', ') || 'none'}; pass such as 40, 50, 60`,
    );
  }
  return Array.from({ length: values.length }, (_, row) => {
    const value = values[row];
    if (value === null || value === undefined || Number.isNaN(value)) return undefined;
    if (typeof value !== 'number') {
      throw new StatsError(
        'stats/score',
        `values[${row}] must be a number, got "${String(value)}"; leave it empty or mend it`,
      );
    }
    const above = edges.findIndex((edge) => value < edge);
    if (above === 0) return `<${edges[0]}`;
    return above === -1 ? `>=${edges.at(-1)}` : `${edges[above - 1]} to <${edges[above]}`;
  });
}

/** The entries of a column at the rows of a subgroup. */
export function rowsOf<Value>(column: ArrayLike<Value>, { rows }: Subgroup): Value[] {
  return rows.map((row) => column[row] as Value);
}
