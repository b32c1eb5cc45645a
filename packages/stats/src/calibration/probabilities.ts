import { type Labels, partByLabel, type Scores } from '../cases.ts';
import { StatsError } from '../errors.ts';

/** Predicted probabilities with their outcomes as 0 and 1, each in the order of the rows. */
export interface ForecastCases {
  readonly probabilities: Float64Array;
  readonly outcomes: Uint8Array;
}

/**
 * Checks that scores are probabilities and labels truths. Either class may be absent. Throws stats/probability,
 * stats/argument for no cases, and as partByLabel does.
 */
export function forecastCases(probabilities: Scores, labels: Labels): ForecastCases {
  partByLabel(probabilities, labels);
  if (probabilities.length === 0) {
    throw new StatsError('stats/argument', 'probabilities must hold at least one case, got none; check the table');
  }
  for (let row = 0; row < probabilities.length; row++) {
    const probability = probabilities[row] as number;
    if (probability < 0 || probability > 1) {
      throw new StatsError(
        'stats/probability',
        `probabilities[${row}] must lie in [0, 1], got ${probability}; pass probabilities, not logits, or calibrate the score first`,
      );
    }
  }
  return {
    probabilities: Float64Array.from(probabilities),
    outcomes: Uint8Array.from(labels, Number),
  };
}
