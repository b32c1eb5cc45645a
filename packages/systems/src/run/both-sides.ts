/** Cases of both sides of a decision, without which an evaluation has no intervals. */
import { SystemError } from '../errors.ts';

/** What is counted, in words ("images"), and the class or classes of either side. */
export interface Sides {
  readonly cases: string;
  readonly negative: string;
  readonly positive: string;
}

/** Sides of a run's classes, negative first. */
export const sidesOf = (cases: string, [negative = '', ...others]: readonly string[]): Sides => ({
  cases,
  negative,
  positive: others.join(' or '),
});

/** SystemError 'data-unusable' unless either side has cases of two patients: with fewer nothing has an interval. */
export function requireBothSides(
  path: string,
  cases: readonly { readonly patientId: string }[],
  isPositive: readonly boolean[],
  sides: Sides,
): void {
  const of = (side: boolean) => cases.filter((_, i) => isPositive[i] === side);
  const patients = (side: boolean) => new Set(of(side).map(({ patientId }) => patientId)).size;
  if (Math.min(patients(true), patients(false)) >= 2) return;
  throw new SystemError(
    'data-unusable',
    `${path} has ${cases.length} ${sides.cases} of patients that training did not see: ${of(false).length} of ${sides.negative} (of ${patients(false)} patients) and ${of(true).length} of ${sides.positive} (of ${patients(true)}); an evaluation needs ${sides.cases} of two patients or more of each`,
  );
}
