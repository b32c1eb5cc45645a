/** The figures of tables 2 to 4: accuracy, and precision, sensitivity and F1 of each of two classes. */
import {
  type ClusteredProportion,
  clusteredProportion,
  confusionCounts,
  confusionMetrics,
  type DelongAuc,
  delong,
  type F1Score,
  f1Score,
  type Proportion,
} from '@mammoscope/stats';
import { SystemError } from '../errors.ts';
import { type MajorityBaseline, majorityBaseline } from './pathology.ts';

/** One class's figures, as scikit-learn's classification report has them. */
export interface ClassFigures {
  readonly name: string;
  readonly cases: number;
  readonly precision: Proportion;
  readonly sensitivity: Proportion;
  readonly f1: F1Score;
}

/** Two classes told apart. */
export interface ClassReport {
  readonly cases: number;
  /** Its interval counts the cases of a patient as dependent. */
  readonly accuracy: ClusteredProportion;
  /** What saying the commoner class of these cases always would score. */
  readonly baseline: MajorityBaseline & { readonly name: string };
  readonly classes: readonly [ClassFigures, ClassFigures];
  /** Of the second class, with the patients as clusters. */
  readonly auc: DelongAuc;
}

/** Cases with the probability of the second class. */
export interface ScoredClasses {
  readonly names: readonly [string, string];
  /** Index of the true class, as `scores` and `patients` one a case. */
  readonly classes: readonly (0 | 1)[];
  readonly scores: readonly number[];
  readonly patients: readonly string[];
  /** A case is called of the second class from this score on; one half, "p > 0.5", unless given. */
  readonly cutoff?: number;
}

/** SystemError 'data-unusable' where a class has fewer than two cases, of which nothing can be said. */
export function classReport({ names, classes, scores, patients, cutoff = 0.5 }: ScoredClasses): ClassReport {
  const positive = classes.map((label) => label === 1);
  const second = positive.filter(Boolean).length;
  const first = classes.length - second;
  if (Math.min(first, second) < 2)
    throw new SystemError(
      'data-unusable',
      `a comparison of "${names[0]}" with "${names[1]}" needs two cases of each, got ${first} and ${second}: evaluate on more patients`,
    );
  const { tp, fp, tn, fn } = confusionCounts(scores, positive, cutoff);
  const of = confusionMetrics({ tp, fp, tn, fn });
  const baseline = majorityBaseline(classes);
  return {
    cases: classes.length,
    accuracy: clusteredProportion(
      scores.map((score, i) => score >= cutoff === positive[i]),
      patients,
    ),
    baseline: { ...baseline, name: names[baseline.class] },
    classes: [
      {
        ...{ name: names[0], cases: first, precision: of.npv, sensitivity: of.specificity },
        f1: f1Score({ tp: tn, fp: fn, fn: fp }),
      },
      { name: names[1], cases: second, precision: of.ppv, sensitivity: of.sensitivity, f1: of.f1 },
    ],
    auc: delong(scores, positive, { clusters: patients }),
  };
}
