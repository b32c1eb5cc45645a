import { twoSidedP } from '../distributions/normal.ts';
import { StatsError } from '../errors.ts';
import { DEFAULT_LEVEL, type Interval, twoSidedDeviate } from '../interval.ts';

/** The agreement of several raters. */
export interface FleissKappa {
  readonly value: number;
  /** For the interval; does not assume agreement by chance. */
  readonly standardError: number;
  /** value +- z standard errors, cut at -1 and 1; of width 0 where all raters agree throughout. */
  readonly interval: Interval;
  /** Of the test that agreement is that of chance. */
  readonly z: number;
  readonly p: number;
  readonly observed: number;
  readonly chance: number;
  readonly subjects: number;
  readonly raters: number;
}

/** The level of the interval, 0.95 where not given. */
export interface FleissKappaOptions {
  readonly level?: number;
}

/**
 * Fleiss' kappa of a fixed number of raters a subject, who need not be the same people. `counts` is
 * [subjects][categories]: how many raters put a subject into a category. The interval's variance is Gwet's, which
 * linearises kappa over subjects; the test's that of Fleiss, Nee and Landis under chance agreement. O(subjects
 * categories).
 * Sources: Fleiss, Psychological Bulletin 76 (1971), 378-382; Fleiss, Nee and Landis, Psychological Bulletin 86 (1979),
 * 974-977; Gwet, Educational and Psychological Measurement 81 (2021), 781-790.
 * Throws stats/classes where all ratings are one category, and stats/argument for fewer than two subjects or raters, a
 * count that is not a non-negative integer, or rows of unequal sums.
 */
export function fleissKappa(
  counts: readonly (readonly number[])[],
  { level = DEFAULT_LEVEL }: FleissKappaOptions = {},
): FleissKappa {
  const deviate = twoSidedDeviate(level);
  const subjects = counts.length;
  const categories = counts[0]?.length ?? 0;
  const raters = counts[0]?.reduce((sum, count) => sum + count, 0) ?? 0;
  if (subjects < 2 || raters < 2) {
    throw new StatsError(
      'stats/argument',
      `Fleiss' kappa needs two subjects and two raters, got ${subjects} and ${raters}; add ratings`,
    );
  }
  counts.forEach((row, subject) => {
    const whole = row.every((count) => Number.isSafeInteger(count) && count >= 0);
    const total = row.reduce((sum, count) => sum + count, 0);
    if (!whole || row.length !== categories || total !== raters) {
      throw new StatsError(
        'stats/argument',
        `counts[${subject}] must be ${categories} counts that sum to ${raters} raters as in the first row, got ${row.join(', ')}; leave out subjects that a rater missed`,
      );
    }
  });
  const shares = Array.from({ length: categories }, (_, j) => {
    return counts.reduce((sum, row) => sum + (row[j] ?? 0), 0) / (subjects * raters);
  });
  const chance = shares.reduce((sum, share) => sum + share * share, 0);
  if (shares.some((share) => share === 1)) {
    throw new StatsError(
      'stats/classes',
      "Fleiss' kappa needs ratings in at least two categories, got all in one; agreement by chance is certain there, so report the counts",
    );
  }
  const agreements = counts.map(
    (row) => row.reduce((sum, count) => sum + count * (count - 1), 0) / (raters * (raters - 1)),
  );
  const observed = agreements.reduce((sum, share) => sum + share, 0) / subjects;
  const value = (observed - chance) / (1 - chance);
  // Gwet 2021: kappa_i - 2 (1 - kappa) (chance_i - chance) / (1 - chance), whose mean is kappa
  const linearised = counts.map((row, i) => {
    const chanceOfSubject = row.reduce((sum, count, j) => sum + (count / raters) * (shares[j] ?? 0), 0);
    const own = ((agreements[i] ?? 0) - chance) / (1 - chance);
    return own - (2 * (1 - value) * (chanceOfSubject - chance)) / (1 - chance);
  });
  const squares = linearised.reduce((sum, term) => sum + (term - value) ** 2, 0);
  const standardError = value === 1 ? 0 : Math.sqrt(squares / (subjects * (subjects - 1)));
  const cubes = shares.reduce((sum, share) => sum + share * (1 - share) * (1 - 2 * share), 0);
  const nullVariance = (2 * ((1 - chance) ** 2 - cubes)) / ((1 - chance) ** 2 * subjects * raters * (raters - 1));
  const z = value / Math.sqrt(nullVariance);
  const half = deviate * standardError;
  const interval = { lower: Math.max(-1, value - half), upper: Math.min(1, value + half), level };
  return { value, standardError, interval, z, p: twoSidedP(z), observed, chance, subjects, raters };
}
