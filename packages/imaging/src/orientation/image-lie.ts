import type { BreastMask } from '../breast/breast-mask.ts';
import { chestWallByMask } from '../breast/chest-wall.ts';
import { pectoralSide } from '../breast/pectoral-side.ts';
import { type Claim, type Decision, type Preferences, settle } from '../decision.ts';
import type { DicomFacts } from '../dicom-facts.ts';
import { ImagingError } from '../errors.ts';
import type { Laterality, View } from '../manifest-terms.ts';
import type { Plane } from '../plane.ts';
import {
  type AnatomicalDirections,
  cosineDirections,
  orientDirections,
  patientDirections,
  type Side,
} from './anatomical-direction.ts';
import { breastLaterality, chestWallSide } from './laterality.ts';
import {
  AS_STORED,
  composeOrientations,
  describeOrientation,
  MIRRORED,
  type Orientation,
  orientBox,
  orientedSize,
  orientPlane,
  orientValues,
  ROTATED_LEFT,
  ROTATED_RIGHT,
  UPSIDE_DOWN,
} from './orientation.ts';

/** What is asked of the orientation beyond what a file says. */
export interface LieOptions {
  /** Which source wins where two disagree. */
  readonly prefer?: Preferences;
  /** What a manifest or the user says. */
  readonly laterality?: Laterality;
  /** The side of the prepared image where the chest wall is to be; left unless told. 'stored' turns nothing. */
  readonly chestWall?: 'left' | 'right' | 'stored';
}

/** What brings each side to the left. */
const TO_LEFT: Readonly<Record<Side, Orientation>> = {
  left: AS_STORED,
  right: MIRRORED,
  top: ROTATED_LEFT,
  bottom: ROTATED_RIGHT,
};

/** How an image lies, and what brings it upright. */
export interface ImageLie {
  readonly orientation: Orientation;
  readonly laterality: Laterality | undefined;
  readonly decisions: readonly Decision[];
}

/**
 * Chest wall, laterality, upright and pectoral muscle, each settled between tags and pixels, and the orientation that follows.
 * A rotation or flip comes from what is known; nothing is turned on a guess. Throws tag-invalid and sources-disagree.
 * @param display brighter is denser; @param mask of it
 */
export function imageLie(
  display: Plane,
  mask: BreastMask,
  facts: DicomFacts,
  view: View | undefined,
  options: LieOptions,
): ImageLie {
  const { prefer, chestWall: wanted = 'left' } = options;
  const [patient, cosines] = [patientDirections(facts), cosineDirections(facts)];
  const byPixels = chestWallByMask(mask);
  const wall = chestWallSide(patient, cosines, byPixels, prefer);
  const laterality = breastLaterality(facts, byPixels, prefer, options.laterality);
  const decisions: Decision[] = [
    wall?.decision ?? unknown('chest wall', 'no tag says where the front is, and no edge of the breast is straight'),
    laterality?.decision ?? unknown('laterality', 'no tag names a side, and the pixels show none'),
  ];
  if (wanted === 'stored' || !wall) {
    const reason = wanted === 'stored' ? 'the user wants the image as stored' : 'nobody knows where the chest wall is';
    decisions.push({ step: 'orientation', choice: describeOrientation(AS_STORED), reason, evidence: [] });
    return { orientation: AS_STORED, laterality: laterality?.value, decisions };
  }
  const base = TO_LEFT[wall.value];
  const pectoral = pectoralClaim(display, mask, base, view);
  decisions.push(
    pectoral
      ? {
          step: 'pectoral muscle',
          choice: pectoral.says,
          reason: 'the brighter corner at the chest wall',
          evidence: [bare(pectoral)],
        }
      : unknown('pectoral muscle', 'the corners at the chest wall are alike, or the view shows none'),
  );
  const directions = (patient ?? cosines) && orientDirections((patient ?? cosines) as AnatomicalDirections, base);
  const up = upright(
    directions,
    patient ? 'PatientOrientation' : 'ImageOrientationPatient',
    laterality?.value,
    pectoral,
    prefer,
  );
  decisions.splice(2, 0, up.decision);
  const steps = [base, up.isUpright ? AS_STORED : UPSIDE_DOWN, wanted === 'right' ? MIRRORED : AS_STORED];
  const orientation = steps.reduce(composeOrientations);
  const choice = `${describeOrientation(orientation)}: chest wall ${wanted}`;
  decisions.push({
    step: 'orientation',
    choice,
    reason: `the chest wall was ${wall.value}, and the image ${up.isUpright ? 'upright' : 'upside down'}`,
    evidence: [],
  });
  return { orientation, laterality: laterality?.value, decisions };
}

const bare = ({ source, name, value }: Claim) => ({ source, name, value });
const unknown = (step: Decision['step'], reason: string): Decision => ({
  step,
  choice: 'unknown',
  reason,
  evidence: [],
});

/** Views in which the muscle runs into a corner. */
const OBLIQUE: ReadonlySet<View> = new Set<View>(['MLO', 'LMO', 'SIO', 'ISO', 'AT']);

/** Where the muscle is once the chest wall is on the left; asked of oblique views only, in others the corners mean nothing. */
function pectoralClaim(
  display: Plane,
  mask: BreastMask,
  base: Orientation,
  view: View | undefined,
): Claim<'top' | 'bottom'> | undefined {
  if (!view || !OBLIQUE.has(view)) return undefined;
  return pectoralSide(orientPlane(display, base), orientMask(mask, base));
}

/** A mask laid in another way; a copy. */
export function orientMask(mask: BreastMask, to: Orientation): BreastMask {
  const { width, height } = mask;
  const boxPx = orientBox(mask.boxPx, width, height, to);
  return { ...mask, ...orientedSize(mask, to), data: orientValues(mask.data, width, height, to), boxPx };
}

/**
 * Whether the image is upright with its chest wall on the left: the feet are down; where rows of a craniocaudal view run
 * between left and right, the outer side of the breast is up, as mammograms are hung. The muscle must agree.
 */
function upright(
  directions: AnatomicalDirections | undefined,
  keyword: string,
  laterality: Laterality | undefined,
  pectoral: Claim<'top' | 'bottom'> | undefined,
  prefer: Preferences | undefined,
): { readonly isUpright: boolean; readonly decision: Decision } {
  const claims: Claim<'upright' | 'upside down'>[] = [];
  const letter = [...(directions?.down ?? '')].find((each) => 'HF'.includes(each)) ?? directions?.down[0];
  if (directions && letter !== undefined) {
    const medial = laterality === 'L' ? 'R' : laterality === 'R' ? 'L' : undefined;
    const isDown = 'HF'.includes(letter) ? letter === 'F' : medial === undefined ? undefined : letter === medial;
    const value = `${directions.down} is down`;
    if (isDown !== undefined)
      claims.push({ source: 'tag', name: keyword, value, says: isDown ? 'upright' : 'upside down' });
  }
  if (pectoral) claims.push({ ...pectoral, says: pectoral.says === 'top' ? 'upright' : 'upside down' });
  if (claims.length === 0) {
    claims.push({ source: 'convention', name: 'hanging', value: 'nobody says otherwise', says: 'upright' });
  }
  const settled = settle('upright', claims, prefer);
  if (!settled) throw new ImagingError('option-invalid', 'upright requires at least one source');
  return { isUpright: settled.value === 'upright', decision: settled.decision };
}
