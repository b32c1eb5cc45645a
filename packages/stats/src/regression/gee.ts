/**
 * Generalised estimating equations for clustered outcomes.
 * Source: Liang and Zeger, "Longitudinal data analysis using generalized linear models", Biometrika 73 (1986), 13-22,
 * with geepack's moment estimators: scale and correlation are divided by the numbers of rows and pairs, not less the
 * coefficients.
 */

import { twoSidedP } from '../distributions/normal.ts';
import { StatsError } from '../errors.ts';
import { DEFAULT_LEVEL, type Interval, twoSidedDeviate } from '../interval.ts';
import { inversePositive, type Matrix } from '../linear/cholesky.ts';
import { type Groups, numberGroups } from '../resampling/units.ts';

/** 'logit' with the binomial variance mu (1 - mu), or 'identity' with a constant variance. */
export type GeeLink = 'logit' | 'identity';

/** The working correlation within a cluster: none, or one number for every pair of rows. */
export type GeeCorrelation = 'independence' | 'exchangeable';

/** 'logit', 'independence' and 0.95 where not given. */
export interface GeeOptions {
  readonly link?: GeeLink;
  readonly correlation?: GeeCorrelation;
  readonly level?: number;
}

/** One coefficient, on the scale of the link. */
export interface GeeCoefficient {
  readonly estimate: number;
  /** Robust (sandwich). */
  readonly standardError: number;
  readonly z: number;
  /** Two-sided, from the standard normal distribution. */
  readonly p: number;
  readonly interval: Interval;
}

/** The solution of the equations, without tests. */
export interface GeeEstimates {
  readonly estimates: readonly number[];
  /** Robust covariance [coefficients, coefficients]: B^-1 (sum of u u') B^-1 over clusters. */
  readonly covariance: Matrix;
  /** alpha, the correlation of two rows of a cluster; 0 under independence and where no cluster has two rows. */
  readonly alpha: number;
  /** phi, the mean squared Pearson residual. */
  readonly scale: number;
  readonly clusters: number;
  readonly iterations: number;
}

/** A fit: the solution with a test and an interval for each coefficient. */
export interface GeeFit extends GeeEstimates {
  readonly coefficients: readonly GeeCoefficient[];
}

const MAX_ITERATIONS = 200;
const TOLERANCE = 1e-13;

/** Rows as the iteration needs them: cluster by cluster. */
interface Rows {
  readonly response: Float64Array;
  readonly design: readonly Float64Array[];
  /** Rows of each cluster. */
  readonly members: readonly (readonly number[])[];
}

/** The equations at one value of the coefficients. */
interface Equations {
  readonly score: number[];
  readonly information: number[][];
  readonly meat: number[][];
  readonly alpha: number;
  readonly scale: number;
  /** Least distance of a fitted mean to 0 or 1. */
  readonly margin: number;
}

function zeros(n: number): number[][] {
  return Array.from({ length: n }, () => new Array<number>(n).fill(0));
}

function addOuter(target: number[][], vector: readonly number[], factor: number): void {
  target.forEach((row, i) => {
    for (let j = 0; j < row.length; j++) row[j] = (row[j] ?? 0) + factor * (vector[i] ?? 0) * (vector[j] ?? 0);
  });
}

/**
 * One pass. With z = V^(-1/2) D x and r the Pearson residual of a row, the exchangeable R^-1 = (I - c J) / (1 - alpha),
 * c = alpha / (1 + (n - 1) alpha), gives u = (sum of z r - c sum z sum r) / (1 - alpha) and
 * B = (sum of z z' - c sum z sum z') / (1 - alpha); phi cancels from both the estimate and its sandwich.
 */
