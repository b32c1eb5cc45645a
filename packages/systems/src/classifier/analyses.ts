/** What the report of an evaluated classifier shows beside ROC curves: each analysis a function of scores and truths. */
import { RandomStream } from '@mammoscope/random';
import type { Estimate, ReportData } from '@mammoscope/report';
import {
  averagePrecision,
  brier,
  decisionCurve,
  delong,
  fixedSensitivity,
  fixedSpecificity,
  type Labels,
  platt,
  plattProbability,
  precisionRecall,
  precisionRecallBand,
  reliability,
  type Scores,
} from '@mammoscope/stats';
import type { DecisionFigures } from '../reader-study/case-proportion.ts';
import { holdsBothClasses } from '../reader-study/discrimination.ts';
import type { SubgroupsOfColumn } from '../reader-study/study.ts';
import { BAND_REPLICATES, figuresAt } from './metric-figures.ts';
import { type ModelComparison, modelComparison } from './model-comparison.ts';

export { BAND_REPLICATES };

/** A model's scores on the images evaluated and, for what is chosen or fitted, on the validation images. */
export interface ScoredModel {
  readonly model: string;
  readonly role: 'member' | 'ensemble' | 'single';
  readonly scores: readonly number[];
  readonly cutoff: number;
}

/** Scores of the headline model on the validation images. */
export interface ValidationScores {
  readonly scores: Scores;
  readonly positive: Labels;
}

/** The images evaluated and every model's scores on them; the headline model is the one that a report leads with. */
export interface Evaluated {
  readonly models: readonly ScoredModel[];
  readonly headline: ScoredModel;
  readonly positive: readonly boolean[];
  readonly dataset: string;
  readonly validation: ValidationScores;
  /** How the headline's cut-off was chosen, in words. */
  readonly cutoffRule: string;
  /** Of the random choices of a band. */
  readonly seed: number;
  /** Columns by which the headline is measured in subgroups. */
  readonly by?: readonly SubgroupsOfColumn[];
  /** What is counted; images where not given. */
  readonly cases?: string;
  /** The patient of each case, for intervals and tests by patient; cases are taken as independent where not given. */
  readonly clusters?: readonly string[] | undefined;
  /** Of the models; computed where not given. */
  readonly comparison?: ModelComparison | undefined;
}

/** Models of which the AUCs of all pairs are drawn; of more, the headline's with each other one. */
const ALL_PAIRS = 3;
/** Rates at which a cut-off is chosen besides the recipe's. */
export const FIXED_RATE = 0.9;

const estimate = (p: {
  readonly value: number | null;
  readonly interval: { readonly lower: number; readonly upper: number } | null;
}): Estimate => ({
  value: p.value,
  interval: p.interval && [p.interval.lower, p.interval.upper],
});

/** Every analysis of the models. */
export function analysesOf(
  evaluated: Evaluated,
): Pick<
  ReportData,
  'precisionRecall' | 'comparisons' | 'pairwise' | 'calibration' | 'decision' | 'operatingPoints' | 'subgroups'
> {
  return {
    precisionRecall: precisionOf(evaluated),
    ...comparedOf(evaluated),
    ...calibrationOf(evaluated),
    operatingPoints: operatingPointsOf(evaluated),
    subgroups: subgroupsOf(evaluated),
  };
}

/** Precision-recall curves, the headline's with its band. */
function precisionOf({
  models,
  headline,
  positive,
  dataset,
  seed,
  cases = 'images',
  clusters,
}: Evaluated): ReportData['precisionRecall'] {
  const positives = positive.filter(Boolean).length;
  const random = new RandomStream(seed, 'precision-band');
  const { points: band, replicates } = precisionRecallBand(headline.scores, positive, {
    random,
    replicates: BAND_REPLICATES,
    ...(clusters && { clusters }),
  });
  return models.map((model) => {
    const { averagePrecision: value, interval } = averagePrecision(model.scores, positive, clusters && { clusters });
    return {
      model: model.model,
      role: model.role,
      dataset,
      positives,
      negatives: positive.length - positives,
      points: precisionRecall(model.scores, positive).points.map(({ recall, precision }) => ({ recall, precision })),
      averagePrecision: estimate({ value, interval }),
      ...(model === headline
        ? {
            band: {
              recall: band.map(({ recall }) => recall),
              lower: band.map(({ lower }) => lower),
              upper: band.map(({ upper }) => upper),
              description: `95 % interval, ${replicates} bootstrap replicates of ${clusters ? 'patients' : cases}`,
            },
          }
        : {}),
    };
  });
}

