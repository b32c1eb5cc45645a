/** Figures of models over the repetitions of a comparison. */
import type { Estimate, MeasureName } from '@mammoscope/report';
import { delongPaired, studentQuantile, studentTwoSidedP } from '@mammoscope/stats';
import { calledModel, measuredModel, patientClusters } from '../classifier/metric-figures.ts';
import { measuresOf } from '../classifier/report-parts.ts';
import type { ComparedCases, ComparedModel } from './reproduction.ts';

/** Models of one repetition, and the share that its cases are of those that it trained on, where repetitions share patients. */
export interface Repetition {
  readonly cases: ComparedCases;
  /** 0 where repetitions have patients of their own. */
  readonly overlap: number;
}

export type ModelFigures = { readonly [name in MeasureName]: Estimate };

const clustersOf = ({ patients }: ComparedCases) => patientClusters(patients.map((patientId) => ({ patientId })));

const clusterOption = (cases: ComparedCases) => {
  const clusters = clustersOf(cases);
  return clusters && { clusters };
};

/** A model on the cases of one repetition; the seed of the bootstrap of F1 is always the same. */
function figuresOf(cases: ComparedCases, { scores, cutoff, called }: ComparedModel): ModelFigures {
  const options = { clusters: clustersOf(cases), seed: 0 };
  return measuresOf(
    called
      ? { ...calledModel(scores, called, cases.positive, options), cutoff }
      : measuredModel(scores, cases.positive, cutoff, options),
  );
}

/** What tests and intervals of several repetitions are called in a report. */
export const SEVERAL_REPETITIONS =
  "mean over repetitions with Student's interval; where repetitions share patients its variance is that of Nadeau and Bengio (Machine Learning 52, 2003, 239-281)";
export const ONE_REPETITION =
  "AUC with DeLong's interval on the logit scale, proportions with Wilson's; where a patient has several cases patients are clusters: Obuchowski's variance, generalised estimating equations, F1 by a bootstrap";

/** Mean, standard error and degrees of freedom of values, one a repetition; null of fewer than two. */
function meanOf(values: readonly number[], overlap: number) {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n < 2) return null;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  return { mean, standardError: Math.sqrt(variance * (1 / n + overlap)), degreesOfFreedom: n - 1 };
}

/**
 * The mean of values with Student's interval, cut to fractions; undefined ones (null) are left out. `overlap` is the share that the cases
 * of a repetition are of those that it trained on, where repetitions share patients.
 */
export function meanEstimate(all: readonly (number | null)[], overlap: number): Estimate {
  const values = all.filter((value) => value !== null);
  const found = meanOf(values, overlap);
  if (!found) return { value: values[0] ?? null };
  const reach = studentQuantile(0.975, found.degreesOfFreedom) * found.standardError;
  return { value: found.mean, interval: [Math.max(0, found.mean - reach), Math.min(1, found.mean + reach)] };
}

/** A model's figures: of one repetition as they are, of several their means. Undefined ones (0/0) are left out of a mean. */
export function modelFigures(repetitions: readonly (Repetition & { readonly model: ComparedModel })[]): ModelFigures {
  const each = repetitions.map(({ cases, model }) => figuresOf(cases, model));
  const [only] = each;
  if (only && each.length === 1) return only;
  const overlap = Math.max(...repetitions.map((repetition) => repetition.overlap));
  const mean = (name: MeasureName): Estimate =>
    meanEstimate(
      each.map((figures) => figures[name].value),
      overlap,
    );
  return Object.fromEntries(Object.keys(only ?? {}).map((name) => [name, mean(name as MeasureName)])) as ModelFigures;
}

/** A difference of AUCs with its 95 % interval and two-sided p value. */
export interface AucDifference {
  readonly difference: number;
  readonly interval: readonly [number, number];
  readonly p: number;
  readonly test: string;
}

/** The first model's AUC less the second's: DeLong's paired test in one repetition, Student's over several. */
export function aucDifference(
  repetitions: readonly (Repetition & { readonly first: ComparedModel; readonly second: ComparedModel })[],
): AucDifference {
  const paired = repetitions.map(({ cases, first, second }) =>
    delongPaired(first.scores, second.scores, cases.positive, clusterOption(cases)),
  );
  const differences = paired.map(({ difference }) => difference);
  const found = meanOf(differences, Math.max(...repetitions.map(({ overlap }) => overlap)));
  if (!found) {
    const [{ difference, interval, p }] = paired as [(typeof paired)[number]];
    return { difference, interval: [interval.lower, interval.upper], p, test: "DeLong's test" };
  }
  const { mean, standardError, degreesOfFreedom } = found;
  const reach = studentQuantile(0.975, degreesOfFreedom) * standardError;
  const p = standardError > 0 ? studentTwoSidedP(mean / standardError, degreesOfFreedom) : mean === 0 ? 1 : 0;
  return {
    difference: mean,
    interval: [mean - reach, mean + reach],
    p,
    test: `Student's t over ${differences.length} repetitions`,
  };
}
