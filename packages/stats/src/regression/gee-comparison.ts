import type { Labels } from '../cases.ts';
import { twoSidedP } from '../distributions/normal.ts';
import { StatsError } from '../errors.ts';
import { DEFAULT_LEVEL, type Interval, twoSidedDeviate } from '../interval.ts';
import { proportionInterval } from '../proportions/proportion.ts';
import type { Groups } from '../resampling/units.ts';
import { type GeeCorrelation, type GeeLink, geeEstimates } from './gee.ts';
import { type WaldTest, waldTest } from './wald.ts';

/** A proportion of correct calls: among positives, negatives, all, those called positive, those called negative. */
export type GeeMeasure = 'sensitivity' | 'specificity' | 'accuracy' | 'ppv' | 'npv';

/** The calls of one model: 1 or true where it calls a case positive. */
export interface ModelCalls {
  readonly name: string;
  readonly calls: Labels;
}

/** What is fitted. */
export interface GeeComparisonOptions {
  /** 'logit' where not given. */
  readonly link?: GeeLink;
  /**
   * 'independence' where not given, as in geepack: its estimates are the shares counted, for predictive values too, and
   * the robust errors hold whatever the correlation is.
   */
  readonly correlation?: GeeCorrelation;
  /** 0.95 where not given. */
  readonly level?: number;
}

/** The proportion of one model. */
export interface ModelProportion {
  readonly name: string;
  readonly numerator: number;
  readonly denominator: number;
  /**
   * The estimate of the equations; numerator / denominator under independence, near it under exchangeable correlation
   * for sensitivity and specificity. Predictive values condition on calls, which differ between the rows of a cluster,
   * and may lie far from it there (Pepe and Anderson, Communications in Statistics 23 (1994), 939-951).
   */
  readonly value: number;
  /** Robust, on the scale of the proportion. */
  readonly standardError: number;
  /** From the scale of the link, inside [0, 1]. */
  readonly interval: Interval & { readonly method: 'logit' | 'identity' | 'clopper-pearson' };
}

/** Two models compared. */
export interface ModelDifference {
  readonly a: string;
  readonly b: string;
  /** value of a less value of b, with a delta-method standard error and an interval cut at -1 and 1. */
  readonly difference: number;
  readonly standardError: number;
  readonly interval: Interval;
  /** On the scale of the link, as the p value is. */
  readonly z: number;
  readonly p: number;
}

/** Proportions of several models on the same clustered cases. */
export interface GeeComparison {
  readonly measure: GeeMeasure;
  readonly models: readonly ModelProportion[];
  /** That all proportions are equal. */
  readonly overall: WaldTest;
  /** Every pair, in the order of the models; p values are not corrected for their number. */
  readonly pairs: readonly ModelDifference[];
  readonly clusters: number;
  readonly alpha: number;
}

interface Stacked {
  readonly correct: number[];
  readonly model: number[];
  readonly cluster: (number | string | boolean)[];
}

function binary(value: number | boolean | undefined, what: string, row: number): boolean {
  if (value === 1 || value === true) return true;
  if (value === 0 || value === false) return false;
  throw new StatsError(
    'stats/label',
    `${what}[${row}] must be 0, 1, false or true, got ${value}; leave the case out or mend it`,
  );
}

const counted: Readonly<Record<GeeMeasure, (label: boolean, call: boolean) => boolean>> = {
  sensitivity: (label) => label,
  specificity: (label) => !label,
  accuracy: () => true,
  ppv: (_, call) => call,
  npv: (_, call) => !call,
};

/** One row a model and counted case, with whether the call is correct. */
function stack(models: readonly ModelCalls[], labels: Labels, clusters: Groups, measure: GeeMeasure): Stacked {
  const stacked: Stacked = { correct: [], model: [], cluster: [] };
  if (clusters.length !== labels.length) {
    throw new StatsError(
      'stats/length',
      `clusters must have one entry a case, got ${clusters.length} for ${labels.length} labels; pass columns of the same table`,
    );
  }
  models.forEach(({ name, calls }, model) => {
    if (calls.length !== labels.length) {
      throw new StatsError(
        'stats/length',
        `model "${name}" must call every case, got ${calls.length} calls for ${labels.length} labels; leave the cases that it misses out for all models`,
      );
    }
    for (let row = 0; row < labels.length; row++) {
      const label = binary(labels[row], 'labels', row);
      const call = binary(calls[row], `calls of "${name}"`, row);
      if (!counted[measure](label, call)) continue;
      stacked.correct.push(Number(label === call));
      stacked.model.push(model);
      stacked.cluster.push(clusters[row] as number | string | boolean);
    }
  });
  return stacked;
}

