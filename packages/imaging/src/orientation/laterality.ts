import type { Claim, Preferences, Settled } from '../decision.ts';
import { settle } from '../decision.ts';
import type { DicomFacts } from '../dicom-facts.ts';
import { ImagingError } from '../errors.ts';
import type { Laterality } from '../manifest-terms.ts';
import { type AnatomicalDirections, chestWallOf, type Side } from './anatomical-direction.ts';

/**
 * The side of the image where the chest wall is, from the tags that say where the front is and from the pixels. Undefined
 * where nobody knows.
 */
export function chestWallSide(
  patient: AnatomicalDirections | undefined,
  cosines: AnatomicalDirections | undefined,
  pixels: Claim<Side> | undefined,
  prefer?: Preferences,
): Settled<Side> | undefined {
  const claims: Claim<Side>[] = [];
  for (const [name, directions] of [
    ['PatientOrientation', patient],
    ['ImageOrientationPatient', cosines],
  ] as const) {
    const says = directions && chestWallOf(directions);
    if (directions && says)
      claims.push({ source: 'tag', name, value: `${directions.right}\\${directions.down}`, says });
  }
  return settle('chest wall', pixels ? [...claims, pixels] : claims, prefer);
}

const KEYWORDS = ['FrameLaterality', 'ImageLaterality', 'Laterality'] as const;

/**
 * The breast shown, from the laterality attributes and, where no attribute says how the image lies, from the way mammograms
 * are hung: chest wall of a left breast on the left. Mirrored films and wrong tags are found that way.
 * @param declared what a manifest or the user says
 * Throws tag-invalid for a value that is not one breast, and sources-disagree. Undefined where nobody knows.
 */
export function breastLaterality(
  facts: DicomFacts,
  chestWall: Claim<Side> | undefined,
  prefer?: Preferences,
  declared?: Laterality,
): Settled<Laterality> | undefined {
  const claims: Claim<Laterality>[] = [];
  if (declared) claims.push({ source: 'user', name: 'laterality', value: declared, says: declared });
  for (const name of KEYWORDS) {
    const value = facts[name];
    if (value === undefined || value === '' || value === 'U') continue;
    if (value !== 'L' && value !== 'R') {
      throw new ImagingError(
        'tag-invalid',
        `${name} must be L or R in a mammogram, got ${value}: one image shows one breast`,
      );
    }
    claims.push({ source: 'tag', name, value, says: value });
  }
  const isHung = !facts.PatientOrientation?.some((part) => part !== '') && !facts.ImageOrientationPatient;
  if (isHung && chestWall && (chestWall.says === 'left' || chestWall.says === 'right')) {
    const says = chestWall.says === 'left' ? 'L' : 'R';
    claims.push({ ...chestWall, name: 'chest wall as hung', value: `${chestWall.says}, ${chestWall.value}`, says });
  }
  return settle('laterality', claims, prefer);
}
