import { RandomStream } from '@mammoscope/random';
import { powerLawNoise } from './power-law-noise.ts';

/** The two classes of a patch, negative first. */
export const PATCH_KINDS = ['normal', 'microcalcification'] as const;
export type PatchKind = (typeof PATCH_KINDS)[number];

/** What all patches of one film have in common; grey levels are of 0..255, brighter is denser. */
export interface PatchTissue {
  /** Grey level of the patch before structure is added. */
  readonly exposure: number;
  /** Exponent of the tissue's power spectrum, see powerLawNoise. */
  readonly beta: number;
  /** Standard deviation of the tissue's structure, in grey levels. */
  readonly structure: number;
  /** Standard deviation of the film grain, in grey levels. */
  readonly grain: number;
}

/** A patch to draw. */
export interface PatchOptions {
  /** Side of the square, at least 16. */
  readonly sizePx: number;
  readonly kind: PatchKind;
  /** Drawn where absent. */
  readonly tissue?: PatchTissue;
}

/** One patch of a cohort, ready to be written. */
export interface CohortPatch {
  readonly patientId: string;
  readonly fileName: string;
  readonly label: PatchKind;
  /** [sizePx * sizePx], row-major, whole numbers 0..255. */
  readonly plane: Float32Array;
}

/** How large a cohort is. */
export interface PatchCohortOptions {
  readonly patients: number;
  readonly seed: number;
  readonly sizePx: number;
}

/** Draws a film's tissue: exposure from near black to near white, whatever the class. */
export function drawTissue(random: RandomStream): PatchTissue {
  return {
    exposure: random.uniform(30, 170),
    beta: random.uniform(2.8, 3.6),
    structure: random.uniform(4, 15),
    grain: random.uniform(1.2, 2.8),
  };
}

/**
 * Draws a patch of a digitised film mammogram as whole grey levels 0..255, [sizePx * sizePx], row-major: power-law
 * tissue, a slope of exposure, now and then a strand of tissue, dust and scratches of one pixel, film grain; and for
 * 'microcalcification' a cluster of 4 to 15 specks of 1 to 3.5 px. Dust is as bright as specks and falls on both classes,
 * and exposure varies more than a cluster adds: neither the mean nor the maximum gives the class away.
 * Throws RangeError for a side below 16.
 */
export function drawPatch(random: RandomStream, options: PatchOptions): Float32Array {
  const { sizePx, kind } = options;
  if (!Number.isInteger(sizePx) || sizePx < 16) {
    throw new RangeError(`a patch must have a side of at least 16 whole pixels, got ${sizePx}`);
  }
  const tissue = options.tissue ?? drawTissue(random);
  const plane = powerLawNoise(random, sizePx, tissue.beta);
  addExposure(plane, sizePx, tissue, random);
  if (random.chance(0.4)) addStrand(plane, sizePx, random);
  if (kind === 'microcalcification') addCluster(plane, sizePx, random);
  addGrain(plane, sizePx, tissue.grain, random);
  addDust(plane, sizePx, random);
  return plane.map((value) => Math.min(255, Math.max(0, Math.round(value))));
}

/**
 * Draws the patches of a cohort: for each patient one film's tissue and 4 to 10 patches, of both classes. Every patch
 * has its own random stream, so a cohort of more patients begins with the same ones.
 * Throws RangeError for less than one patient.
 */
export function drawPatchCohort({ patients, seed, sizePx }: PatchCohortOptions): CohortPatch[] {
  if (!Number.isInteger(patients) || patients < 1) {
    throw new RangeError(`a cohort must have at least one patient, got ${patients}`);
  }
  return Array.from({ length: patients }, (_, patient) => {
    const film = new RandomStream(seed, 'phantom-film', patient);
    const tissue = drawTissue(film);
    const count = film.integer(4, 10);
    const patientId = `phantom-${String(patient + 1).padStart(4, '0')}`;
    return Array.from({ length: count }, (_, patch): CohortPatch => {
      const random = new RandomStream(seed, 'phantom-patch', patient, patch);
      // The first two patches are one of each class, the others are drawn.
      const positive = patch < 2 ? patch === 1 : random.chance(0.5);
      const label = PATCH_KINDS[positive ? 1 : 0];
      const shift = random.normal(0, 12);
      const own = {
        ...tissue,
        exposure: tissue.exposure + shift,
        structure: tissue.structure * random.uniform(0.7, 1.3),
      };
      const fileName = `${patientId}-${String(patch + 1).padStart(2, '0')}.png`;
      return { patientId, fileName, label, plane: drawPatch(random, { sizePx, kind: label, tissue: own }) };
    });
  }).flat();
}