function equations(
  { response, design, members }: Rows,
  beta: readonly number[],
  link: GeeLink,
  fixedAlpha?: number,
): Equations {
  const weight = new Float64Array(response.length); // z = weight x
  let margin = Number.POSITIVE_INFINITY;
  const residual = response.map((y, row) => {
    const eta = beta.reduce((sum, coefficient, k) => sum + coefficient * (design[k]?.[row] ?? 0), 0);
    if (link === 'identity') {
      weight[row] = 1;
      return y - eta;
    }
    // 1 - mu from the other side, so that neither tail is rounded to 0
    const [mu, rest] = [1 / (1 + Math.exp(-eta)), 1 / (1 + Math.exp(eta))];
    margin = Math.min(margin, mu, rest);
    const deviation = Math.sqrt(mu * rest);
    weight[row] = deviation;
    return (y === 1 ? rest : y - mu) / deviation;
  });
  const scale = residual.reduce((sum, r) => sum + r * r, 0) / residual.length;
  let alpha = fixedAlpha ?? 0;
  if (fixedAlpha === undefined) {
    let [products, pairs] = [0, 0];
    for (const rows of members) {
      const sum = rows.reduce((total, row) => total + (residual[row] ?? 0), 0);
      const squares = rows.reduce((total, row) => total + (residual[row] ?? 0) ** 2, 0);
      products += (sum * sum - squares) / 2;
      pairs += (rows.length * (rows.length - 1)) / 2;
    }
    alpha = pairs === 0 || scale === 0 ? 0 : products / pairs / scale;
    const largest = members.reduce((most, rows) => Math.max(most, rows.length), 1);
    if (alpha > 1 - 1e-9 || 1 + (largest - 1) * alpha < 1e-9) {
      throw new StatsError(
        'stats/convergence',
        `the exchangeable working correlation must leave a cluster of ${largest} rows a positive definite matrix, got ${alpha}; use independence`,
      );
    }
  }
  const size = beta.length;
  const score = new Array<number>(size).fill(0);
  const [information, meat] = [zeros(size), zeros(size)];
  for (const rows of members) {
    const c = alpha / (1 + (rows.length - 1) * alpha);
    const zSum = new Array<number>(size).fill(0);
    const own = new Array<number>(size).fill(0);
    let rSum = 0;
    for (const row of rows) {
      const z = design.map((column) => (weight[row] ?? 0) * (column[row] ?? 0));
      const r = residual[row] ?? 0;
      addOuter(information, z, 1 / (1 - alpha));
      for (let k = 0; k < size; k++) {
        zSum[k] = (zSum[k] ?? 0) + (z[k] ?? 0);
        own[k] = (own[k] ?? 0) + (z[k] ?? 0) * r;
      }
      rSum += r;
    }
    addOuter(information, zSum, -c / (1 - alpha));
    const u = own.map((value, k) => (value - c * (zSum[k] ?? 0) * rSum) / (1 - alpha));
    addOuter(meat, u, 1);
    for (let k = 0; k < size; k++) score[k] = (score[k] ?? 0) + (u[k] ?? 0);
  }
  return { score, information, meat, alpha, scale, margin };
}

function multiply(a: Matrix, b: Matrix): number[][] {
  return a.map((row) => (b[0] ?? []).map((_, j) => row.reduce((sum, value, k) => sum + value * (b[k]?.[j] ?? 0), 0)));
}

function refuseFit(margin: number, iteration: number): never {
  if (margin < 1e-6) {
    throw new StatsError(
      'stats/separation',
      'a logit fit must have both outcomes wherever its columns can tell rows apart, got fitted probabilities that run to 0 or 1; use the identity link, or leave out the group whose rows all have one outcome',
    );
  }
  throw new StatsError(
    'stats/convergence',
    `estimating equations must settle and have independent columns, got neither after ${iteration} iterations; leave out columns that repeat others, or use independence`,
  );
}

/** Fisher scoring until the coefficients stand still. */
function solve(rows: Rows, start: readonly number[], link: GeeLink, fixedAlpha?: number) {
  let beta = [...start];
  for (let iteration = 1; iteration <= MAX_ITERATIONS; iteration++) {
    const now = equations(rows, beta, link, fixedAlpha);
    const inverse = inversePositive(now.information);
    if (inverse === undefined || now.margin < 1e-12) refuseFit(now.margin, iteration);
    const step = inverse.map((row) => row.reduce((sum, value, k) => sum + value * (now.score[k] ?? 0), 0));
    beta = beta.map((value, k) => value + (step[k] ?? 0));
    if (step.every((change, k) => Math.abs(change) <= TOLERANCE * (1 + Math.abs(beta[k] ?? 0)))) {
      return { beta, iterations: iteration };
    }
  }
  return refuseFit(equations(rows, beta, link, fixedAlpha).margin, MAX_ITERATIONS);
}

