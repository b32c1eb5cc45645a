/** Proportions at a cut-off with intervals that know of clusters. */
import { RandomStream } from '@mammoscope/random';
import {
  bootstrap,
  clusteredProportion,
  confusionMetrics,
  type Interval,
  type ProportionMethod,
  proportion,
} from '@mammoscope/stats';

/** A figure with its interval; both null where it is 0 / 0. */
export interface Figure {
  readonly value: number | null;
  readonly interval: (Interval & { readonly method: string }) | null;
  readonly numerator: number;
  readonly denominator: number;
}

/** What a cut-off does to the cases. */
export interface DecisionFigures {
  readonly tp: number;
  readonly fp: number;
  readonly tn: number;
  readonly fn: number;
  readonly sensitivity: Figure;
  readonly specificity: Figure;
  readonly accuracy: Figure;
  readonly ppv: Figure;
  readonly npv: Figure;
  readonly f1: Figure;
  readonly mcc: number | null;
  readonly kappa: number | null;
}

/** How intervals are computed. */
export interface IntervalOptions {
  /** Confidence, such as 0.95. */
  readonly confidence: number;
  /** Of proportions of independent cases. */
  readonly method: ProportionMethod;
  readonly seed: number;
  readonly replicates: number;
}

type Case = { readonly positive: boolean; readonly called: boolean };

const measures = {
  sensitivity: { counts: ({ positive }: Case) => positive, right: ({ called }: Case) => called },
  specificity: { counts: ({ positive }: Case) => !positive, right: ({ called }: Case) => !called },
  accuracy: { counts: () => true, right: ({ positive, called }: Case) => positive === called },
  ppv: { counts: ({ called }: Case) => called, right: ({ positive }: Case) => positive },
  npv: { counts: ({ called }: Case) => !called, right: ({ positive }: Case) => !positive },
} as const;

/**
 * The figures of calls. Of independent cases proportions have the interval asked for and F1 Wilson's indirect one. With
 * clusters a proportion has the robust interval of {@link clusteredProportion}, and F1 the percentile interval of a
 * bootstrap of whole clusters; an interval that needs two clusters is null with one.
 */
export function decisionFigures(
  calls: readonly boolean[],
  labels: Uint8Array,
  clusters: readonly string[] | undefined,
  options: IntervalOptions,
): DecisionFigures {
  const cases = calls.map((called, i): Case => ({ positive: labels[i] === 1, called }));
  const count = (positive: boolean, called: boolean) =>
    cases.filter((each) => each.positive === positive && each.called === called).length;
  const counts = { tp: count(true, true), fp: count(false, true), tn: count(false, false), fn: count(true, false) };
  const metrics = confusionMetrics(counts, { level: options.confidence, method: options.method });
  const { sensitivity, specificity, accuracy, ppv, npv, f1, mcc, kappa } = metrics;
  const plain = { ...counts, sensitivity, specificity, accuracy, ppv, npv, f1, mcc, kappa };
  if (!clusters) return plain;
  const clustered = (name: keyof typeof measures): Figure => {
    const { counts: counted, right } = measures[name];
    const rows = cases.flatMap((each, i) => (counted(each) ? [i] : []));
    const successes = rows.map((row) => right(cases[row] as Case));
    const own = rows.map((row) => clusters[row] as string);
    return clusteredProportion(successes, own, { level: options.confidence });
  };
  return {
    ...plain,
    sensitivity: clustered('sensitivity'),
    specificity: clustered('specificity'),
    accuracy: clustered('accuracy'),
    ppv: clustered('ppv'),
    npv: clustered('npv'),
    f1: { ...f1, interval: f1.value === null ? null : clusteredF1(cases, clusters, options) },
  };
}

/** Sensitivity and specificity alone, as {@link decisionFigures} has them. */
export function ratesAt(
  calls: readonly boolean[],
  labels: Uint8Array,
  clusters: readonly string[] | undefined,
  { confidence: level, method }: IntervalOptions,
): Pick<DecisionFigures, 'sensitivity' | 'specificity'> {
  const rate = (label: number): Figure => {
    const rows = [...labels.keys()].filter((row) => labels[row] === label);
    const right = rows.map((row) => calls[row] === (label === 1));
    const own = rows.map((row) => clusters?.[row] as string);
    return clusters
      ? clusteredProportion(right, own, { level })
      : proportion(right.filter(Boolean).length, rows.length, { level, method });
  };
  return { sensitivity: rate(1), specificity: rate(0) };
}

function clusteredF1(
  cases: readonly Case[],
  clusters: readonly string[],
  { confidence, seed, replicates }: IntervalOptions,
): Figure['interval'] {
  if (new Set(clusters).size < 2) return null;
  const weights = (multiplicities: Uint32Array, positive: boolean, called: boolean) =>
    cases.reduce(
      (sum, each, i) => sum + (each.positive === positive && each.called === called ? (multiplicities[i] ?? 0) : 0),
      0,
    );
  const statistic = (multiplicities: Uint32Array) => {
    const tp = weights(multiplicities, true, true);
    const scale = 2 * tp + weights(multiplicities, false, true) + weights(multiplicities, true, false);
    return scale === 0 ? undefined : (2 * tp) / scale;
  };
  const random = new RandomStream(seed, 'stats', 'f1');
  const { interval } = bootstrap(cases.length, statistic, { random, replicates, level: confidence, clusters });
  return { ...interval, method: `cluster-bootstrap-${interval.method}` };
}
