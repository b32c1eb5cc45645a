/** A model measured on cases, and its figures as metrics.json has them, whatever the system. */
import { type DelongAuc, delong } from '@mammoscope/stats';
import { type DecisionFigures, decisionFigures, type Figure } from '../reader-study/case-proportion.ts';
import type { ModelComparison } from './model-comparison.ts';

/** A model measured on cases: its AUC, and its decisions at a cut-off. */
export interface MeasuredModel {
  readonly auc: DelongAuc;
  readonly atCutoff: DecisionFigures;
  /** Infinity where none beats chance. */
  readonly cutoff: number;
}

/** The patient of each case, where some patients have several: intervals and tests take these as clusters; undefined where none has. */
export function patientClusters(rows: readonly { readonly patientId: string }[]): readonly string[] | undefined {
  const patients = rows.map(({ patientId }) => patientId);
  return new Set(patients).size < patients.length ? patients : undefined;
}

/** What the intervals of figures at a cut-off need; the seed decides the bootstrap of F1. */
export interface ClusterOptions {
  readonly clusters?: readonly string[] | undefined;
  readonly seed: number;
}

/** Replicates of a bootstrap: of a band, and of F1 with clusters. */
export const BAND_REPLICATES = 1000;

/** The AUC and the figures at a cut-off; intervals are by patient where there are clusters, of independent cases where not. */
export function measuredModel(
  scores: readonly number[],
  positive: readonly boolean[],
  cutoff: number,
  options: ClusterOptions,
): MeasuredModel {
  const called = scores.map((score) => score >= cutoff);
  return { ...calledModel(scores, called, positive, options), cutoff };
}

/** The AUC of scores, and the figures of calls that a rule makes. */
export function calledModel(
  scores: readonly number[],
  called: readonly boolean[],
  positive: readonly boolean[],
  options: ClusterOptions,
): Omit<MeasuredModel, 'cutoff'> {
  const { clusters } = options;
  return {
    auc: delong(scores, positive, clusters && { clusters }),
    atCutoff: figuresOfCalls(called, positive, options),
  };
}

/** The figures of calling every case positive whose score reaches a cut-off. */
export function figuresAt(
  scores: readonly number[],
  positive: readonly boolean[],
  cutoff: number,
  options: ClusterOptions,
): DecisionFigures {
  return figuresOfCalls(
    scores.map((score) => score >= cutoff),
    positive,
    options,
  );
}

function figuresOfCalls(
  called: readonly boolean[],
  positive: readonly boolean[],
  { clusters, seed }: ClusterOptions,
): DecisionFigures {
  const options = { confidence: 0.95, method: 'wilson', seed, replicates: BAND_REPLICATES } as const;
  return decisionFigures(called, Uint8Array.from(positive, Number), clusters, options);
}

const interval = (bounds: { readonly lower: number; readonly upper: number } | null) =>
  bounds && [bounds.lower, bounds.upper];
const proportion = ({ value, interval: bounds, numerator, denominator }: Figure) => ({
  value,
  interval: interval(bounds),
  numerator,
  denominator,
});

/** A figure that is undefined is null. PPV is what some papers call precision, and sensitivity recall. */
export function modelFigures({ auc, atCutoff, cutoff }: MeasuredModel) {
  const { tp, fp, tn, fn, sensitivity, specificity, accuracy, ppv, npv, f1, mcc } = atCutoff;
  return {
    auc: auc.auc,
    aucInterval: interval(auc.logitInterval),
    aucStandardError: auc.standardError,
    cutoff: Number.isFinite(cutoff) ? cutoff : null,
    counts: { tp, fp, tn, fn },
    sensitivity: proportion(sensitivity),
    specificity: proportion(specificity),
    accuracy: proportion(accuracy),
    ppv: proportion(ppv),
    npv: proportion(npv),
    f1: { value: f1.value, interval: interval(f1.interval) },
    mcc,
  };
}

/** Models compared: overall tests by measure, and every two models with p values as they are and adjusted. */
export function comparisonFigures({ overall, pairs }: ModelComparison) {
  return {
    overall,
    pairs: pairs.map(({ a, b, measures }) => ({
      ...{ a, b },
      ...Object.fromEntries(
        Object.entries(measures).map(([measure, { difference, interval: bounds, p, pHolm }]) => [
          measure,
          { difference, interval: interval(bounds), p, pHolm },
        ]),
      ),
    })),
  };
}
