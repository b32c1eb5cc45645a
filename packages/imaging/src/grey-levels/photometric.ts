import { type Claim, type Preferences, type Settled, settle } from '../decision.ts';
import type { DicomFacts } from '../dicom-facts.ts';
import { ImagingError } from '../errors.ts';
import type { Plane } from '../plane.ts';

/** What the least value means. */
export type Polarity = 'least is black' | 'least is white';

/** Of the pixels along the border, this share must lie in one tenth of the range to be taken as air. */
const LEAST_AIR = 0.4;

/**
 * Whether small values are dark, by PhotometricInterpretation (PS3.3, C.7.6.3.1.2), PresentationLUTShape (C.8.11.3: IDENTITY
 * with MONOCHROME2, INVERSE with MONOCHROME1) and the air along the border of the image, which must end as black.
 * Formats without such attributes are taken as black at zero, if the air does not contradict. `padding` is no air.
 * Throws tag-invalid for colour and sources-disagree.
 */
export function polarity(
  plane: Plane,
  facts: DicomFacts,
  padding?: Uint8Array,
  prefer?: Preferences,
): Settled<Polarity> {
  const claims = tagClaims(facts);
  if (claims.length === 0) {
    const value = 'grey images without DICOM attributes are black at zero';
    claims.push({ source: 'convention', name: 'file format', value, says: 'least is black' });
  }
  const air = borderAir(plane, padding);
  if (air) claims.push(air);
  const settled = settle('photometric interpretation', claims, prefer);
  if (!settled) throw new ImagingError('option-invalid', 'polarity requires at least one source');
  return settled;
}

/**
 * The polarity of an image whose tags are preferred to its pixels, so that these need not be looked at; undefined where the answer may
 * depend on them. It is what `polarity` says, and throws as it does.
 */
export function polarityByTags(facts: DicomFacts, prefer?: Preferences): Polarity | undefined {
  const claims = tagClaims(facts);
  const wanted = prefer?.['photometric interpretation'];
  if (!claims.some(({ source, name }) => wanted === source || wanted === name)) return undefined;
  return settle('photometric interpretation', claims, prefer)?.value;
}

/** What PhotometricInterpretation and PresentationLUTShape say, as far as they are there. */
function tagClaims({ PhotometricInterpretation: photometric, PresentationLUTShape: shape }: DicomFacts) {
  const claims: Claim<Polarity>[] = [];
  if (photometric !== undefined) {
    if (photometric !== 'MONOCHROME1' && photometric !== 'MONOCHROME2') {
      throw new ImagingError(
        'tag-invalid',
        `PhotometricInterpretation must be MONOCHROME1 or MONOCHROME2, got ${photometric}: a colour image is a screenshot, export the grey one`,
      );
    }
    const says = photometric === 'MONOCHROME1' ? 'least is white' : 'least is black';
    claims.push({ source: 'tag', name: 'PhotometricInterpretation', value: photometric, says });
  }
  if (shape === 'IDENTITY' || shape === 'INVERSE') {
    const says = shape === 'INVERSE' ? 'least is white' : 'least is black';
    claims.push({ source: 'tag', name: 'PresentationLUTShape', value: shape, says });
  }
  return claims;
}

/**
 * Air is even and lies along the border: what the fullest tenth of the range says, if it is the darkest or brightest. Shares are of the
 * whole border: where air is padding, what is left of the border is the chest wall.
 */
function borderAir({ width, height, data }: Plane, padding?: Uint8Array): Claim<Polarity> | undefined {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < data.length; i++) {
    if (padding?.[i]) continue;
    const value = data[i] as number;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const counts = new Array<number>(10).fill(0);
  const total = 2 * (width + height) - 4;
  const count = (at: number) => {
    if (padding?.[at]) return;
    const tenth = Math.min(9, Math.floor((10 * ((data[at] as number) - low)) / (high - low)));
    counts[tenth] = (counts[tenth] as number) + 1;
  };
  if (!(high > low)) return undefined;
  for (let x = 0; x < width; x++) for (const y of [0, height - 1]) count(y * width + x);
  for (let y = 1; y < height - 1; y++) for (const x of [0, width - 1]) count(y * width + x);
  const [dark, bright] = [(counts[0] ?? 0) / total, (counts[9] ?? 0) / total];
  const share = Math.max(dark, bright);
  if (!(share >= LEAST_AIR && share >= 2 * Math.min(dark, bright))) return undefined;
  const value = `${(100 * share).toFixed(0)} % of the border in the ${dark > bright ? 'darkest' : 'brightest'} tenth`;
  return {
    source: 'pixels',
    name: 'air along the border',
    value,
    says: dark > bright ? 'least is black' : 'least is white',
  };
}
