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
  platt,
  plattProbability,
  precisionRecall,
  precisionRecallBand,
  reliability,
} from '@mammoscope/stats';
import type { DecisionFigures } from '../reader-study/case-proportion.ts';
import { holdsBothClasses } from '../reader-study/discrimination.ts';
import { comparedOf } from './compared-models.ts';
import type { Evaluated } from './evaluated.ts';
import { BAND_REPLICATES, figuresAt } from './metric-figures.ts';

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
