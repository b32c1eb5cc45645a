/** Which cases a gallery shows. */
import type { CaseKind } from '@mammoscope/report';

const KINDS: readonly CaseKind[] = ['true positive', 'false negative', 'true negative', 'false positive'];

/** A case with its reference standard, what it was called, and the score behind that. */
export interface JudgedCase {
  readonly positive: boolean;
  readonly called: boolean;
  readonly score: number;
}

/** Of each kind the surest cases, so the plainest successes and the worst errors: by the highest score where called positive, else by the lowest; ties as given. */
export function galleryCases<T extends JudgedCase>(
  cases: readonly T[],
  ofAKind: number,
): (T & { readonly kind: CaseKind })[] {
  const surety = ({ called, score }: T) => (called ? score : -score);
  return KINDS.flatMap((kind) =>
    cases
      .filter((each) => kindOf(each) === kind)
      .sort((a, b) => surety(b) - surety(a))
      .slice(0, ofAKind)
      .map((each) => ({ ...each, kind })),
  );
}

const kindOf = ({ positive, called }: JudgedCase): CaseKind =>
  `${positive === called ? 'true' : 'false'} ${called ? 'positive' : 'negative'}`;
