/** ROC analysis of one or several scores: AUC, operating points, subgroups. */
import {
  averagePrecision,
  confusionCounts,
  fixedSensitivity,
  fixedSpecificity,
  type Interval,
  type PartialAuc,
  type PartialAucOptions,
  partialAuc,
  type Subgroup,
  type TargetRule,
  youden,
} from '@mammoscope/stats';
import { type AucEstimate, type AucOptions, aucEstimate } from './auc-estimate.ts';
import {
  type DecisionFigures,
  decisionFigures,
  type Figure,
  type IntervalOptions,
  ratesAt,
} from './case-proportion.ts';
import { type ModelScores, type ScoredStudy, type StudyDescription, studyOf } from './study.ts';

/** Where operating points lie beside the largest Youden index. */
export interface PointChoice {
  readonly sensitivities: readonly number[];
  readonly specificities: readonly number[];
  readonly cutoffs: readonly number[];
  readonly rule: TargetRule;
}

/** What is computed. */
export interface DiscriminationOptions extends AucOptions, IntervalOptions {
  readonly points: PointChoice;
  readonly partial?: PartialAucOptions;
}

/** A cut-off with what it does. */
export interface OperatingFigures extends DecisionFigures {
  /** "largest Youden index", "sensitivity 0.9 (nearest)", "cut-off 0.5". */
  readonly rule: string;
  /** A case with score >= cutoff is called positive; null where none is, for no finite cut-off does that. */
  readonly cutoff: number | null;
}

/** One model over all cases. */
export interface ModelDiscrimination extends AucEstimate {
  readonly model: string;
  readonly averagePrecision: number;
  readonly averagePrecisionInterval: Interval & { readonly method: string };
  readonly partialAuc: PartialAuc | null;
  readonly points: readonly OperatingFigures[];
}

/** One model in one subgroup; `auc` is null where a class has fewer than two cases, or clusters. */
export interface SubgroupFigures {
  readonly by: string;
  readonly subgroup: string;
  readonly cases: number;
  readonly positives: number;
  readonly model: string;
  readonly auc: AucEstimate | null;
  /** Of all cases, not chosen anew in the subgroup; null where no case is called positive. */
  readonly cutoff: number | null;
  readonly sensitivity: Figure;
  readonly specificity: Figure;
}

/** The whole analysis. */
export interface Discrimination {
  readonly study: StudyDescription;
  readonly confidence: number;
  readonly seed: number;
  readonly models: readonly ModelDiscrimination[];
  readonly subgroups: readonly SubgroupFigures[];
  readonly notes: readonly string[];
}

/** ROC analysis of a study. Throws StatsError for a rate or range outside [0, 1]. */
export function discriminate(study: ScoredStudy, options: DiscriminationOptions): Discrimination {
  const { labels, clusters } = study;
  return {
    study: study.description,
    confidence: options.confidence,
    seed: options.seed,
    models: study.models.map(({ name, scores }) => ({
      model: name,
      ...aucEstimate(scores, labels, clusters, options),
      ...precisionOf(scores, study, options),
      partialAuc: options.partial ? partialAuc(scores, labels, options.partial) : null,
      points: operatingPoints(scores, labels, options.points).map(({ rule, cutoff }) => ({
        rule,
        cutoff: Number.isFinite(cutoff) ? cutoff : null,
        ...decisionFigures(
          Array.from(scores, (score) => score >= cutoff),
          labels,
          clusters,
          options,
        ),
      })),
    })),
    subgroups: subgroupFigures(
      study,
      study.models.map(({ scores }) => options.points.cutoffs[0] ?? youden(scores, labels).threshold),
      options,
    ),
    notes: notesOf(study, options),
  };
}

/** Cut-offs with their names, the largest Youden index first. */
function operatingPoints(
  scores: Float64Array,
  labels: Uint8Array,
  { sensitivities, specificities, cutoffs, rule }: PointChoice,
): { readonly rule: string; readonly cutoff: number }[] {
  return [
    { rule: 'largest Youden index', cutoff: youden(scores, labels).threshold },
    ...sensitivities.map((target) => ({
      rule: `sensitivity ${target} (${rule})`,
      cutoff: fixedSensitivity(scores, labels, { target, rule }).threshold,
    })),
    ...specificities.map((target) => ({
      rule: `specificity ${target} (${rule})`,
      cutoff: fixedSpecificity(scores, labels, { target, rule }).threshold,
    })),
    ...cutoffs.map((cutoff) => {
      confusionCounts(scores, labels, cutoff); // refuses what is no cut-off
      return { rule: `cut-off ${cutoff}`, cutoff };
    }),
  ];
}

