/**
 * Logistic regression with the LASSO penalty, by coordinate descent.
 * Sources: Tibshirani, "Regression shrinkage and selection via the lasso", Journal of the Royal Statistical Society B 58 (1996),
 * 267-288; Friedman, Hastie and Tibshirani, "Regularization paths for generalized linear models via coordinate descent", Journal of
 * Statistical Software 33 (2010); Tibshirani et al., "Strong rules for discarding predictors", JRSS B 74 (2012), 245-266.
 */
import type { Labels } from '../cases.ts';
import { StatsError } from '../errors.ts';
import { type FeatureColumns, requireFeatures } from '../feature-columns.ts';
import { type LassoFit, LassoProblem } from './lasso-problem.ts';

/** glmnet's choices where not given. */
export interface LassoOptions {
  /** Penalties, largest first; see {@link lassoPath} where not given. */
  readonly penalties?: readonly number[];
  /** 100. */
  readonly count?: number;
  /** The smallest penalty over the largest: 1e-4, or 0.01 with fewer cases than features. */
  readonly smallest?: number;
  /** Share of the null deviance by which a step must change the fit to count: 1e-7. Coefficients settle to its square root. */
  readonly tolerance?: number;
}

/** A path ends where it explains this much, or gains less than this by one more penalty (glmnet's devmax and fdev). */
const ENOUGH_EXPLAINED = 0.999;
const LEAST_GAIN = 1e-5;
const LEAST_STEPS = 5;

/**
 * The minimum over a path of penalties L, largest first, of (1 / n) sum_i [log(1 + e^eta_i) - y_i eta_i] + L sum_j |b_j|, b_j being the
 * coefficient of feature j divided by its standard deviation (divisor n): the penalty does not depend on units. A feature
 * without variance gets 0. Where no penalties are given they fall evenly on the log scale from the least that selects nothing, and
 * the path ends early where it has all to explain. Each fit starts from the one before it; O(n) a coordinate.
 * Throws what requireFeatures throws, stats/argument (a penalty not above 0, or not falling), stats/variance where no feature
 * varies, stats/convergence.
 */
export function lassoPath(features: FeatureColumns, labels: Labels, options: LassoOptions = {}): LassoFit[] {
  const { columns, truth } = requireFeatures(features, labels);
  const problem = new LassoProblem(columns, truth, options.tolerance ?? 1e-7);
  if (problem.greatestPenalty === 0) {
    throw new StatsError(
      'stats/variance',
      'a LASSO path needs a feature that varies with the labels, got none; pass features with a spread',
    );
  }
  const penalties =
    options.penalties ?? defaultPenalties(problem.greatestPenalty, truth.length < columns.length, options);
  requireFalling(penalties);
  const fits: LassoFit[] = [];
  for (const penalty of penalties) {
    const fit = problem.solve(penalty);
    const gained = fit.devianceRatio - (fits.at(-1)?.devianceRatio ?? 0);
    fits.push(fit);
    if (options.penalties || fits.length < LEAST_STEPS) continue;
    if (fit.devianceRatio > ENOUGH_EXPLAINED || gained < LEAST_GAIN) break;
  }
  return fits;
}

/** The linear predictor of every case: the logit of its probability. */
export function lassoLogits({ intercept, coefficients, selected }: LassoFit, columns: FeatureColumns): Float64Array {
  const logits = new Float64Array(columns[0]?.length ?? 0).fill(intercept);
  for (const j of selected) {
    const [column, slope] = [columns[j] as ArrayLike<number>, coefficients[j] as number];
    for (let i = 0; i < logits.length; i++) logits[i] = (logits[i] as number) + slope * (column[i] as number);
  }
  return logits;
}

function defaultPenalties(
  greatest: number,
  fewCases: boolean,
  { count = 100, smallest = fewCases ? 0.01 : 1e-4 }: LassoOptions,
): number[] {
  if (!(Number.isSafeInteger(count) && count >= 2 && smallest > 0 && smallest < 1)) {
    throw new StatsError(
      'stats/argument',
      `a path needs at least 2 penalties and a smallest share between 0 and 1, got ${count} and ${smallest}`,
    );
  }
  return Array.from({ length: count }, (_, k) => greatest * smallest ** (k / (count - 1)));
}

function requireFalling(penalties: readonly number[]): void {
  penalties.forEach((penalty, k) => {
    const before = penalties[k - 1] ?? Number.POSITIVE_INFINITY;
    if (penalty > 0 && penalty < before) return;
    throw new StatsError(
      'stats/argument',
      `penalties must be above 0 and fall, got ${penalty}${k > 0 ? ` after ${before}` : ''}; sort them`,
    );
  });
}
