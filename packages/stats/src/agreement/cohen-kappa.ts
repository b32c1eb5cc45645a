import { twoSidedP } from '../distributions/normal.ts';
import { StatsError } from '../errors.ts';
import { DEFAULT_LEVEL, type Interval, twoSidedDeviate } from '../interval.ts';

/** How disagreement between ordered categories counts: all alike, by distance, or by distance squared. */
export type KappaWeights = 'none' | 'linear' | 'quadratic';

/** A rating: a number or a name such as BI-RADS "4a". */
export type Rating = number | string | boolean;

/** 'none' and 0.95 where not given. */
export interface CohenKappaOptions {
  readonly weights?: KappaWeights;
  readonly level?: number;
  /**
   * In their order, which weights need; numbers ascending and names in the order of their code units where not given.
   */
  readonly categories?: readonly Rating[];
}

/** The agreement of two raters. */
export interface CohenKappa {
  readonly value: number;
  /** For the interval. */
  readonly standardError: number;
  /** value +- z standard errors, cut at -1 and 1; of width 0 where the raters agree throughout. */
  readonly interval: Interval;
  /** Of the test that agreement is that of chance, with the standard error under that hypothesis. */
  readonly z: number;
  readonly p: number;
  /** Weighted shares of agreement, observed and by chance. */
  readonly observed: number;
  readonly chance: number;
  readonly weights: KappaWeights;
  readonly categories: readonly Rating[];
  /** [a's category, b's category]. */
  readonly table: readonly (readonly number[])[];
}

function ratingColumn(column: ArrayLike<Rating>, name: string): Rating[] {
  return Array.from({ length: column.length }, (_, row) => {
    const rating = column[row];
    if (typeof rating === 'string' ? rating !== '' : typeof rating === 'boolean' || Number.isFinite(rating)) {
      return rating as Rating;
    }
    throw new StatsError(
      'stats/score',
      `${name}[${row}] must be a rating, got ${String(rating)}; leave the case out of both columns`,
    );
  });
}

/** Distinct ratings, numbers before names. */
function distinct(ratings: readonly Rating[]): Rating[] {
  return [...new Set(ratings)].sort((x, y) => {
    const [xNumber, yNumber] = [typeof x !== 'string', typeof y !== 'string'];
    if (xNumber && yNumber) return Number(x) - Number(y);
    if (xNumber !== yNumber) return xNumber ? -1 : 1;
    return x < y ? -1 : 1;
  });
}

const agreementOf: Readonly<Record<KappaWeights, (i: number, j: number, last: number) => number>> = {
  none: (i, j) => Number(i === j),
  linear: (i, j, last) => 1 - Math.abs(i - j) / last,
  quadratic: (i, j, last) => 1 - ((i - j) / last) ** 2,
};

/**
 * Cohen's kappa of two raters, plain or weighted, with large-sample standard errors. Weights are 1 - d / (k - 1)
 * ('linear') and 1 - (d / (k - 1))^2 ('quadratic') for categories d places apart: categories count as evenly spaced,
 * and one that nobody used but is listed in `categories` widens the scale. O(n + k^2).
 * Sources: Cohen, Educational and Psychological Measurement 20 (1960), 37-46, and Psychological Bulletin 70 (1968),
 * 213-220; standard errors of Fleiss, Cohen and Everitt, Psychological Bulletin 72 (1969), 323-327.
 * Throws stats/classes where all ratings of both raters are one category, stats/length, stats/score, stats/argument and
 * stats/level.
 */
export function cohenKappa(
  a: ArrayLike<Rating>,
  b: ArrayLike<Rating>,
  { weights = 'none', level = DEFAULT_LEVEL, categories: given }: CohenKappaOptions = {},
): CohenKappa {
  const deviate = twoSidedDeviate(level);
  if (a.length !== b.length) {
    throw new StatsError(
      'stats/length',
      `two raters must rate the same cases, got ${a.length} and ${b.length} ratings; leave the cases that one misses out of both`,
    );
  }
  if (!Object.hasOwn(agreementOf, weights)) {
    throw new StatsError(
      'stats/argument',
      `the weights of kappa must be none, linear or quadratic, got "${weights}"; choose one of them`,
    );
  }
  const [first, second] = [ratingColumn(a, 'a'), ratingColumn(b, 'b')];
  const categories = given ?? distinct([...first, ...second]);
  const place = new Map(categories.map((category, index) => [category, index]));
  const k = categories.length;
  const table = categories.map(() => new Array<number>(k).fill(0));
  first.forEach((rating, row) => {
    const [i, j] = [place.get(rating), place.get(second[row] as Rating)];
    if (i === undefined || j === undefined) {
      throw new StatsError(
        'stats/argument',
        `categories must hold every rating, got "${String(i === undefined ? rating : second[row])}" in row ${row}; add it`,
      );
    }
    (table[i] as number[])[j] = (table[i]?.[j] ?? 0) + 1;
  });
  const n = first.length;
  const rows = table.map((row) => row.reduce((sum, count) => sum + count, 0) / n);
  const columns = table.map((_, j) => table.reduce((sum, row) => sum + (row[j] ?? 0), 0) / n);
  if (n === 0 || rows.some((share, i) => share === 1 && columns[i] === 1)) {
    throw new StatsError(
      'stats/classes',
      `kappa needs ratings in at least two categories, got ${n} ratings in ${n === 0 ? 'none' : 'one'}; agreement by chance is certain there, so report the counts`,
    );
  }
  const weight = (i: number, j: number) => agreementOf[weights](i, j, k - 1);
  const sum = (term: (i: number, j: number) => number) =>
    rows.reduce((total, _, i) => total + columns.reduce((inner, __, j) => inner + term(i, j), 0), 0);
  const [row, column] = [(i: number) => rows[i] ?? 0, (j: number) => columns[j] ?? 0];
  const observed = sum((i, j) => weight(i, j) * (table[i]?.[j] ?? 0)) / n; // 1 exactly where raters agree throughout
  const chance = sum((i, j) => weight(i, j) * row(i) * column(j));
  const value = (observed - chance) / (1 - chance);
  // Mean weights of a row and of a column, w_i. and w_.j
  const rowMeans = rows.map((_, i) => columns.reduce((total, share, j) => total + weight(i, j) * share, 0));
  const columnMeans = columns.map((_, j) => rows.reduce((total, share, i) => total + weight(i, j) * share, 0));
  const mean = (i: number, j: number) => (rowMeans[i] ?? 0) + (columnMeans[j] ?? 0);
  // Fleiss, Cohen and Everitt: first the error of any kappa, then that under chance agreement
  const spread = sum((i, j) => ((table[i]?.[j] ?? 0) / n) * (weight(i, j) - mean(i, j) * (1 - value)) ** 2);
  const excess = observed === 1 ? 0 : Math.max(0, spread - (value - chance * (1 - value)) ** 2);
  const standardError = Math.sqrt(excess / n) / (1 - chance);
  const nullSpread = sum((i, j) => row(i) * column(j) * (weight(i, j) - mean(i, j)) ** 2) - chance ** 2;
  const nullError = Math.sqrt(Math.max(0, nullSpread) / n) / (1 - chance);
  const z = nullError > 0 ? value / nullError : 0;
  const half = deviate * standardError;
  const interval = { lower: Math.max(-1, value - half), upper: Math.min(1, value + half), level };
  return { value, standardError, interval, z, p: twoSidedP(z), observed, chance, weights, categories, table };
}
