/** "Area under the receiver operating characteristic curve (AUC) ... specificity and Matthew's correlation coefficient at 90% sensitivity" (section VI-B), with intervals. */
import { RandomStream } from '@mammoscope/random';
import type { Estimate } from '@mammoscope/report';
import {
  auc,
  bootstrap,
  type ConfusionCounts,
  confusionMetrics,
  fixedSensitivity,
  type ResampledStatistic,
  resampledAuc,
  resampledOperatingPoint,
  StatsError,
} from '@mammoscope/stats';

/** "at 90% sensitivity" */
export const SENSITIVITY = 0.9;
/** "We compute 95% confidence intervals using 1,000 iterations of the bootstrap method." */
export const ITERATIONS = 1000;

/** Figures of tables II, III and IV. */
export const PARK_MEASURES = ['auc', 'specificity', 'mcc'] as const;
export type ParkMeasure = (typeof PARK_MEASURES)[number];

/** Scores of a label measured on cases; a figure that is undefined has its reason. */
export type MeasuredScores = Readonly<Record<ParkMeasure, Estimate>> & {
  readonly cases: number;
  readonly positives: number;
  /** Reached in place of 90 %: "the threshold that leads to the closest sensitivity value is chosen". Null without positives. */
  readonly sensitivity: number | null;
};

/** Scored cases of one label. */
export interface LabelledScores {
  readonly scores: readonly number[];
  readonly positive: readonly boolean[];
  /** The patient of each case: patients are drawn, with all their cases. */
  readonly patients: readonly string[];
}

const specificityOf = ({ tn, fp }: ConfusionCounts) => (tn + fp === 0 ? undefined : tn / (tn + fp));
const mccOf = (counts: ConfusionCounts) => confusionMetrics(counts).mcc ?? undefined;

/** The three figures with their intervals. `seed` and `name` decide what the bootstrap draws. */
export function measureScores(
  { scores, positive, patients }: LabelledScores,
  seed: number,
  name: string,
): MeasuredScores {
  const [cases, positives] = [positive.length, positive.filter(Boolean).length];
  if (positives === 0 || positives === cases) {
    const undefinedReason = positives === 0 ? 'there is no positive case' : 'there is no negative case';
    const none = { value: null, undefinedReason };
    return { auc: none, specificity: none, mcc: none, cases, positives, sensitivity: null };
  }
  const point = fixedSensitivity(scores, positive, { target: SENSITIVITY });
  const at = (figure: (counts: ConfusionCounts) => number | undefined) =>
    resampledOperatingPoint(scores, positive, { sensitivity: SENSITIVITY, figure });
  const interval = (measure: ParkMeasure, statistic: ResampledStatistic) =>
    bootstrapInterval(statistic, patients, new RandomStream(seed, 'park2022', name, measure));
  const mcc = mccOf(point);
  return {
    auc: { value: auc(scores, positive), ...interval('auc', resampledAuc(scores, positive)) },
    specificity: { value: point.specificity, ...interval('specificity', at(specificityOf)) },
    mcc:
      mcc === undefined
        ? { value: null, undefinedReason: 'every case is called positive at 90 % sensitivity' }
        : { value: mcc, ...interval('mcc', at(mccOf)) },
    ...{ cases, positives, sensitivity: point.sensitivity },
  };
}

/** Percentiles of the replicates that have a value; of too few there is no interval, and it is said why. */
function bootstrapInterval(
  statistic: ResampledStatistic,
  clusters: readonly string[],
  random: RandomStream,
): Pick<Estimate, 'interval' | 'undefinedReason'> {
  try {
    const { interval } = bootstrap(clusters.length, statistic, { random, replicates: ITERATIONS, clusters });
    return { interval: [interval.lower, interval.upper] };
  } catch (error) {
    if (!(error instanceof StatsError && ['stats/replicates', 'stats/variance'].includes(error.code))) throw error;
    return { interval: null, undefinedReason: 'too few resamples reach 90 % sensitivity within 2.5 percentage points' };
  }
}
