import type { Labels, Scores } from '../cases.ts';
import { chiSquareTail } from '../distributions/chi-square.ts';
import { StatsError } from '../errors.ts';
import { symmetricEigen } from '../linear/symmetric-eigen.ts';
import { type DelongOptions, type Placements, placementClusters, placementCovariance, placements } from './delong.ts';

/** The test that several correlated AUCs are all equal. */
export interface DelongOverall {
  readonly aucs: readonly number[];
  readonly chiSquare: number;
  /** The rank of the covariance of the differences: scores - 1, less where scores rank alike. */
  readonly degreesOfFreedom: number;
  readonly p: number;
}

/** Eigenvalues below this share of the largest count as 0. */
const RANK_TOLERANCE = 1e-10;

function contrast(a: Placements, b: Placements): Placements {
  return {
    auc: a.auc - b.auc,
    positive: a.positive.map((value, i) => value - (b.positive[i] as number)),
    negative: a.negative.map((value, j) => value - (b.negative[j] as number)),
  };
}

/**
 * DeLong's overall test for k >= 2 scores of the same cases: theta' L' (L S L')^- L theta, chi-square on the rank of L
 * S L', with L the differences to the first score and the Moore-Penrose inverse where L S L' is singular (two scores
 * that rank alike take a degree of freedom away and change nothing else). With two scores it is the square of {@link
 * delongPaired}'s z. All AUCs equal without variance give 0 on 0 degrees of freedom and p = 1. O(k n log n + k^2 n).
 * Source: DeLong et al., Biometrics 44 (1988), 837-845, equation 5 and the paragraph on singular S; with clusters the
 * covariance of Obuchowski, Biometrics 53 (1997), 567-578.
 * Throws stats/variance where AUCs differ along a contrast without variance, stats/argument for fewer than two scores,
 * and as {@link delong} does.
 */
export function delongOverall(
  scores: readonly Scores[],
  labels: Labels,
  { clusters }: Pick<DelongOptions, 'clusters'> = {},
): DelongOverall {
  if (scores.length < 2) {
    throw new StatsError(
      'stats/argument',
      `an overall test compares at least two scores, got ${scores.length}; pass one array a model`,
    );
  }
  const parts = scores.map((column) => placements(column, labels));
  const contrasts = parts.slice(1).map((part) => contrast(part, parts[0] as Placements));
  const grouped = clusters && placementClusters(labels, clusters);
  const covariance = contrasts.map((a) => contrasts.map((b) => placementCovariance(a, b, grouped)));
  const { values, vectors } = symmetricEigen(covariance);
  const floor = RANK_TOLERANCE * Math.max(...values);
  let [chiSquare, degreesOfFreedom] = [0, 0];
  values.forEach((value, i) => {
    const along = contrasts.reduce((sum, { auc }, j) => sum + auc * (vectors[i]?.[j] as number), 0);
    if (value > floor && value > 0) {
      chiSquare += (along * along) / value;
      degreesOfFreedom++;
    } else if (Math.abs(along) > 1e-9) {
      throw new StatsError(
        'stats/variance',
        `an overall test needs variance wherever AUCs differ, got AUCs ${parts.map((part) => part.auc).join(', ')} with a contrast of variance 0; leave out the score that separates the classes wholly, or one that is constant`,
      );
    }
  });
  const p = degreesOfFreedom === 0 ? 1 : chiSquareTail(chiSquare, degreesOfFreedom);
  return { aucs: parts.map((part) => part.auc), chiSquare, degreesOfFreedom, p };
}
