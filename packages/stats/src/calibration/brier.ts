import type { Labels, Scores } from '../cases.ts';
import { type ForecastCases, forecastCases } from './probabilities.ts';
import type { Reliability } from './reliability.ts';

/** The Brier score and Murphy's parts of it: score = reliability - resolution + uncertainty + withinBins. */
export interface Brier {
  /** The mean of (probability - outcome)^2: 0 is perfect. */
  readonly score: number;
  /** How far predicted and observed shares differ: 0 is calibrated. */
  readonly reliability: number;
  /** How far observed shares differ from the prevalence: more is better. */
  readonly resolution: number;
  /** prevalence (1 - prevalence), whatever the model. */
  readonly uncertainty: number;
  /** What grouping hides: 0 without bins, up to rounding (Stephenson et al. 2008). */
  readonly withinBins: number;
  /** 1 - score / uncertainty, 0 for a forecast of the prevalence; undefined where one class is absent. */
  readonly skill: number | undefined;
}

interface Group {
  readonly count: number;
  readonly predicted: number;
  readonly observed: number;
}

/** Cases of one probability each. */
function distinctForecasts({ probabilities, outcomes }: ForecastCases): Group[] {
  const groups = new Map<number, { count: number; positives: number }>();
  probabilities.forEach((probability, row) => {
    const group = groups.get(probability) ?? { count: 0, positives: 0 };
    group.count++;
    group.positives += outcomes[row] as number;
    groups.set(probability, group);
  });
  return [...groups].map(([predicted, { count, positives }]) => ({ count, predicted, observed: positives / count }));
}

/**
 * The Brier score with Murphy's decomposition over the distinct probabilities, where it is exact, or over the bins of a
 * reliability curve of the same cases, where what is left over is `withinBins`. O(n).
 * Sources: Brier, Monthly Weather Review 78 (1950), 1-3, in its form for one class; Murphy, Journal of Applied
 * Meteorology 12 (1973), 595-600; Stephenson, Coelho and Jolliffe, Weather and Forecasting 23 (2008), 752-757.
 * Throws stats/probability, stats/argument for no cases, and the errors of columns; one class alone is allowed.
 */
export function brier(probabilities: Scores, labels: Labels, curve?: Reliability): Brier {
  const cases = forecastCases(probabilities, labels);
  const n = cases.probabilities.length;
  const score =
    cases.probabilities.reduce(
      (sum, probability, row) => sum + (probability - (cases.outcomes[row] as number)) ** 2,
      0,
    ) / n;
  const prevalence = cases.outcomes.reduce((sum, outcome) => sum + outcome, 0) / n;
  const groups: readonly Group[] =
    curve?.bins.map(({ count, predicted, observed }) => ({ count, predicted, observed: observed.value })) ??
    distinctForecasts(cases);
  const mean = (of: (group: Group) => number) => groups.reduce((sum, group) => sum + group.count * of(group), 0) / n;
  const reliability = mean(({ predicted, observed }) => (predicted - observed) ** 2);
  const resolution = mean(({ observed }) => (observed - prevalence) ** 2);
  const uncertainty = prevalence * (1 - prevalence);
  return {
    score,
    reliability,
    resolution,
    uncertainty,
    withinBins: score - (reliability - resolution + uncertainty),
    skill: uncertainty > 0 ? 1 - score / uncertainty : undefined,
  };
}
