import type { Labels, Scores } from '../cases.ts';
import { StatsError } from '../errors.ts';
import { forecastCases } from './probabilities.ts';

/** The confidence of right calls. */
export interface AverageCorrectConfidence {
  /** In [0, 1]; in [0.5, 1] at cut-off 0.5. */
  readonly value: number;
  /** Cases called right, over which the mean is taken. */
  readonly correct: number;
  readonly cases: number;
}

/**
 * The average correct confidence (AC) that Liang 2019 reports ("average correct predict confident", section IV.B,
 * without a formula): taken here as the mean, over the cases that are called right at `cutoff`, of the probability
 * given to the class called: p for a positive, 1 - p for a negative. A case with p >= cutoff is called positive. High
 * AC with low accuracy means sure where it is right, and no more. O(n). Throws stats/probability for a score outside
 * [0, 1], stats/classes where no case is called right, stats/argument, stats/length, stats/score and stats/label.
 */
export function averageCorrectConfidence(
  probabilities: Scores,
  labels: Labels,
  cutoff = 0.5,
): AverageCorrectConfidence {
  if (!(cutoff >= 0 && cutoff <= 1)) {
    throw new StatsError('stats/argument', `cutoff must lie in [0, 1], got ${cutoff}; pass a probability such as 0.5`);
  }
  const forecast = forecastCases(probabilities, labels);
  const confidences: number[] = [];
  forecast.probabilities.forEach((p, row) => {
    const positive = forecast.outcomes[row] === 1;
    if (positive === p >= cutoff) confidences.push(positive ? p : 1 - p);
  });
  if (confidences.length === 0) {
    throw new StatsError(
      'stats/classes',
      `average correct confidence needs at least one case called right, got none of ${probabilities.length}; check labels and cut-off`,
    );
  }
  const value = confidences.reduce((sum, confidence) => sum + confidence, 0) / confidences.length;
  return { value, correct: confidences.length, cases: probabilities.length };
}
