/** Studies whose truth is known, for the simulation of coverage. */
import { cohenKappa } from '../agreement/cohen-kappa.ts';
import { mcnemar, pairedCounts } from '../agreement/mcnemar.ts';
import { normalCdf, normalQuantile } from '../distributions/normal.ts';
import type { Interval } from '../interval.ts';
import { clusteredProportion } from '../proportions/clustered-proportion.ts';
import { confusionCounts } from '../proportions/confusion.ts';
import { type F1Method, f1Score } from '../proportions/f1.ts';
import { type ProportionMethod, proportionInterval } from '../proportions/proportion.ts';
import type { RandomSource } from '../random-source.ts';
import { geeComparison } from '../regression/gee-comparison.ts';
import { type BootstrapMethod, bootstrap } from '../resampling/bootstrap.ts';
import { resampledAuc } from '../resampling/resampled-auc.ts';
import { averagePrecision } from '../roc/average-precision.ts';
import { delong } from '../roc/delong.ts';
import { delongPaired } from '../roc/delong-paired.ts';

/** What is estimated; 'of patients' with two cases each, whose scores correlate by one half. */
export type CoverageQuantity =
  | 'auc'
  | 'auc of patients'
  | 'auc difference'
  | 'auc difference of patients'
  | 'average precision'
  | 'average precision of patients'
  | 'proportion'
  | 'proportion of patients'
  | 'proportion difference of patients'
  | 'f1'
  | 'kappa';

/** One quantity, its true value, and the intervals that one simulated study gives it. */
export interface Scenario {
  readonly quantity: CoverageQuantity;
  readonly truth: number;
  readonly study: () => Readonly<Record<string, Interval>>;
}

/** What scenarios are made from. */
export interface ScenarioOptions {
  readonly random: RandomSource;
  /** Even: patients have two. */
  readonly cases: number;
  readonly level: number;
  readonly auc: number;
  readonly proportion: number;
  /** 0 leaves the bootstrap out. */
  readonly replicates: number;
}

const PROPORTION_METHODS: readonly ProportionMethod[] = ['wilson', 'clopper-pearson', 'wald'];
const F1_METHODS: readonly F1Method[] = ['delta', 'wilson-indirect'];
const BOOTSTRAP_METHODS: readonly BootstrapMethod[] = ['percentile', 'bca'];

/** A uniform number strictly between 0 and 1. */
const uniform = (random: RandomSource) => (random.integer(0, 2 ** 31 - 2) + 0.5) / (2 ** 31 - 1);

const byMethod = <M extends string>(
  methods: readonly M[],
  interval: (method: M) => Interval,
): Readonly<Record<string, Interval>> => Object.fromEntries(methods.map((method) => [method, interval(method)]));

const STEPS = 20_000;

/** Average precision of binormal scores a distance apart at a prevalence of one half: precision over recall, integrated. */
export function binormalAveragePrecision(separation: number): number {
  let sum = 0;
  for (let i = 0; i < STEPS; i++) {
    const recall = (i + 0.5) / STEPS;
    const falsePositives = 1 - normalCdf(normalQuantile(1 - recall) + separation);
    sum += recall / (recall + falsePositives);
  }
  return sum / STEPS;
}

/**
 * Binormal scores (negatives N(0, 1), positives N(d, 1), half of the cases positive, F1 with each case positive by a
 * fair coin and cut at d / 2); binomial counts; two raters who agree in four of five cases, each calling half positive.
 * Patients have two cases of one class, scores that correlate by one half, and proportions cut from such scores.
 */
