/** Equation 2: majority vote with weights. */

/** What classifiers say of a case together. */
export interface Vote {
  /** Index of the class. */
  readonly called: number;
  /** Share of the votes that it got, above 0 to 1. */
  readonly share: number;
  /** Mean of the classifiers' probabilities, weighted as their votes, one a class. */
  readonly probabilities: readonly number[];
}

/**
 * The class that most weighted votes are for, each classifier voting for its largest probability. Of classes with equally many, as two of two
 * voters give them, that with the largest weighted mean probability is taken; the paper's three equal votes on two classes have no ties.
 * @param probabilities by classifier and class @param weights of the classifiers, summing to 1
 */
export function majorityVote(probabilities: readonly ArrayLike<number>[], weights: readonly number[]): Vote {
  const classes = probabilities[0]?.length ?? 0;
  const votes = new Array<number>(classes).fill(0);
  const mean = new Array<number>(classes).fill(0);
  for (const [j, row] of probabilities.entries()) {
    const weight = weights[j] as number;
    const own = argmax(Array.from(row));
    votes[own] = (votes[own] as number) + weight;
    for (let i = 0; i < classes; i++) mean[i] = (mean[i] as number) + weight * (row[i] as number);
  }
  const most = Math.max(...votes);
  const tied = votes.map((vote, i) => (most - vote < 1e-9 ? (mean[i] as number) : -1));
  const called = argmax(tied);
  return { called, share: votes[called] as number, probabilities: mean };
}

/** Index of the largest number, the first of several. */
export const argmax = (values: readonly number[]): number => values.indexOf(Math.max(...values));
