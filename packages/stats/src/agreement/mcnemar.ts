import { betaCdf } from '../distributions/beta.ts';
import { chiSquareTail } from '../distributions/chi-square.ts';
import { StatsError } from '../errors.ts';
import { DEFAULT_LEVEL, type Interval, twoSidedDeviate } from '../interval.ts';

/** How the p value is computed; see {@link mcnemar}. */
export type McnemarMethod = 'exact' | 'mid-p' | 'chi-square' | 'chi-square-corrected';

/** Pairs by the outcome of a and of b. */
export interface PairedCounts {
  readonly both: number;
  readonly onlyA: number;
  readonly onlyB: number;
  readonly neither: number;
}

/** 'exact' and 0.95 where not given. */
export interface McnemarOptions {
  readonly method?: McnemarMethod;
  readonly level?: number;
}

/** A comparison of two paired proportions. */
export interface Mcnemar extends PairedCounts {
  readonly method: McnemarMethod;
  readonly p: number;
  /** The share of a less that of b. */
  readonly difference: number;
  /** Wald's interval with Agresti and Min's half pair added to each cell, cut at -1 and 1. */
  readonly interval: Interval;
}

/** Counts pairs of two binary columns, such as whether two models are right. Throws stats/length and stats/label. */
export function pairedCounts(a: ArrayLike<number | boolean>, b: ArrayLike<number | boolean>): PairedCounts {
  if (a.length !== b.length) {
    throw new StatsError(
      'stats/length',
      `paired columns must have one entry a case, got ${a.length} and ${b.length}; leave the cases that one misses out of both`,
    );
  }
  const read = (column: ArrayLike<number | boolean>, name: string, row: number) => {
    const value = column[row];
    if (value === 1 || value === true) return true;
    if (value === 0 || value === false) return false;
    throw new StatsError('stats/label', `${name}[${row}] must be 0, 1, false or true, got ${value}; recode the column`);
  };
  let [both, onlyA, onlyB, neither] = [0, 0, 0, 0];
  for (let row = 0; row < a.length; row++) {
    const [inA, inB] = [read(a, 'a', row), read(b, 'b', row)];
    if (inA && inB) both++;
    else if (inA) onlyA++;
    else if (inB) onlyB++;
    else neither++;
  }
  return { both, onlyA, onlyB, neither };
}

function pValue(onlyA: number, onlyB: number, method: McnemarMethod): number {
  const discordant = onlyA + onlyB;
  if (discordant === 0) return 1;
  if (method === 'chi-square') return chiSquareTail((onlyA - onlyB) ** 2 / discordant, 1);
  if (method === 'chi-square-corrected') {
    return chiSquareTail(Math.max(0, Math.abs(onlyA - onlyB) - 1) ** 2 / discordant, 1);
  }
  // The binomial distribution function by the beta's: P(X <= k) = I_1/2(n - k, k + 1)
  const atMost = (k: number) => (k < 0 ? 0 : k >= discordant ? 1 : betaCdf(0.5, discordant - k, k + 1));
  const fewer = Math.min(onlyA, onlyB);
  if (method === 'exact') return Math.min(1, 2 * atMost(fewer));
  const point = atMost(fewer) - atMost(fewer - 1);
  return onlyA === onlyB ? 1 - point / 2 : 2 * atMost(fewer) - point;
}

/**
 * McNemar's test that two paired proportions are equal, from the pairs in which they disagree.
 *
 * 'exact' (the default) is the two-sided binomial test, twice the smaller tail and at most 1: never too small. 'mid-p'
 * counts half of the observed outcome, and is 1 - P(observed) / 2 where the discordant pairs are split evenly:
 * Fagerland, Lydersen and Laake, BMC Medical Research Methodology 13:91 (2013), who recommend it. 'chi-square' is
 * McNemar's own, Psychometrika 12 (1947), 153-157, 'chi-square-corrected' that with Edwards' continuity correction, R's
 * default; the correction is never below 0. Without discordant pairs p = 1. Interval: Agresti and Min, Statistics in
 * Medicine 24 (2005), 729-740. Pairs are taken as independent: for several images a patient use {@link geeComparison}.
 * O(1). Throws stats/argument for counts that are not non-negative integers or all 0, or an unknown method, and
 * stats/level.
 */
export function mcnemar(
  counts: PairedCounts,
  { method = 'exact', level = DEFAULT_LEVEL }: McnemarOptions = {},
): Mcnemar {
  const { both, onlyA, onlyB, neither } = counts;
  const pairs = both + onlyA + onlyB + neither;
  if (![both, onlyA, onlyB, neither].every((count) => Number.isSafeInteger(count) && count >= 0) || pairs === 0) {
    throw new StatsError(
      'stats/argument',
      `counts of pairs must be non-negative integers and not all 0, got ${both}, ${onlyA}, ${onlyB} and ${neither}; count cases, not rates`,
    );
  }
  if (!['exact', 'mid-p', 'chi-square', 'chi-square-corrected'].includes(method)) {
    throw new StatsError(
      'stats/argument',
      `the method of McNemar's test must be exact, mid-p, chi-square or chi-square-corrected, got "${method}"; choose one of them`,
    );
  }
  const added = pairs + 2;
  const gap = onlyA - onlyB;
  const half = (twoSidedDeviate(level) * Math.sqrt(onlyA + onlyB + 1 - gap ** 2 / added)) / added;
  const interval = { lower: Math.max(-1, gap / added - half), upper: Math.min(1, gap / added + half), level };
  return { both, onlyA, onlyB, neither, method, p: pValue(onlyA, onlyB, method), difference: gap / pairs, interval };
}
