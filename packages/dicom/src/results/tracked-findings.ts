/** Findings with what every object of results says of them alike: an identity, whether they are shown, their codes. */
import { CODES, type Code } from '../write/codes.ts';
import { uidOf } from '../write/uid.ts';
import type { Finding, FindingKind, Reading } from './findings.ts';

/** A finding that can be told from others, in all objects of its reading. */
export interface TrackedFinding extends Finding {
  /** Counted from 1 through the reading. */
  readonly number: number;
  readonly trackingUid: string;
  /** Words for lists, such as 'Finding 1'. */
  readonly label: string;
  /** Whether it, or the lesion that it belongs to, reaches the cut-off. */
  readonly isShown: boolean;
  /** The strictest operating point at which it is shown; none where it is at none. */
  readonly operatingPoint: number | undefined;
}

/** The codes of a kind: in one image (CID 6014), over several (CID 6016), and as the property of a segment (CID 7159, else CID 6014). */
export const KIND_CODES: Readonly<
  Record<FindingKind, { readonly single: Code; readonly composite: Code; readonly segment: Code }>
> = {
  mass: { single: CODES.breastDensity, composite: CODES.breastMass, segment: CODES.mass },
  'calcification-cluster': {
    single: CODES.calcificationCluster,
    composite: CODES.calcificationCluster,
    segment: CODES.calcificationCluster,
  },
  'architectural-distortion': {
    single: CODES.architecturalDistortion,
    composite: CODES.architecturalDistortion,
    segment: CODES.architecturalDistortion,
  },
};

/**
 * The findings of a reading, tracked. Those of a lesion are shown as the lesion is. Tracking UIDs follow from image, algorithm and place, so a reading that is repeated
 * gives the same.
 */
export function trackFindings(reading: Reading): readonly TrackedFinding[] {
  const { images, algorithm, findings, lesions, cutoff, operatingPoints } = reading;
  return findings.map((finding, i) => {
    const { frame, place, kind, lesion } = finding;
    const { probability } = lesions.find(({ name }) => name === lesion) ?? finding;
    const point = operatingPoints.findIndex(({ cutoff: least }) => probability >= least);
    const image = images[finding.image]?.sopInstanceUid ?? '';
    const { name, version } = algorithm;
    return {
      ...finding,
      number: i + 1,
      label: `Finding ${i + 1}`,
      trackingUid: uidOf('mammoscope', 'finding', image, name, version, kind, frame, JSON.stringify(place)),
      isShown: probability >= cutoff,
      operatingPoint: point < 0 ? undefined : point,
    };
  });
}
