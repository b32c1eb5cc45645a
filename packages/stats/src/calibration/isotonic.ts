import { type Labels, partBothClasses, type Scores } from '../cases.ts';
import { StatsError } from '../errors.ts';
import { ascendingOrder } from '../roc/midranks.ts';

/** A fitted non-decreasing step function, as its corners. */
export interface Isotonic {
  /** Distinct scores, ascending, at which the fit is given: the ends of each flat stretch. */
  readonly scores: Float64Array;
  /** The calibrated probability at each of them. */
  readonly probabilities: Float64Array;
}

/**
 * Isotonic regression of the truth on a score by pooling adjacent violators: the non-decreasing function of least
 * squares. Tied scores are averaged first. As scikit-learn's IsotonicRegression. O(n log n).
 * Sources: Ayer, Brunk, Ewing, Reid and Silverman, Annals of Mathematical Statistics 26 (1955), 641-647; Zadrozny and
 * Elkan, KDD (2002), 694-699. Throws stats/length, stats/score, stats/label, stats/classes.
 */
export function isotonic(scores: Scores, labels: Labels): Isotonic {
  partBothClasses(scores, labels);
  // Blocks of rising mean; each keeps its first and last score.
  const blocks: { first: number; last: number; count: number; positives: number }[] = [];
  for (const row of ascendingOrder(scores)) {
    const [score, positive] = [scores[row] as number, Number(labels[row])];
    const tied = blocks.at(-1);
    if (tied?.last === score) {
      tied.count++;
      tied.positives += positive;
    } else blocks.push({ first: score, last: score, count: 1, positives: positive });
  }
  const pooled: typeof blocks = [];
  for (const block of blocks) {
    let current = block;
    for (let before = pooled.at(-1); before; before = pooled.at(-1)) {
      // Integer cross products: equal means are pooled, rounding cannot part them.
      if (before.positives * current.count < current.positives * before.count) break;
      pooled.pop();
      current = {
        first: before.first,
        last: current.last,
        count: before.count + current.count,
        positives: before.positives + current.positives,
      };
    }
    pooled.push(current);
  }
  const corners = pooled.flatMap(({ first, last, count, positives }) => {
    const probability = positives / count;
    return first === last
      ? [[first, probability] as const]
      : [[first, probability] as const, [last, probability] as const];
  });
  return {
    scores: Float64Array.from(corners, ([score]) => score),
    probabilities: Float64Array.from(corners, ([, probability]) => probability),
  };
}

/**
 * The calibrated probability of a score: linear between corners, constant beyond the lowest and highest. O(log n).
 * Throws stats/score for a score that is not finite.
 */
export function isotonicProbability({ scores, probabilities }: Isotonic, score: number): number {
  if (!Number.isFinite(score)) {
    throw new StatsError(
      'stats/score',
      `a score to calibrate must be a finite number, got ${score}; leave the case out`,
    );
  }
  let [low, high] = [0, scores.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((scores[middle] as number) < score) low = middle + 1;
    else high = middle;
  }
  const [at, before] = [low, low - 1]; // scores[before] < score <= scores[at]
  if (at === scores.length) return probabilities[before] as number;
  if (before < 0 || scores[at] === score) return probabilities[at] as number;
  const [x0, x1] = [scores[before] as number, scores[at] as number];
  const [y0, y1] = [probabilities[before] as number, probabilities[at] as number];
  return y0 + ((y1 - y0) * (score - x0)) / (x1 - x0);
}