/**
 * Compares a proportion between models that call the same cases, several cases a patient, by generalised estimating
 * equations: one row a model and case, one column a model, the patient as the cluster; so rows of one case under
 * different models and rows of several images of one patient are correlated. Predictive values compare as in
 * Leisenring, Alonzo and Pepe, Biometrics 56 (2000), 345-351. A patient with images of both classes gives each measure
 * the images that it counts. As used by Kang 2021, "Data and statistical analysis".
 *
 * The logit link has no finite estimate for a model that is always right or always wrong: stats/separation. The
 * identity link takes such a model; its interval is then Clopper and Pearson's with one trial a cluster, and two of
 * them alone, or two models that agree in every call, differ by 0 with z = 0 and p = 1. O(rows models^2) an iteration.
 * Throws stats/classes where a model has no case to count, stats/length, stats/label, stats/variance and as {@link gee}
 * does.
 */
export function geeComparison(
  models: readonly ModelCalls[],
  labels: Labels,
  clusters: Groups,
  measure: GeeMeasure,
  { link = 'logit', correlation = 'independence', level = DEFAULT_LEVEL }: GeeComparisonOptions = {},
): GeeComparison {
  const deviate = twoSidedDeviate(level);
  if (models.length < 2) {
    throw new StatsError(
      'stats/argument',
      `a comparison needs at least two models, got ${models.length}; pass one a column`,
    );
  }
  if (!Object.hasOwn(counted, measure)) {
    throw new StatsError(
      'stats/argument',
      `the measure must be one of ${Object.keys(counted).join(', ')}, got "${measure}"; choose one of them`,
    );
  }
  const { correct, model, cluster } = stack(models, labels, clusters, measure);
  const counts = models.map(({ name }, k) => {
    const own = correct.filter((_, row) => model[row] === k);
    const count = { name, numerator: own.reduce((sum, value) => sum + value, 0), denominator: own.length };
    if (count.denominator === 0) {
      throw new StatsError(
        'stats/classes',
        `${measure} of model "${name}" must count at least one case, got none; add cases or leave the model out`,
      );
    }
    if (link === 'logit' && (count.numerator === 0 || count.numerator === count.denominator)) {
      throw new StatsError(
        'stats/separation',
        `${measure} of model "${name}" must lie between 0 and 1 for a logit, got ${count.numerator} of ${count.denominator}; use the identity link or leave the model out`,
      );
    }
    return count;
  });
  const design = models.map((_, k) => model.map((own) => Number(own === k)));
  const fit = geeEstimates(correct, design, cluster, { link, correlation });
  const betas = fit.estimates;
  const covariance = (i: number, j: number) => fit.covariance[i]?.[j] ?? 0;
  const inverse = (eta: number) => (link === 'logit' ? 1 / (1 + Math.exp(-eta)) : Math.min(1, Math.max(0, eta)));
  const values = betas.map(inverse);
  const slopes = values.map((value) => (link === 'logit' ? value * (1 - value) : 1));
  const variance = (i: number, j: number, a: number, b: number) =>
    Math.max(0, a * a * covariance(i, i) + b * b * covariance(j, j) - 2 * a * b * covariance(i, j));

  const scale = Math.max(...betas.map((_, k) => covariance(k, k)));
  const contrasts = betas.slice(1).map((beta) => beta - (betas[0] ?? 0));
  const between = contrasts.map((_, i) =>
    contrasts.map((__, j) => covariance(i + 1, j + 1) - covariance(i + 1, 0) - covariance(0, j + 1) + covariance(0, 0)),
  );
  const pairs = models.flatMap(({ name: a }, i) =>
    models.slice(i + 1).map(({ name: b }, offset): ModelDifference => {
      const j = i + 1 + offset;
      const [valueA, valueB] = [values[i] ?? 0, values[j] ?? 0];
      const gap = (betas[i] ?? 0) - (betas[j] ?? 0);
      const { chiSquare } = waldTest([gap], [[variance(i, j, 1, 1)]], scale);
      const z = Math.sign(gap) * Math.sqrt(chiSquare);
      const standardError = Math.sqrt(variance(i, j, slopes[i] ?? 0, slopes[j] ?? 0));
      const difference = valueA - valueB;
      const half = deviate * standardError;
      const interval = { lower: Math.max(-1, difference - half), upper: Math.min(1, difference + half), level };
      return { a, b, difference, standardError, interval, z, p: twoSidedP(z) };
    }),
  );
  return {
    measure,
    models: counts.map((count, k) => {
      const root = Math.sqrt(covariance(k, k));
      const half = deviate * root;
      const beta = betas[k] ?? 0;
      const always = count.numerator === 0 || count.numerator === count.denominator;
      const patients = new Set(cluster.filter((_, row) => model[row] === k)).size;
      const exact = () =>
        proportionInterval(count.numerator === 0 ? 0 : patients, patients, { level, method: 'clopper-pearson' });
      const { lower, upper } = always ? exact() : { lower: inverse(beta - half), upper: inverse(beta + half) };
      const method = always ? ('clopper-pearson' as const) : link;
      const standardError = root * (slopes[k] ?? 0);
      return { ...count, value: values[k] ?? 0, standardError, interval: { lower, upper, level, method } };
    }),
    overall: waldTest(contrasts, between, scale),
    pairs,
    clusters: fit.clusters,
    alpha: fit.alpha,
  };
}
