import type { Labels } from '../cases.ts';
import { StatsError } from '../errors.ts';
import { type FeatureColumns, requireFeatures } from '../feature-columns.ts';
import { type LassoOptions, lassoLogits, lassoPath } from './lasso.ts';
import type { LassoFit } from './lasso-problem.ts';

/** A path with what cross-validation says of each penalty. */
export interface CrossValidatedLasso {
  /** Of all cases, by penalty, largest first. */
  readonly fits: readonly LassoFit[];
  /** For each fit: the mean over held-out cases of -2 log likelihood, and its standard error over folds. */
  readonly deviances: readonly { readonly mean: number; readonly standardError: number }[];
  /** The index of the fit of least deviance. */
  readonly best: number;
  /** The index of the largest penalty whose deviance is within one standard error of the least. */
  readonly oneStandardError: number;
}

/** A probability is taken to be no nearer to 0 or 1 than this (glmnet's). */
const LEAST_PROBABILITY = 1e-5;

/**
 * The LASSO path of all cases, judged by the deviance of cases held out fold by fold; each fold is standardised and fitted without
 * its cases, at the penalties of the whole path. Folds of whole patients come from groupFolds. As glmnet's cv.glmnet: the mean over
 * folds is weighted by their cases, and the standard error is that of the fold means.
 * @param folds the fold of each case. Throws what lassoPath throws (stats/classes also where a fold leaves one class) and stats/length.
 */
export function crossValidatedLasso(
  features: FeatureColumns,
  labels: Labels,
  folds: ArrayLike<number>,
  options: LassoOptions = {},
): CrossValidatedLasso {
  const { columns, truth } = requireFeatures(features, labels);
  if (folds.length !== truth.length) {
    throw new StatsError(
      'stats/length',
      `folds must have one entry a case, got ${folds.length} for ${truth.length} cases; take them from groupFolds`,
    );
  }
  const names = [...new Set(Array.from(folds))];
  if (names.length < 2) {
    throw new StatsError('stats/argument', `cross-validation needs at least two folds, got ${names.length}`);
  }
  const fits = lassoPath(columns, truth, options);
  const penalties = fits.map(({ penalty }) => penalty);
  const held = names.map((fold) => heldOutDeviances(columns, truth, folds, fold, { ...options, penalties }));
  const deviances = penalties.map((_, k) => {
    const mean = held.reduce((sum, { cases, means }) => sum + (cases * (means[k] as number)) / truth.length, 0);
    const spread = held.reduce(
      (sum, { cases, means }) => sum + (cases * ((means[k] as number) - mean) ** 2) / truth.length,
      0,
    );
    return { mean, standardError: Math.sqrt(spread / (names.length - 1)) };
  });
  const best = deviances.reduce((least, { mean }, k) => (mean < (deviances[least]?.mean ?? mean) ? k : least), 0);
  const least = deviances[best] as { mean: number; standardError: number };
  const oneStandardError = deviances.findIndex(({ mean }) => mean <= least.mean + least.standardError);
  return { fits, deviances, best, oneStandardError };
}

function heldOutDeviances(
  columns: readonly Float64Array[],
  truth: Uint8Array,
  folds: ArrayLike<number>,
  fold: number,
  options: LassoOptions,
): { readonly cases: number; readonly means: readonly number[] } {
  const inside = (_: number, i: number) => folds[i] === fold;
  const outside = (_: number, i: number) => folds[i] !== fold;
  const rest = columns.map((column) => column.filter(outside));
  const held = columns.map((column) => column.filter(inside));
  const heldTruth = truth.filter(inside);
  const means = lassoPath(rest, truth.filter(outside), options).map(
    (fit) =>
      lassoLogits(fit, held).reduce((sum, logit, i) => {
        const p = Math.min(1 - LEAST_PROBABILITY, Math.max(LEAST_PROBABILITY, 1 / (1 + Math.exp(-logit))));
        return sum - 2 * Math.log(heldTruth[i] ? p : 1 - p);
      }, 0) / heldTruth.length,
  );
  return { cases: heldTruth.length, means };
}