/** The headline's AUC in subgroups of images. */
function subgroupsOf({
  headline,
  positive,
  dataset,
  by = [],
  clusters,
}: Evaluated): NonNullable<ReportData['subgroups']> {
  if (by.length === 0) return [];
  const rowOf = (label: string, rows: readonly number[]) => {
    const truths = rows.map((row) => positive[row] as boolean);
    const scores = rows.map((row) => headline.scores[row] as number);
    const positives = truths.filter(Boolean).length;
    const part = clusters && { clusters: rows.map((row) => clusters[row] as string) };
    if (!holdsBothClasses({ labels: Uint8Array.from(truths, Number), ...part }))
      return { label, cases: rows.length, positives, estimate: { value: null, undefinedReason: tooFew(clusters) } };
    const { auc: value, logitInterval: interval } = delong(scores, truths, part);
    return { label, cases: rows.length, positives, estimate: estimate({ value, interval }) };
  };
  return [
    {
      model: headline.model,
      dataset,
      measure: 'auc',
      overall: rowOf('All', [...positive.keys()]),
      groups: by.map(({ column, groups }) => ({
        name: column,
        rows: groups.map(({ name, rows }) => rowOf(name, rows)),
      })),
    },
  ];
}

const tooFew = (clusters: Evaluated['clusters']) => `a class has fewer than two ${clusters ? 'patients' : 'images'}`;

/** How models were compared, in words. */
export const comparisonWords = (cases: string, clusters: Evaluated['clusters']) =>
  clusters
    ? {
        auc: 'Paired test of DeLong et al. 1988 with the covariance of Obuchowski 1997, patients as clusters',
        others: 'generalised estimating equations, patients as clusters',
      }
    : {
        auc: `Paired test of DeLong et al. 1988, ${cases} taken as independent`,
        others: `generalised estimating equations, ${cases} taken as independent`,
      };

/** What of the models is compared. */
type Compared = Omit<Evaluated, 'validation' | 'cutoffRule' | 'seed'>;

/** Every two models in every measure as a table, and their AUCs as a figure. */
export function comparedOf(evaluated: Compared): Required<Pick<ReportData, 'comparisons' | 'pairwise'>> {
  const { models, positive, dataset, clusters, cases = 'images' } = evaluated;
  if (models.length < 2) return { comparisons: [], pairwise: [] };
  const comparison = evaluated.comparison ?? modelComparison({ models, positive, clusters });
  const { auc, others } = comparisonWords(cases, clusters);
  return {
    comparisons: aucComparisonOf({ ...evaluated, comparison }),
    pairwise: [
      {
        dataset,
        test: `${auc}; the other measures by ${others}`,
        adjustment: 'Holm',
        pairs: comparison.pairs.map(({ a: first, b: second, measures }) => ({
          ...{ first, second },
          ...Object.fromEntries(
            Object.entries(measures).map(([measure, { difference, interval, p, pHolm }]) => [
              measure,
              { difference, interval: [interval.lower, interval.upper], p, adjustedP: pHolm },
            ]),
          ),
        })),
      },
    ],
  };
}

/** Paired tests of the models' AUCs: of all pairs, or of the headline with each other one. */
export const comparisonsOf = (evaluated: Compared): NonNullable<ReportData['comparisons']> =>
  comparedOf(evaluated).comparisons;

