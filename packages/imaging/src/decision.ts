import { ImagingError } from './errors.ts';

/** The steps from stored values to what a network sees, in their order. */
export const IMAGE_STEPS = [
  'stored values',
  'padding',
  'modality LUT',
  'VOI LUT',
  'photometric interpretation',
  'breast mask',
  'view',
  'chest wall',
  'laterality',
  'upright',
  'pectoral muscle',
  'orientation',
  'crop',
  'spacing',
  'normalisation',
] as const;

export type ImageStep = (typeof IMAGE_STEPS)[number];

/** What a decision rests on: an attribute, a statistic of the pixels, a rule of the field, or the user's word. */
export interface Evidence {
  readonly source: 'tag' | 'pixels' | 'convention' | 'user';
  /** The attribute's keyword, or what was measured. */
  readonly name: string;
  /** As it was found. */
  readonly value: string;
}

/** What was done to an image in one step, and why. */
export interface Decision {
  readonly step: ImageStep;
  readonly choice: string;
  readonly reason: string;
  readonly evidence: readonly Evidence[];
}

/** A source's answer to a question. */
export interface Claim<T extends string = string> extends Evidence {
  readonly says: T;
}

/** Which source wins where two disagree: a kind of source or the name of one, for each step. */
export type Preferences = Readonly<Partial<Record<ImageStep, string>>>;

/** An answer with the decision that records it. */
export interface Settled<T extends string> {
  readonly value: T;
  readonly decision: Decision;
}

/**
 * One answer from several sources. They must agree; where they do not, the user's preference for the step wins, and
 * without one the disagreement is thrown with all that was said (sources-disagree). No claims give undefined.
 */
export function settle<T extends string>(
  step: ImageStep,
  claims: readonly Claim<T>[],
  prefer: Preferences = {},
): Settled<T> | undefined {
  const [first] = claims;
  if (!first) return undefined;
  const evidence = claims.map(({ source, name, value }) => ({ source, name, value }));
  if (claims.every(({ says }) => says === first.says)) {
    const reason = claims.length > 1 ? `${claims.length} sources agree` : `${first.name} is the only source`;
    return { value: first.says, decision: { step, choice: first.says, reason, evidence } };
  }
  const wanted = prefer[step];
  const winners = claims.filter(({ source, name }) => wanted !== undefined && (wanted === source || wanted === name));
  const [winner] = winners;
  if (!winner || winners.some(({ says }) => says !== winner.says)) {
    const said = claims.map((claim) => `${claim.says} by ${claim.name} (${claim.value})`).join(', ');
    throw new ImagingError(
      'sources-disagree',
      `the sources for "${step}" disagree: ${said}; say which wins, for example ${step}=${first.name}`,
    );
  }
  const lost = claims.filter(({ says }) => says !== winner.says).map(({ name, says }) => `${name} (${says})`);
  const reason = `the user lets ${wanted} win over ${lost.join(', ')}`;
  const user = { source: 'user', name: 'prefer', value: `${step}=${wanted}` } as const;
  return { value: winner.says, decision: { step, choice: winner.says, reason, evidence: [...evidence, user] } };
}
