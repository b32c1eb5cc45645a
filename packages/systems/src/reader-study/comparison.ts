/** Several models on the same cases: AUCs, proportions at cut-offs, calls. */
import { RandomStream } from '@mammoscope/random';
import {
  bootstrap,
  clusterClasses,
  type DelongOverall,
  delongOverall,
  delongPaired,
  type GeeComparison,
  type GeeCorrelation,
  type GeeLink,
  type GeeMeasure,
  geeComparison,
  holm,
  type Interval,
  type McnemarMethod,
  mcnemar,
  type PairedCounts,
  pairedCounts,
  resampledAuc,
  StatsError,
  youden,
} from '@mammoscope/stats';
import { SystemError } from '../errors.ts';
import { type AucEstimate, type AucOptions, aucEstimate } from './auc-estimate.ts';
import type { IntervalOptions } from './case-proportion.ts';
import { caseNotes, holdsBothClasses, type SubgroupFigures, subgroupFigures } from './discrimination.ts';
import { type ModelScores, type ScoredStudy, type StudyDescription, studyOf } from './study.ts';

/** What is compared and how. */
export interface ComparisonOptions extends AucOptions, IntervalOptions {
  /** One for all models or one a model; the largest Youden index of each model where none is given. */
  readonly cutoffs: readonly number[];
  readonly measures: readonly GeeMeasure[];
  readonly link: GeeLink;
  readonly correlation: GeeCorrelation;
  readonly mcnemar: McnemarMethod;
}

/** A model with its AUC and the cut-off of its calls. */
export interface ComparedModel extends AucEstimate {
  readonly model: string;
  /** null where the largest Youden index calls nothing positive. */
  readonly cutoff: number | null;
}

/** Two AUCs compared by DeLong's paired test. */
export interface AucDifference {
  readonly a: string;
  readonly b: string;
  readonly difference: number;
  readonly standardError: number;
  readonly interval: Interval;
  readonly z: number;
  readonly p: number;
  /** Adjusted for all pairs by Holm. */
  readonly pHolm: number;
  /** Of the difference, whole clusters drawn; null without clusters. */
  readonly bootstrapInterval: Interval | null;
}

/** Two AUCs compared in a subgroup; p corrected by Holm for the pairs and subgroups of its column. */
export interface SubgroupDifference extends Omit<AucDifference, 'bootstrapInterval'> {
  readonly by: string;
  readonly subgroup: string;
}

/** Two models' right calls compared by McNemar's test. */
export interface CallDifference extends PairedCounts {
  readonly a: string;
  readonly b: string;
  readonly difference: number;
  readonly interval: Interval;
  readonly p: number;
  readonly pHolm: number;
}

/** The equations of one measure with corrected p values, in the order of `pairs`. */
export interface MeasureComparison extends GeeComparison {
  readonly pHolm: readonly number[];
}

/** The whole comparison. */
export interface Comparison {
  readonly study: StudyDescription;
  readonly confidence: number;
  readonly seed: number;
  readonly models: readonly ComparedModel[];
  readonly overall: DelongOverall;
  readonly pairs: readonly AucDifference[];
  readonly proportions: readonly MeasureComparison[];
  readonly calls: readonly CallDifference[];
  readonly subgroups: readonly SubgroupFigures[];
  /** Without subgroups that have too few cases of a class, or where a difference has no variance. */
  readonly subgroupPairs: readonly SubgroupDifference[];
  readonly notes: readonly string[];
}

/**
 * Compares models: DeLong's overall and paired tests (Obuchowski's for clusters), in subgroups too, Kang 2021's comparison of proportions by generalised estimating
 * equations (the patient as the cluster, or each case where no clusters are given), and McNemar's test of right calls;
 * p values of pairs corrected by Holm within each family. Throws SystemError 'option-invalid' for fewer than two models
 * or cut-offs that match no number of models, and StatsError: stats/separation, where a model is always right or wrong
 * and the link is logit, and stats/variance.
 */
export function compareModels(study: ScoredStudy, options: ComparisonOptions): Comparison {
  const { models, labels, clusters } = study;
  const { confidence: level } = options;
  if (models.length < 2)
    throw new SystemError(
      'option-invalid',
      'a comparison needs at least two columns of scores: name them in --scores a,b',
    );
  const cutoffs = cutoffsOf(study, options.cutoffs);
  const calls = models.map(({ name, scores }, k) => ({
    name,
    calls: Uint8Array.from(scores, (score) => Number(score >= (cutoffs[k] as number))),
  }));
  const pairs = models.flatMap((a, i) => models.slice(i + 1).map((b, offset) => ({ a, b, i, j: i + 1 + offset })));
  const differences = pairs.map(({ a, b }) =>
    delongPaired(a.scores, b.scores, labels, { level, ...(clusters && { clusters }) }),
  );
  const right = calls.map((model) => Uint8Array.from(model.calls, (call, row) => Number(call === labels[row])));
  const tests = pairs.map(({ i, j }) =>
    mcnemar(pairedCounts(right[i] as Uint8Array, right[j] as Uint8Array), { method: options.mcnemar, level }),
  );
  const adjusted = (values: readonly { readonly p: number }[]) => holm(values.map(({ p }) => p)).adjusted;
  const [aucHolm, callHolm] = [adjusted(differences), adjusted(tests)];
  const cases = clusters ?? Array.from(labels, (_, row) => row);
  const { link, correlation } = options;
  return {
    study: study.description,
    confidence: level,
    seed: options.seed,
    models: models.map(({ name, scores }, k) => ({
      model: name,
      ...aucEstimate(scores, labels, clusters, options),
      cutoff: Number.isFinite(cutoffs[k]) ? (cutoffs[k] as number) : null,
    })),
    overall: delongOverall(
      models.map(({ scores }) => scores),
      labels,
      clusters && { clusters },
    ),
    pairs: differences.map(({ difference, standardError, interval, z, p }, k) => {
      const { a, b } = pairs[k] as (typeof pairs)[number];
      const bootstrapInterval = clusters ? differenceInterval(a, b, labels, clusters, options) : null;
      return {
        a: a.name,
        b: b.name,
        difference,
        standardError,
        interval,
        z,
        p,
        pHolm: aucHolm[k] as number,
        bootstrapInterval,
      };
    }),
    proportions: options.measures.map((measure) => {
      const fit = geeComparison(calls, labels, cases, measure, { link, correlation, level });
      return { ...fit, pHolm: adjusted(fit.pairs) };
    }),
    calls: tests.map(({ both, onlyA, onlyB, neither, difference, interval, p }, k) => {
      const { a, b } = pairs[k] as (typeof pairs)[number];
      const test = { both, onlyA, onlyB, neither, difference, interval, p, pHolm: callHolm[k] as number };
      return { a: a.name, b: b.name, ...test };
    }),
    subgroups: subgroupFigures(study, cutoffs, options),
    subgroupPairs: subgroupDifferences(study, level),
    notes: notesOf(study, options),
  };
}