function aucComparisonOf({
  models,
  headline,
  dataset,
  cases = 'images',
  clusters,
  comparison: { overall, pairs },
}: Compared & { readonly comparison: ModelComparison }): NonNullable<ReportData['comparisons']> {
  const every = pairs.flatMap(({ a, b, measures: { auc } }) => (auc ? [{ a, b, auc }] : []));
  const shown =
    models.length <= ALL_PAIRS ? every : every.filter(({ a, b }) => a === headline.model || b === headline.model);
  return [
    {
      dataset,
      test: comparisonWords(cases, clusters).auc,
      adjustment: 'Holm',
      ...(every.length > shown.length ? { adjustedPairs: every.length } : {}),
      pairs: shown.map(({ a, b, auc: { difference, interval, p, pHolm } }) => {
        const leads = models.length <= ALL_PAIRS || a === headline.model;
        return {
          ...(leads ? { first: a, second: b, difference } : { first: b, second: a, difference: -difference }),
          interval: leads ? ([interval.lower, interval.upper] as const) : ([-interval.upper, -interval.lower] as const),
          p,
          ...(every.length > 1 ? { adjustedP: pHolm } : {}),
        };
      }),
      ...(overall.auc && models.length > 2 ? { overall: overall.auc } : {}),
    },
  ];
}

/** Calibration and net benefit of the headline model as trained and after Platt scaling on the validation images. */
function calibrationOf({
  headline,
  positive,
  dataset,
  validation,
}: Evaluated): Pick<ReportData, 'calibration' | 'decision'> {
  const sigmoid = platt(validation.scores, validation.positive);
  const ways = [
    { name: 'as trained', probabilities: headline.scores },
    {
      name: 'after Platt scaling',
      probabilities: headline.scores.map((score) => plattProbability(sigmoid, score)),
    },
  ];
  const curves = ways.map(({ name, probabilities }) => ({ name, curve: decisionCurve(probabilities, positive) }));
  const [first] = curves;
  return {
    calibration: [
      {
        model: headline.model,
        dataset,
        curves: ways.map(({ name, probabilities }) => {
          const { bins, expectedError } = reliability(probabilities, positive);
          return {
            name,
            bins: bins.map(({ lower, upper, count, predicted, observed }) => ({
              lower,
              upper,
              count,
              predicted,
              observed: estimate(observed),
            })),
            brier: brier(probabilities, positive).score,
            expectedError,
          };
        }),
      },
    ],
    decision: first
      ? [
          {
            dataset,
            cases: positive.length,
            prevalence: first.curve.prevalence,
            models: curves.map(({ name, curve }) => ({
              model: `${headline.model}, ${name}`,
              points: curve.points.map(({ threshold, model }) => ({ threshold, netBenefit: model })),
            })),
            all: first.curve.points.map(({ threshold, all }) => ({ threshold, netBenefit: all })),
          },
        ]
      : [],
  };
}

function tableOf(counts: DecisionFigures) {
  const { tp, fp, fn, tn, sensitivity, specificity, accuracy, ppv, npv } = counts;
  return {
    tp,
    fp,
    fn,
    tn,
    sensitivity: estimate(sensitivity),
    specificity: estimate(specificity),
    accuracy: estimate(accuracy),
    ppv: estimate(ppv),
    npv: estimate(npv),
  };
}

/** The headline model at the recipe's cut-off and at those that hold sensitivity and specificity on the validation images. */
function operatingPointsOf({
  headline,
  positive,
  dataset,
  validation,
  cutoffRule,
  seed,
  cases = 'images',
  clusters,
}: Evaluated): NonNullable<ReportData['operatingPoints']> {
  const { scores, positive: truths } = validation;
  const percent = 100 * FIXED_RATE;
  const points = [
    { name: capitalised(cutoffRule), cutoff: headline.cutoff },
    {
      name: `Sensitivity nearest ${percent} % on the validation ${cases}`,
      cutoff: fixedSensitivity(scores, truths, { target: FIXED_RATE }).threshold,
    },
    {
      name: `Specificity nearest ${percent} % on the validation ${cases}`,
      cutoff: fixedSpecificity(scores, truths, { target: FIXED_RATE }).threshold,
    },
  ];
  return points.map(({ name, cutoff }) => ({
    model: headline.model,
    dataset,
    name,
    ...(Number.isFinite(cutoff) ? { cutoff: { value: cutoff, comparison: '≥' as const } } : {}),
    ...tableOf(figuresAt(headline.scores, positive, cutoff, { clusters, seed })),
  }));
}

const capitalised = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