/** value -> exposure + structure * value + a slope across the patch. */
function addExposure(plane: Float32Array, sizePx: number, tissue: PatchTissue, random: RandomStream): void {
  const slope = random.uniform(0, 20);
  const angle = random.uniform(0, 2 * Math.PI);
  const [dx, dy] = [(slope * Math.cos(angle)) / sizePx, (slope * Math.sin(angle)) / sizePx];
  const centre = (sizePx - 1) / 2;
  for (let i = 0; i < plane.length; i++) {
    const [x, y] = [i % sizePx, Math.floor(i / sizePx)];
    plane[i] = tissue.exposure + tissue.structure * (plane[i] as number) + dx * (x - centre) + dy * (y - centre);
  }
}

/** A bright strand (vessel or ligament): a straight ridge of Gaussian profile. */
function addStrand(plane: Float32Array, sizePx: number, random: RandomStream): void {
  const [x0, y0] = [random.uniform(0, sizePx), random.uniform(0, sizePx)];
  const angle = random.uniform(0, Math.PI);
  const [normalX, normalY] = [-Math.sin(angle), Math.cos(angle)];
  const sigma = random.uniform(1.5, 5);
  const amplitude = random.uniform(5, 20);
  for (let i = 0; i < plane.length; i++) {
    const distance = ((i % sizePx) - x0) * normalX + (Math.floor(i / sizePx) - y0) * normalY;
    plane[i] = (plane[i] as number) + amplitude * Math.exp(-0.5 * (distance / sigma) ** 2);
  }
}

/** Specks around a centre inside the patch, spread as a Gaussian ellipse; brightness varies by cluster and by speck. */
function addCluster(plane: Float32Array, sizePx: number, random: RandomStream): void {
  const count = random.integer(4, 15);
  const [x0, y0] = [random.uniform(0.25, 0.75) * sizePx, random.uniform(0.25, 0.75) * sizePx];
  const angle = random.uniform(0, Math.PI);
  const [long, short] = [random.uniform(5, 12), random.uniform(3, 7)];
  const brightness = random.uniform(18, 60);
  for (let n = 0; n < count; n++) {
    const [u, v] = [random.normal(0, long), random.normal(0, short)];
    const x = inside(x0 + u * Math.cos(angle) - v * Math.sin(angle), sizePx);
    const y = inside(y0 + u * Math.sin(angle) + v * Math.cos(angle), sizePx);
    addSpeck(plane, sizePx, x, y, brightness * random.uniform(0.5, 1.5), random);
  }
}

function inside(position: number, sizePx: number): number {
  return Math.min(sizePx - 3, Math.max(2, position));
}

/** An elliptical Gaussian of 1 to 3.5 px full width at half maximum (2.355 sigma). */
function addSpeck(
  plane: Float32Array,
  sizePx: number,
  x0: number,
  y0: number,
  amplitude: number,
  random: RandomStream,
): void {
  const longSigma = random.uniform(1.4, 3.5) / 2.355;
  const shortSigma = longSigma * random.uniform(0.6, 1);
  const angle = random.uniform(0, Math.PI);
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  const reach = Math.ceil(4 * longSigma);
  for (let y = Math.max(0, Math.floor(y0) - reach); y <= Math.min(sizePx - 1, Math.ceil(y0) + reach); y++) {
    for (let x = Math.max(0, Math.floor(x0) - reach); x <= Math.min(sizePx - 1, Math.ceil(x0) + reach); x++) {
      const u = ((x - x0) * cosine + (y - y0) * sine) / longSigma;
      const v = ((y - y0) * cosine - (x - x0) * sine) / shortSigma;
      const at = y * sizePx + x;
      plane[at] = (plane[at] as number) + amplitude * Math.exp(-0.5 * (u * u + v * v));
    }
  }
}

/** Grain: white noise smoothed by [1 2 1] / 4 along x and y, brought back to its standard deviation. */
function addGrain(plane: Float32Array, sizePx: number, grain: number, random: RandomStream): void {
  const side = sizePx + 2;
  const white = Float32Array.from({ length: side * side }, () => random.normal());
  // The variance that [1 2 1] / 4 leaves is 6 / 16 an axis.
  const gain = grain / (6 / 16);
  for (let i = 0; i < plane.length; i++) {
    const at = (Math.floor(i / sizePx) + 1) * side + (i % sizePx) + 1;
    let sum = 0;
    for (let dy = -1; dy <= 1; dy++) {
      for (let dx = -1; dx <= 1; dx++) {
        sum += (2 - Math.abs(dy)) * (2 - Math.abs(dx)) * (white[at + dy * side + dx] as number);
      }
    }
    plane[i] = (plane[i] as number) + (gain * sum) / 16;
  }
}

/** Up to three specks of dust or scratches on the film: one sharp pixel, or two in a column, bright or dark. */
function addDust(plane: Float32Array, sizePx: number, random: RandomStream): void {
  const count = random.integer(0, 3);
  for (let n = 0; n < count; n++) {
    const at = random.integer(0, plane.length - 1);
    const amplitude = random.chance(0.8) ? random.uniform(20, 90) : random.uniform(-40, -15);
    plane[at] = (plane[at] as number) + amplitude;
    if (random.chance(0.3) && at + sizePx < plane.length)
      plane[at + sizePx] = (plane[at + sizePx] as number) + amplitude;
  }
}