/** Paired tests of AUCs in each subgroup that has cases for them. */
function subgroupDifferences(study: ScoredStudy, level: number): SubgroupDifference[] {
  return study.by.flatMap(({ column, groups }) => {
    const tested = groups.flatMap((group) => {
      const part = studyOf(study, group);
      const { models, labels, clusters } = part;
      if (!holdsBothClasses(part)) return [];
      return models.flatMap((a, i) =>
        models.slice(i + 1).flatMap((b) => {
          const test = defined(() =>
            delongPaired(a.scores, b.scores, labels, { level, ...(clusters && { clusters }) }),
          );
          return test ? [{ by: column, subgroup: group.name, a: a.name, b: b.name, ...test }] : [];
        }),
      );
    });
    const { adjusted } = holm(tested.map(({ p }) => p));
    return tested.map(({ by, subgroup, a, b, difference, standardError, interval, z, p }, k) => ({
      ...{ by, subgroup, a, b, difference, standardError, interval, z, p },
      pHolm: adjusted[k] as number,
    }));
  });
}

/** Undefined where a test has no variance to divide by: two models that tell all cases apart, or none. */
export function defined<T>(test: () => T): T | undefined {
  try {
    return test();
  } catch (error) {
    if (error instanceof StatsError && error.code === 'stats/variance') return undefined;
    throw error;
  }
}

/** One a model. */
function cutoffsOf({ models, labels }: ScoredStudy, given: readonly number[]): readonly number[] {
  if (given.length === 0) return models.map(({ scores }) => youden(scores, labels).threshold);
  if (given.length === 1) return models.map(() => given[0] as number);
  if (given.length === models.length) return given;
  throw new SystemError(
    'option-invalid',
    `cut-offs must be one for all models or one for each of ${models.length}, got ${given.length}: give ${models.map(({ name }) => name).join(', ')} one each`,
  );
}

function differenceInterval(
  a: ModelScores,
  b: ModelScores,
  labels: Uint8Array,
  clusters: readonly string[],
  { seed, replicates, bootstrap: method, confidence: level }: ComparisonOptions,
): Interval {
  const [first, second] = [resampledAuc(a.scores, labels), resampledAuc(b.scores, labels)];
  const statistic = (multiplicities: Uint32Array) => {
    const [x, y] = [first(multiplicities), second(multiplicities)];
    return x === undefined || y === undefined ? undefined : x - y;
  };
  const random = new RandomStream(seed, 'stats', 'auc');
  const strata = clusterClasses(labels, clusters);
  return bootstrap(labels.length, statistic, { random, replicates, level, method, clusters, strata }).interval;
}

function notesOf(
  study: ScoredStudy,
  { cutoffs, measures, link, correlation, mcnemar: method }: ComparisonOptions,
): string[] {
  return [
    ...caseNotes(study),
    study.clusters
      ? `AUC: paired tests with the covariance of Obuchowski 1997 for clusters (${study.description.clusters?.column}), p values of pairs corrected by Holm; intervals also by a bootstrap of whole clusters.`
      : 'AUC: paired DeLong tests, p values of pairs corrected by Holm.',
    cutoffs.length === 0
      ? 'Calls at the largest Youden index of each model, chosen on the cases that it is judged on, which flatters.'
      : `Calls at the cut-off ${cutoffs.join(', ')} (score >= cut-off is positive).`,
    `Proportions: generalised estimating equations, ${link} link, ${correlation} working correlation, robust standard errors, ${study.clusters ? `clusters ${study.description.clusters?.column}` : 'each case a cluster'}; p values of pairs by Wald on the scale of the link, corrected by Holm within a measure; intervals of differences by the delta method.`,
    ...(correlation === 'exchangeable' && measures.some((measure) => measure === 'ppv' || measure === 'npv')
      ? [
          'Predictive values condition on calls, which differ between rows of a cluster: under an exchangeable working correlation they may lie far from the shares counted (Pepe and Anderson 1994).',
        ]
      : []),
    `Right calls: McNemar's test (${method}), cases taken as independent.`,
    ...(study.by.length > 0
      ? [
          'Subgroups: AUCs compared by the same paired test, p values corrected by Holm over the pairs and subgroups of a column.',
        ]
      : []),
  ];
}
