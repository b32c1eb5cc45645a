/** What a screening cohort has of a breast beside mammograms and tomosyntheses: a BI-RADS category and synthetic 2D views. */
import type { BreastLabel } from '@mammoscope/phantom';
import { RandomStream } from '@mammoscope/random';

/** Shares of BI-RADS categories by what a breast shows: assessments of screening are right often, not always. */
const CATEGORY_SHARES: Readonly<Record<BreastLabel, Readonly<Record<string, number>>>> = {
  normal: { 1: 0.85, 2: 0.1, 0: 0.05 },
  benign: { 2: 0.4, 3: 0.3, 0: 0.3 },
  malignant: { 0: 0.5, 4: 0.3, 5: 0.2 },
};

/** The category that a breast is given, '0' to '5'. */
export function drawCategory(shows: BreastLabel, random: RandomStream): string {
  const shares = Object.entries(CATEGORY_SHARES[shows]);
  let left = random.uniform();
  const drawn = shares.find(([, share]) => {
    left -= share;
    return left < 0;
  });
  return (drawn ?? (shares.at(-1) as [string, number]))[0];
}

/** Weight of the brightest slice at each place against the mean of all. */
const BRIGHTEST = 0.6;

/**
 * A 2D view of the slices of a tomosynthesis, 0 to 65535: the mean of all slices, as a mammogram has it, and the largest value over them, as
 * vendors' views bring out calcifications and dense lesions. Slices are added as they are drawn.
 */
export class Synthetic2d {
  readonly #sum: Float64Array;
  readonly #most: Float32Array;
  #slices = 0;

  constructor(pixels: number) {
    this.#sum = new Float64Array(pixels);
    this.#most = new Float32Array(pixels);
  }

  /** Passes slices on and adds each. */
  *through(slices: Iterable<Float32Array>): Generator<Float32Array, void> {
    for (const slice of slices) {
      this.#slices++;
      for (let i = 0; i < slice.length; i++) {
        const value = slice[i] as number;
        this.#sum[i] = (this.#sum[i] as number) + value;
        if (value > (this.#most[i] as number)) this.#most[i] = value;
      }
      yield slice;
    }
  }

  /** The view of what was added. */
  plane(): Float32Array {
    const slices = Math.max(1, this.#slices);
    return this.#most.map((most, i) => BRIGHTEST * most + (1 - BRIGHTEST) * ((this.#sum[i] as number) / slices));
  }
}

/** The stream of a breast's category. */
export const categoryStream = (seed: number, patient: number, side: string): RandomStream =>
  new RandomStream(seed, 'phantom-birads', patient, side);