function readRows(
  response: ArrayLike<number | boolean>,
  design: readonly ArrayLike<number>[],
  clusters: Groups,
  link: GeeLink,
): Rows {
  const count = response.length;
  if (link !== 'logit' && link !== 'identity') {
    throw new StatsError('stats/argument', `the link must be logit or identity, got "${link}"; choose one of them`);
  }
  const { index, size } = numberGroups(clusters, count, 'clusters');
  if (design.length === 0 || size <= design.length) {
    throw new StatsError(
      'stats/argument',
      `robust standard errors need at least one column and more clusters than columns, got ${size} clusters and ${design.length} columns; add patients or fit fewer columns`,
    );
  }
  const members: number[][] = Array.from({ length: size }, () => []);
  index.forEach((cluster, row) => {
    members[cluster]?.push(row);
  });
  const finite = (what: string, column: ArrayLike<number | boolean>) => {
    if (column.length !== count) {
      throw new StatsError(
        'stats/length',
        `${what} must have one entry a row, got ${column.length} for ${count} rows; pass columns of the same table`,
      );
    }
    return Float64Array.from({ length: count }, (_, row) => {
      const value = Number(column[row]);
      if (Number.isFinite(value) && column[row] !== null) return value;
      throw new StatsError(
        'stats/score',
        `${what} must hold finite numbers, got ${String(column[row])} in row ${row}; leave the row out or mend it`,
      );
    });
  };
  const outcome = finite('response', response);
  if (link === 'logit' && !outcome.every((y) => y === 0 || y === 1)) {
    throw new StatsError(
      'stats/label',
      'the response of a logit fit must be 0 or 1 in every row; use the identity link',
    );
  }
  return { response: outcome, design: design.map((column, k) => finite(`design column ${k}`, column)), members };
}

/** Solves the equations as {@link gee} does, and leaves the tests to the caller. */
export function geeEstimates(
  response: ArrayLike<number | boolean>,
  design: readonly ArrayLike<number>[],
  clusters: Groups,
  { link = 'logit', correlation = 'independence' }: GeeOptions = {},
): GeeEstimates {
  const rows = readRows(response, design, clusters, link);
  if (correlation !== 'independence' && correlation !== 'exchangeable') {
    throw new StatsError(
      'stats/argument',
      `the working correlation must be independence or exchangeable, got "${correlation}"; choose one of them`,
    );
  }
  // The exchangeable fit starts from the independent one, where residuals already say something of the correlation.
  let fit = solve(rows, new Array<number>(design.length).fill(0), link, 0);
  if (correlation === 'exchangeable') fit = solve(rows, fit.beta, link);
  const last = equations(rows, fit.beta, link, correlation === 'independence' ? 0 : undefined);
  const bread = inversePositive(last.information) ?? refuseFit(last.margin, fit.iterations);
  const covariance = multiply(multiply(bread, last.meat), bread);
  const { alpha, scale } = last;
  return { estimates: fit.beta, covariance, alpha, scale, clusters: rows.members.length, iterations: fit.iterations };
}

/**
 * Fits mean(y) = link^-1(X beta) by generalised estimating equations, with robust standard errors.
 *
 * `design` is one array a column [columns][rows], the intercept (a column of ones) among them; `clusters` names the
 * patient of each row, in any order. Liang and Zeger's sandwich is not corrected for few clusters: below about 40 its
 * intervals are short. A coefficient of 0 without variance has z = 0 and p = 1. O(rows columns^2) an iteration. Throws
 * stats/separation where a logit fit has no finite solution, stats/convergence, stats/length, stats/score, stats/label,
 * stats/argument, stats/variance and stats/level.
 */
export function gee(
  response: ArrayLike<number | boolean>,
  design: readonly ArrayLike<number>[],
  clusters: Groups,
  options: GeeOptions = {},
): GeeFit {
  const { level = DEFAULT_LEVEL } = options;
  const deviate = twoSidedDeviate(level);
  const fit = geeEstimates(response, design, clusters, options);
  const coefficients = fit.estimates.map((estimate, k): GeeCoefficient => {
    const standardError = Math.sqrt(Math.max(0, fit.covariance[k]?.[k] ?? 0));
    if (standardError === 0 && Math.abs(estimate) > 1e-12) {
      throw new StatsError(
        'stats/variance',
        `coefficient ${k} must vary between clusters, got ${estimate} with variance 0; leave out its column or compare proportions instead`,
      );
    }
    const z = standardError === 0 ? 0 : estimate / standardError;
    const half = deviate * standardError;
    const interval = { lower: estimate - half, upper: estimate + half, level };
    return { estimate, standardError, z, p: twoSidedP(z), interval };
  });
  return { ...fit, coefficients };
}
