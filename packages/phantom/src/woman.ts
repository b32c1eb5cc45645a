/** Who is imaged: what both breasts of a woman share, what each has of its own, and her lesion. */
import { RandomStream } from '@mammoscope/random';
import type { BreastBody, BreastSide } from './breast-shape.ts';
import { drawLesion, type Lesion } from './lesion.ts';

/** Breast composition by the ACR's BI-RADS Atlas (5th edition): a almost entirely fatty to d extremely dense. */
export const DENSITIES = ['a', 'b', 'c', 'd'] as const;
export type BreastDensity = (typeof DENSITIES)[number];

/** Labels of a breast, the negative first. */
export const BREAST_LABELS = ['normal', 'benign', 'malignant'] as const;
export type BreastLabel = (typeof BREAST_LABELS)[number];

/** A virtual woman. Lengths are of the compressed breast, in mm. */
export interface Woman {
  readonly seed: number;
  /** Index in the cohort, from 0. */
  readonly patient: number;
  readonly patientId: string;
  readonly label: BreastLabel;
  readonly density: BreastDensity;
  /** Of both breasts, before what each has of its own (bodyOf). */
  readonly body: BreastBody;
  /** Exponent of the tissue's power spectrum. */
  readonly beta: number;
  /** The one lesion; absent in a woman whose label is normal. */
  readonly lesion?: Lesion & { readonly side: BreastSide };
}

/** What a caller chooses; what is absent is drawn. */
export interface WomanOptions {
  readonly seed: number;
  readonly density?: BreastDensity;
  /** 0: benign and malignant lesions differ in every descriptor; 1: they look alike. 0.5 unless given. */
  readonly difficulty?: number;
}

/** Shares of the four densities among women screened (BI-RADS Atlas, 5th edition: 10, 40, 40 and 10 %). */
const DENSITY_SHARES = [0.1, 0.4, 0.4, 0.1] as const;

export const DEFAULT_DIFFICULTY = 0.5;

/**
 * Draws woman number `patient` of a cohort; she does not depend on how many there are. Of three women in a row two have
 * a lesion, one benign and one malignant in an order that is drawn, and the third has none. Throws RangeError for a difficulty outside 0 to
 * 1 or a patient that is no index.
 */
export function drawWoman(patient: number, { seed, density, difficulty = DEFAULT_DIFFICULTY }: WomanOptions): Woman {
  if (!Number.isInteger(patient) || patient < 0) throw new RangeError(`a patient is an index from 0, got ${patient}`);
  if (!(difficulty >= 0 && difficulty <= 1)) throw new RangeError(`difficulty must be from 0 to 1, got ${difficulty}`);
  const random = new RandomStream(seed, 'phantom-woman', patient);
  const label = labelOf(seed, patient);
  const drawnDensity = drawDensity(random, density);
  const body: BreastBody = {
    // Mean compressed thickness 59 mm (Yaffe et al., Medical Physics 36, 2009, 5437-5443); held below the 60 slices.
    thicknessMm: Math.min(58, Math.max(40, random.normal(52, 5))),
    depthMm: random.uniform(76, 108),
    halfWidthMm: random.uniform(74, 96),
    obliqueDeg: random.uniform(42, 55),
    pectoralWidthMm: random.uniform(38, 58),
    pectoralEndMm: random.uniform(-30, 5),
  };
  const beta = random.uniform(2.8, 3.2);
  const side: BreastSide = random.chance(0.5) ? 'L' : 'R';
  return {
    seed,
    patient,
    patientId: `woman-${String(patient + 1).padStart(4, '0')}`,
    label,
    density: drawnDensity,
    body,
    beta,
    ...(label === 'normal'
      ? {}
      : { lesion: { side, ...drawLesion(new RandomStream(seed, 'phantom-lesion', patient), label, difficulty) } }),
  };
}

function labelOf(seed: number, patient: number): BreastLabel {
  if (patient % 3 === 2) return 'normal';
  const first = new RandomStream(seed, 'phantom-labels', Math.floor(patient / 3)).chance(0.5);
  return first === (patient % 3 === 0) ? 'malignant' : 'benign';
}

function drawDensity(random: RandomStream, given: BreastDensity | undefined): BreastDensity {
  let left = random.uniform();
  const drawn = DENSITIES.find((_, i) => {
    left -= DENSITY_SHARES[i] as number;
    return left < 0;
  });
  return given ?? drawn ?? 'd';
}

/** One breast of a woman: like the other, but not its mirror image. */
export function bodyOf({ seed, patient, body }: Woman, side: BreastSide): BreastBody {
  const random = new RandomStream(seed, 'phantom-body', patient, side);
  return {
    ...body,
    thicknessMm: Math.min(58, body.thicknessMm * random.uniform(0.97, 1.03)),
    depthMm: body.depthMm * random.uniform(0.96, 1.04),
    halfWidthMm: body.halfWidthMm * random.uniform(0.96, 1.04),
    pectoralWidthMm: body.pectoralWidthMm * random.uniform(0.9, 1.1),
    pectoralEndMm: body.pectoralEndMm + random.uniform(-6, 6),
  };
}
