import { normalCdf, normalQuantile } from '../distributions/normal.ts';
import { StatsError } from '../errors.ts';
import { DEFAULT_LEVEL, type Interval, tailProbability } from '../interval.ts';
import { confusionCounts } from '../proportions/confusion.ts';
import { type F1Method, f1Score } from '../proportions/f1.ts';
import { type ProportionMethod, proportionInterval } from '../proportions/proportion.ts';
import type { RandomSource } from '../random-source.ts';
import { type BootstrapMethod, bootstrap } from '../resampling/bootstrap.ts';
import { resampledAuc } from '../resampling/resampled-auc.ts';
import { delong } from '../roc/delong.ts';

/** What is simulated. */
export interface CoverageOptions {
  readonly random: RandomSource;
  /** Simulated studies of each size; 2,000 where not given. */
  readonly trials?: number;
  /** Cases of a study, half of them positive; 50, 200 and 1,000 where not given. */
  readonly sizes?: readonly number[];
  readonly level?: number;
  /** The true AUC of the binormal scores, 0.85 where not given. */
  readonly auc?: number;
  /** The true proportion of the binomial counts, over all cases of a study; 0.8 where not given. */
  readonly proportion?: number;
  /** Bootstrap replicates in each study; 0, which leaves the bootstrap out, where not given. */
  readonly replicates?: number;
}

/** How often one interval held the truth. */
export interface Coverage {
  readonly quantity: 'auc' | 'proportion' | 'f1';
  readonly method: string;
  readonly cases: number;
  readonly truth: number;
  readonly coverage: number;
  /** Of the coverage itself: sqrt(coverage (1 - coverage) / trials). */
  readonly standardError: number;
  readonly meanWidth: number;
}

type Named = Readonly<Record<string, Interval>>;

const PROPORTION_METHODS: readonly ProportionMethod[] = ['wilson', 'clopper-pearson', 'wald'];
const F1_METHODS: readonly F1Method[] = ['delta', 'wilson-indirect'];
const BOOTSTRAP_METHODS: readonly BootstrapMethod[] = ['percentile', 'bca'];

/** A uniform number strictly between 0 and 1. */
const uniform = (random: RandomSource) => (random.integer(0, 2 ** 31 - 2) + 0.5) / (2 ** 31 - 1);

/** Intervals of the same quantity over many trials, tallied by method. */
function tally(quantity: Coverage['quantity'], cases: number, truth: number, trials: readonly Named[]): Coverage[] {
  return Object.keys(trials[0] ?? {}).map((method) => {
    const intervals = trials.map((trial) => trial[method] as Interval);
    const coverage = intervals.filter(({ lower, upper }) => lower <= truth && truth <= upper).length / trials.length;
    const meanWidth = intervals.reduce((sum, { lower, upper }) => sum + (upper - lower), 0) / trials.length;
    const standardError = Math.sqrt((coverage * (1 - coverage)) / trials.length);
    return { quantity, method, cases, truth, coverage, standardError, meanWidth };
  });
}

const byMethod = <M extends string>(methods: readonly M[], interval: (method: M) => Interval): Named =>
  Object.fromEntries(methods.map((method) => [method, interval(method)]));

/**
 * The coverage of this package's intervals, by simulation: studies with binormal scores (negatives N(0, 1), positives
 * N(d, 1)) give AUCs with half of the cases positive (DeLong plain and logit; bootstrap where replicates are given,
 * stratified by class), and F1 scores at the cut-off d / 2 with each case positive by a fair coin, for its interval is
 * that of a cohort; binomial counts give proportions. An interval of level 0.95 should hold the truth in 95 % of
 * studies; 2,000 trials leave a standard error of 0.5 %. O(trials n log n), with a bootstrap O(trials replicates n).
 *
 * What it showed with 2,000 trials at 50, 200 and 1,000 cases, AUC 0.75 to 0.95 and proportions 0.5 to 0.9: within 93
 * to 97 % lie 'delong-logit', 'wilson-indirect' and 'wilson' (its exact coverage at 0.9 and 50 cases is 97.0 %). With
 * 50 cases 'delong-plain' falls to 85 %, 'percentile' to 89 %, 'wald' and 'delta' to 88 and 92 %, 'bca' to 92.7 %;
 * 'clopper-pearson' is above the level by design.
 *
 * Throws stats/argument for trials or sizes that are no positive integers (sizes at least 4) and rates outside their
 * range, and stats/level.
 */
export function coverage(options: CoverageOptions): readonly Coverage[] {
  const { random, trials = 2000, sizes = [50, 200, 1000], level = DEFAULT_LEVEL } = options;
  const { auc = 0.85, proportion = 0.8, replicates = 0 } = options;
  tailProbability(level);
  const sound =
    Number.isSafeInteger(trials) &&
    trials >= 1 &&
    sizes.every((size) => Number.isSafeInteger(size) && size >= 4) &&
    [auc, proportion].every((rate) => rate > 0 && rate < 1);
  if (!sound) {
    throw new StatsError(
      'stats/argument',
      `a simulation needs trials >= 1, sizes >= 4, an AUC and a proportion between 0 and 1, got ${trials}, ${sizes.join(' ')}, ${auc} and ${proportion}; mend them`,
    );
  }
  const separation = Math.SQRT2 * normalQuantile(auc); // auc = Phi(d / sqrt 2)
  const hit = normalCdf(separation / 2);
  const trueF1 = (2 * hit) / (2 * hit + 2 * (1 - hit)); // sensitivity and specificity are both Phi(d / 2)
  const times = (trial: () => Named) => Array.from({ length: trials }, trial);

  return sizes.flatMap((cases) => {
    const labels = Uint8Array.from({ length: cases }, (_, i) => (2 * i < cases ? 1 : 0));
    const study = (truths: Uint8Array) =>
      Float64Array.from(truths, (label) => normalQuantile(uniform(random)) + (label === 1 ? separation : 0));
    const aucs = times(() => {
      const scores = study(labels);
      const { interval, logitInterval } = delong(scores, labels, { level });
      const resampled = (method: BootstrapMethod) =>
        bootstrap(cases, resampledAuc(scores, labels), { random, replicates, level, method, strata: labels }).interval;
      const boots = byMethod(replicates > 0 ? BOOTSTRAP_METHODS : [], resampled);
      return { 'delong-plain': interval, 'delong-logit': logitInterval, ...boots };
    });
    const f1s = times(() => {
      const cohort = labels.map(() => random.integer(0, 1));
      const counts = confusionCounts(study(cohort), cohort, separation / 2);
      // Without positive cases and calls F1 is 0 / 0: such a study leaves everything possible
      const everything = { lower: 0, upper: 1, level };
      return byMethod(F1_METHODS, (method) => f1Score(counts, { level, method }).interval ?? everything);
    });
    const proportions = times(() => {
      let successes = 0;
      for (let i = 0; i < cases; i++) successes += uniform(random) < proportion ? 1 : 0;
      return byMethod(PROPORTION_METHODS, (method) => proportionInterval(successes, cases, { level, method }));
    });
    return [
      ...tally('auc', cases, auc, aucs),
      ...tally('f1', cases, trueF1, f1s),
      ...tally('proportion', cases, proportion, proportions),
    ];
  });
}