export function scenarios({ random, cases, level, auc, proportion, replicates }: ScenarioOptions): readonly Scenario[] {
  const separation = Math.SQRT2 * normalQuantile(auc); // auc = Phi(d / sqrt 2)
  const hit = normalCdf(separation / 2);
  const normal = () => normalQuantile(uniform(random));
  const patients = Array.from({ length: cases }, (_, i) => i >> 1);
  const labels = Uint8Array.from({ length: cases }, (_, i) => (2 * i < cases ? 1 : 0));
  const ofPatients = labels.map((_, i) => labels[2 * (i >> 1)] as number);

  /** One score a case: of unit variance, correlated by one half with `shared`. */
  const scored = (truths: Uint8Array, shared?: (row: number) => number) =>
    Float64Array.from(
      truths,
      (label, row) => (shared ? (shared(row) + normal()) / Math.SQRT2 : normal()) + label * separation,
    );
  const perPatient = () => {
    const values = Float64Array.from({ length: Math.ceil(cases / 2) }, normal);
    return (row: number) => values[row >> 1] as number;
  };
  const perCase = () => {
    const values = Float64Array.from({ length: cases }, normal);
    return (row: number) => values[row] as number;
  };
  const resampled = (scores: Float64Array, truths: Uint8Array, clusters?: readonly number[]) =>
    byMethod(
      replicates > 0 ? BOOTSTRAP_METHODS : [],
      (method) =>
        bootstrap(cases, resampledAuc(scores, truths), {
          ...{ random, replicates, level, method, strata: truths },
          ...(clusters ? { clusters } : {}),
        }).interval,
    );
  const called = (scores: Float64Array) => scores.map((score) => Number(score < normalQuantile(proportion)));
  const everything = { lower: 0, upper: 1, level }; // without a positive case or call F1 is 0 / 0: anything is possible

  return [
    {
      quantity: 'auc',
      truth: auc,
      study: () => {
        const scores = scored(labels);
        const { interval, logitInterval } = delong(scores, labels, { level });
        return { 'delong-plain': interval, 'delong-logit': logitInterval, ...resampled(scores, labels) };
      },
    },
    {
      quantity: 'auc of patients',
      truth: auc,
      study: () => {
        const scores = scored(ofPatients, perPatient());
        return {
          'delong-logit': delong(scores, ofPatients, { level }).logitInterval,
          'clustered-logit': delong(scores, ofPatients, { level, clusters: patients }).logitInterval,
          ...resampled(scores, ofPatients, patients),
        };
      },
    },
    {
      quantity: 'auc difference',
      truth: 0,
      study: () => {
        const shared = perCase();
        return { delong: delongPaired(scored(labels, shared), scored(labels, shared), labels, { level }).interval };
      },
    },
    {
      quantity: 'auc difference of patients',
      truth: 0,
      study: () => {
        const shared = perPatient();
        const [a, b] = [scored(ofPatients, shared), scored(ofPatients, shared)];
        return { clustered: delongPaired(a, b, ofPatients, { level, clusters: patients }).interval };
      },
    },
    {
      quantity: 'average precision',
      truth: binormalAveragePrecision(separation),
      study: () => ({ logit: averagePrecision(scored(labels), labels, { level }).interval }),
    },
    {
      quantity: 'average precision of patients',
      truth: binormalAveragePrecision(separation),
      study: () => {
        const scores = scored(ofPatients, perPatient());
        return { 'clustered-logit': averagePrecision(scores, ofPatients, { level, clusters: patients }).interval };
      },
    },
    {
      quantity: 'proportion',
      truth: proportion,
      study: () => {
        let successes = 0;
        for (let i = 0; i < cases; i++) successes += uniform(random) < proportion ? 1 : 0;
        return byMethod(PROPORTION_METHODS, (method) => proportionInterval(successes, cases, { level, method }));
      },
    },
    {
      quantity: 'proportion of patients',
      truth: proportion,
      study: () => {
        const calls = called(
          scored(
            labels.map(() => 0),
            perPatient(),
          ),
        );
        const successes = calls.reduce((sum, call) => sum + call, 0);
        return {
          'robust-logit': clusteredProportion(calls, patients, { level }).interval ?? everything,
          wilson: proportionInterval(successes, cases, { level }),
        };
      },
    },
    {
      quantity: 'proportion difference of patients',
      truth: 0,
      study: () => {
        const shared = perPatient();
        const [a, b] = [0, 1].map(() =>
          called(
            scored(
              labels.map(() => 0),
              shared,
            ),
          ),
        ) as [Float64Array, Float64Array];
        const models = [
          { name: 'a', calls: a },
          { name: 'b', calls: b },
        ];
        const options = { level, link: 'identity' } as const;
        const { pairs } = geeComparison(
          models,
          labels.map(() => 1),
          patients,
          'sensitivity',
          options,
        );
        return {
          gee: pairs[0]?.interval ?? everything,
          mcnemar: mcnemar(pairedCounts(a, b), { level }).interval,
        };
      },
    },
    {
      quantity: 'f1',
      truth: (2 * hit) / (2 * hit + 2 * (1 - hit)), // sensitivity and specificity are both Phi(d / 2)
      study: () => {
        const cohort = labels.map(() => random.integer(0, 1));
        const counts = confusionCounts(scored(cohort), cohort, separation / 2);
        return byMethod(F1_METHODS, (method) => f1Score(counts, { level, method }).interval ?? everything);
      },
    },
    {
      quantity: 'kappa',
      truth: 0.6, // (0.8 - 0.5) / (1 - 0.5)
      study: () => {
        const first = Array.from({ length: cases }, () => random.integer(0, 1));
        const second = first.map((rating) => (uniform(random) < 0.8 ? rating : 1 - rating));
        return { fleiss: cohenKappa(first, second, { level }).interval };
      },
    },
  ];
}
