import type { Labels, Scores } from '../cases.ts';
import { StatsError } from '../errors.ts';
import { DEFAULT_LEVEL } from '../interval.ts';
import { type MeasuredProportion, measuredProportion } from '../proportions/proportion.ts';
import { quantile } from '../resampling/quantile.ts';
import { forecastCases } from './probabilities.ts';

/** How probabilities are binned. */
export type Binning = 'equal-width' | 'equal-count';

/** Bins of a reliability curve. */
export interface ReliabilityOptions {
  /** 10 where not given. */
  readonly bins?: number;
  /** 'equal-width' where not given. */
  readonly binning?: Binning;
  /** Of the intervals of the observed shares, 0.95 where not given. */
  readonly level?: number;
}

/** One bin, lower < probability <= upper; the first holds its lower edge too. */
export interface ReliabilityBin {
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
  /** Mean predicted probability. */
  readonly predicted: number;
  /** Share of positives with Wilson's interval, for which cases are independent. */
  readonly observed: MeasuredProportion;
}

/** A reliability curve and what its bins say together. */
export interface Reliability {
  /** In ascending order; bins without a case are left out. */
  readonly bins: readonly ReliabilityBin[];
  /** ECE: the mean of |observed - predicted| over cases. */
  readonly expectedError: number;
  /** MCE: the largest |observed - predicted| of a bin. */
  readonly maximumError: number;
}

/** Inner edges; a probability belongs to the number of edges strictly below it. */
function innerEdges(sorted: Float64Array, bins: number, binning: Binning): number[] {
  return Array.from({ length: bins - 1 }, (_, i) =>
    binning === 'equal-width' ? (i + 1) / bins : quantile(sorted, (i + 1) / bins),
  );
}

/**
 * The reliability curve with the expected and maximum calibration errors of its bins. 'equal-width' parts [0, 1];
 * 'equal-count' parts at the quantiles (R's type 7) of the probabilities, so that tied probabilities stay together and
 * bins may differ in size. Both are scikit-learn's calibration_curve with strategy uniform and quantile. O(n log n).
 * Sources: Naeini, Cooper and Hauskrecht, AAAI (2015), 2901-2907; Guo, Pleiss, Sun and Weinberger, ICML (2017),
 * equations 3 and 5.
 * Throws stats/probability, stats/argument, stats/level, and the errors of columns; one class alone is allowed.
 */
export function reliability(probabilities: Scores, labels: Labels, options: ReliabilityOptions = {}): Reliability {
  const { bins: binCount = 10, binning = 'equal-width', level = DEFAULT_LEVEL } = options;
  if (!(Number.isSafeInteger(binCount) && binCount >= 1)) {
    throw new StatsError('stats/argument', `bins must be an integer of at least 1, got ${binCount}; 10 is usual`);
  }
  const cases = forecastCases(probabilities, labels);
  const order = cases.probabilities.toSorted();
  const edges = innerEdges(order, binCount, binning);
  const [lowest, highest] =
    binning === 'equal-width' ? [0, 1] : [order[0] as number, order[order.length - 1] as number];
  const binOf = (probability: number) => {
    let [low, high] = [0, edges.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((edges[middle] as number) < probability) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const sums = Array.from({ length: binCount }, () => ({ count: 0, predicted: 0, positives: 0 }));
  cases.probabilities.forEach((probability, row) => {
    const sum = sums[binOf(probability)] as (typeof sums)[number];
    sum.count++;
    sum.predicted += probability;
    sum.positives += cases.outcomes[row] as number;
  });
  const bins = sums.flatMap(({ count, predicted, positives }, i) =>
    count === 0
      ? []
      : {
          lower: edges[i - 1] ?? lowest,
          upper: edges[i] ?? highest,
          count,
          predicted: predicted / count,
          observed: measuredProportion(positives, count, { level }),
        },
  );
  const gaps = bins.map(({ observed, predicted }) => Math.abs(observed.value - predicted));
  return {
    bins,
    expectedError: gaps.reduce((sum, gap, i) => sum + gap * (bins[i] as ReliabilityBin).count, 0) / order.length,
    maximumError: Math.max(...gaps),
  };
}
