/** What the report of an evaluated classifier shows beside ROC curves: each analysis a function of scores and truths. */
import { RandomStream } from '@mammoscope/random';
import type { Estimate, ReportData } from '@mammoscope/report';
import {
  averagePrecision,
  brier,
  type ConfusionMetrics,
  confusion,
  decisionCurve,
  delong,
  delongOverall,
  delongPaired,
  fixedSensitivity,
  fixedSpecificity,
  holm,
  type Labels,
  platt,
  plattProbability,
  precisionRecall,
  precisionRecallBand,
  reliability,
  type Scores,
} from '@mammoscope/stats';
import { defined } from '../reader-study/comparison.ts';
import type { SubgroupsOfColumn } from '../reader-study/study.ts';

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
}

/** Replicates of a band. */
export const BAND_REPLICATES = 1000;

/** Models of which all pairs are compared; of more, the headline with each other one. */
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
): Pick<ReportData, 'precisionRecall' | 'comparisons' | 'calibration' | 'decision' | 'operatingPoints' | 'subgroups'> {
  return {
    precisionRecall: precisionOf(evaluated),
    comparisons: comparisonsOf(evaluated),
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
}: Evaluated): ReportData['precisionRecall'] {
  const positives = positive.filter(Boolean).length;
  const random = new RandomStream(seed, 'precision-band');
  const { points: band, replicates } = precisionRecallBand(headline.scores, positive, {
    random,
    replicates: BAND_REPLICATES,
  });
  return models.map((model) => {
    const { averagePrecision: value, interval } = averagePrecision(model.scores, positive);
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
              description: `95 % interval, ${replicates} bootstrap replicates of ${cases}`,
            },
          }
        : {}),
    };
  });
}

/** The headline's AUC in subgroups of images. */
function subgroupsOf({ headline, positive, dataset, by = [] }: Evaluated): NonNullable<ReportData['subgroups']> {
  if (by.length === 0) return [];
  const rowOf = (label: string, rows: readonly number[]) => {
    const truths = rows.map((row) => positive[row] as boolean);
    const scores = rows.map((row) => headline.scores[row] as number);
    const positives = truths.filter(Boolean).length;
    if (Math.min(positives, rows.length - positives) < 2)
      return { label, cases: rows.length, positives, estimate: { value: null, undefinedReason: TOO_FEW } };
    const { auc: value, logitInterval: interval } = delong(scores, truths);
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

const TOO_FEW = 'a class has fewer than two images';

/** Paired tests of the models' AUCs: of all pairs, or of the headline with each other one. */
export function comparisonsOf({
  models,
  headline,
  positive,
  dataset,
  cases = 'images',
}: Omit<Evaluated, 'validation' | 'cutoffRule' | 'seed'>): NonNullable<ReportData['comparisons']> {
  if (models.length < 2) return [];
  const all = models.flatMap((first, i) => models.slice(i + 1).map((second) => [first, second] as const));
  const others = models.filter((model) => model !== headline);
  const chosen = models.length <= ALL_PAIRS ? all : others.map((second) => [headline, second] as const);
  const tested = chosen.flatMap(([first, second]) => {
    const test = defined(() => delongPaired(first.scores, second.scores, positive));
    return test ? [{ first: first.model, second: second.model, test }] : [];
  });
  const { adjusted } = holm(tested.map(({ test }) => test.p));
  const overall = defined(() =>
    delongOverall(
      models.map(({ scores }) => scores),
      positive,
    ),
  );
  return [
    {
      dataset,
      test: `Paired test of DeLong et al. 1988, ${cases} taken as independent`,
      adjustment: 'Holm',
      pairs: tested.map(({ first, second, test }, i) => ({
        first,
        second,
        difference: test.difference,
        interval: [test.interval.lower, test.interval.upper] as const,
        p: test.p,
        ...(tested.length > 1 ? { adjustedP: adjusted[i] as number } : {}),
      })),
      ...(overall && models.length > 2
        ? { overall: { chiSquare: overall.chiSquare, degreesOfFreedom: overall.degreesOfFreedom, p: overall.p } }
        : {}),
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

function tableOf(counts: ConfusionMetrics) {
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
  cases = 'images',
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
    ...tableOf(confusion(headline.scores, positive, cutoff)),
  }));
}

const capitalised = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