function precisionOf(scores: Float64Array, { labels, clusters }: ScoredStudy, { confidence: level }: AucOptions) {
  const { averagePrecision: value, interval } = averagePrecision(scores, labels, {
    level,
    ...(clusters && { clusters }),
  });
  return { averagePrecision: value, averagePrecisionInterval: interval };
}

/** Every model in every subgroup, in the order of the columns; `cutoffs` one a model. */
export function subgroupFigures(
  study: ScoredStudy,
  cutoffs: readonly number[],
  options: AucOptions & IntervalOptions,
): SubgroupFigures[] {
  const ofGroup = (by: string, group: Subgroup): SubgroupFigures[] => {
    const part = studyOf(study, group);
    const { labels, models, clusters } = part;
    return models.map(({ name, scores }: ModelScores, k) => {
      const cutoff = cutoffs[k] as number;
      return {
        by,
        subgroup: group.name,
        cases: labels.length,
        positives: labels.reduce((sum, label) => sum + label, 0),
        model: name,
        auc: holdsBothClasses(part) ? aucEstimate(scores, labels, clusters, options) : null,
        cutoff: Number.isFinite(cutoff) ? cutoff : null,
        ...ratesAt(
          Array.from(scores, (score) => score >= cutoff),
          labels,
          clusters,
          options,
        ),
      };
    });
  };
  return study.by.flatMap(({ column, groups }) => groups.flatMap((group) => ofGroup(column, group)));
}

/** Whether each class has two cases, of two clusters where there are clusters. */
export function holdsBothClasses({ labels, clusters }: Pick<ScoredStudy, 'labels' | 'clusters'>): boolean {
  return [0, 1].every((label) => {
    const rows = [...labels.keys()].filter((row) => labels[row] === label);
    return (clusters ? new Set(rows.map((row) => clusters[row])).size : rows.length) >= 2;
  });
}

function notesOf(study: ScoredStudy, { points, replicates, bootstrap, method }: DiscriminationOptions): string[] {
  const chosen = [
    'largest Youden index',
    ...(points.sensitivities.length + points.specificities.length > 0 ? ['fixed rates'] : []),
  ];
  return [
    ...caseNotes(study),
    study.clusters
      ? `AUC: trapezoidal area, ties one half; interval on the logit scale with the variance of Obuchowski 1997 for clusters (${study.description.clusters?.column}), and by bootstrap.`
      : 'AUC: trapezoidal area, ties one half; interval by DeLong on the logit scale.',
    `Average precision: sum over steps of recall, no interpolation; interval by the infinitesimal jackknife on the logit scale${study.clusters ? ', whole clusters' : ''}.`,
    study.clusters
      ? `Bootstrap: ${replicates} replicates of whole clusters (${study.description.clusters?.column}), stratified by whether a cluster has a positive case, ${bootstrap} interval. Proportions: robust (sandwich) intervals on the logit scale; F1 by the same bootstrap without strata.`
      : `Proportions: ${method} intervals; F1 by way of Wilson for tp / (tp + fp + fn). Cases are taken as independent.`,
    `Cut-offs by ${chosen.join(' and ')} are chosen on the cases that they are judged on, which flatters.`,
    ...(study.by.length > 0
      ? [
          `Subgroups: sensitivity and specificity at the cut-off ${points.cutoffs[0] ?? 'of the largest Youden index of all cases'}.`,
        ]
      : []),
  ];
}

/** What has been done to the cases, in sentences. */
export function caseNotes({ description: { clusters, leftOut, level } }: ScoredStudy): string[] {
  return [
    ...(level ? [`${level.rows} rows are joined by ${level.level}, rule ${level.rule}.`] : []),
    ...(leftOut.length > 0
      ? [`${leftOut.length} rows that a model misses are left out for every model (lines ${leftOut.join(', ')}).`]
      : []),
    ...(clusters && clusters.straddling > 0
      ? [
          `${clusters.straddling} of ${clusters.count} clusters hold cases of both classes: they stay whole, and count as clusters with a positive case.`,
        ]
      : []),
  ];
}
