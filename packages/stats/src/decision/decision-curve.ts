import { forecastCases } from '../calibration/probabilities.ts';
import type { Labels, Scores } from '../cases.ts';
import { StatsError } from '../errors.ts';

/** Net benefits at one threshold probability, in true positives a case. */
export interface DecisionPoint {
  /** The probability of disease at which biopsy and waiting are worth the same; probability >= threshold is treated. */
  readonly threshold: number;
  /** Of treating those whom the model calls positive. */
  readonly model: number;
  /** Of treating everybody. */
  readonly all: number;
  /** Of treating nobody: 0 by definition. */
  readonly none: 0;
  /**
   * Treatments avoided for each 100 cases at equal true positives: (model - all) (1 - threshold) / threshold times 100.
   */
  readonly avoidedPer100: number;
}

/** A decision curve. */
export interface DecisionCurve {
  readonly prevalence: number;
  readonly points: readonly DecisionPoint[];
}

const PERCENTS = Array.from({ length: 99 }, (_, i) => (i + 1) / 100);

/**
 * The net benefit of a model, tp / n - fp / n w with w = threshold / (1 - threshold), beside treating all and treating
 * none, at threshold probabilities of 1 % to 99 % where none are given. O(n log n + thresholds log n). No class need be
 * present.
 * Source: Vickers and Elkin, "Decision curve analysis", Medical Decision Making 26 (2006), 565-574.
 * Throws stats/probability, stats/argument unless 0 < threshold < 1, and the errors of columns.
 */
export function decisionCurve(
  probabilities: Scores,
  labels: Labels,
  thresholds: readonly number[] = PERCENTS,
): DecisionCurve {
  const cases = forecastCases(probabilities, labels);
  const wrong = thresholds.find((threshold) => !(threshold > 0 && threshold < 1));
  if (wrong !== undefined) {
    throw new StatsError(
      'stats/argument',
      `thresholds of a decision curve must lie between 0 and 1, both excluded, got ${wrong}; pass 0.02 for 2 %`,
    );
  }
  const n = cases.outcomes.length;
  const part = (outcome: number) => cases.probabilities.filter((_, row) => cases.outcomes[row] === outcome).sort();
  const [negatives, positives] = [part(0), part(1)];
  const prevalence = positives.length / n;
  const points = thresholds.map((threshold) => {
    const weight = threshold / (1 - threshold);
    const model = (countFrom(positives, threshold) - countFrom(negatives, threshold) * weight) / n;
    const all = prevalence - (1 - prevalence) * weight;
    return { threshold, model, all, none: 0 as const, avoidedPer100: (100 * (model - all)) / weight };
  });
  return { prevalence, points };
}

/** How many of ascending values are at or above a threshold. */
function countFrom(sorted: Float64Array, threshold: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < threshold) low = middle + 1;
    else high = middle;
  }
  return sorted.length - low;
}
