import { StatsError } from './errors.ts';

/** One score a case; a higher score means more suspicious. Any typed array or a plain array. */
export type Scores = ArrayLike<number>;

/** The truth of each case: 1 or true is positive (the condition is present), 0 or false is negative. */
export type Labels = ArrayLike<number | boolean>;

/** Scores parted by truth, each in the order of the rows. */
export interface PartedScores {
  readonly positives: Float64Array;
  readonly negatives: Float64Array;
}

function refuseLabel(label: unknown, row: number): never {
  const got = typeof label === 'string' ? `the text "${label}"` : String(label);
  throw new StatsError(
    'stats/label',
    `labels[${row}] must be 0, 1, false or true, got ${got}; recode the column so that 1 is positive`,
  );
}

/** Parts scores by truth. Throws stats/length, stats/score or stats/label; either class may be empty. */
export function partByLabel(scores: Scores, labels: Labels): PartedScores {
  if (scores.length !== labels.length) {
    throw new StatsError(
      'stats/length',
      `scores and labels must have one entry a case, got ${scores.length} scores and ${labels.length} labels; pass columns of the same table`,
    );
  }
  const positives: number[] = [];
  const negatives: number[] = [];
  for (let row = 0; row < scores.length; row++) {
    const score = scores[row] as number;
    if (!Number.isFinite(score)) {
      throw new StatsError(
        'stats/score',
        `scores[${row}] must be a finite number, got ${typeof score === 'string' ? `the text "${score}"` : score}; leave the case out of every column or mend its score`,
      );
    }
    const label = labels[row];
    if (label === 1 || label === true) positives.push(score);
    else if (label === 0 || label === false) negatives.push(score);
    else refuseLabel(label, row);
  }
  return { positives: Float64Array.from(positives), negatives: Float64Array.from(negatives) };
}

/**
 * Parts scores by truth and requires at least `least` cases of each class. Throws stats/classes beside the errors of
 * {@link partByLabel}.
 */
export function partBothClasses(scores: Scores, labels: Labels, least = 1): PartedScores {
  const parted = partByLabel(scores, labels);
  const { positives, negatives } = parted;
  if (positives.length < least || negatives.length < least) {
    throw new StatsError(
      'stats/classes',
      `labels must hold at least ${least} positive and ${least} negative ${least === 1 ? 'case' : 'cases'}, got ${positives.length} positive and ${negatives.length} negative; add cases of the missing class or report counts only`,
    );
  }
  return parted;
}
