import { RandomStream } from '@mammoscope/random';
import type { Plane } from '../plane.ts';

/** A drawn breast and where it is, for tests: what is in it is known. */
export interface DrawnBreast {
  readonly plane: Plane;
  /** 1 in the breast. */
  readonly truth: Uint8Array;
}

/** What a drawn breast stands in. */
export interface DrawnBreastOptions {
  readonly seed: number;
  /** Level of the air; the breast adds 20 at its edge to 160 inside. */
  readonly air?: number;
  readonly noise?: number;
  /** Bright label beside the breast, and a white plate along the far border. */
  readonly labels?: boolean;
}

const SIDE = 192;

/**
 * An oblique view, chest wall on the left: half an ellipse with a dim edge, a bright triangle in the upper corner for the
 * pectoral muscle. Values are about 0 to 255.
 */
export function drawBreast({ seed, air = 0, noise = 0, labels = false }: DrawnBreastOptions): DrawnBreast {
  const random = new RandomStream(seed, 'drawn breast');
  const data = new Float32Array(SIDE * SIDE);
  const truth = new Uint8Array(SIDE * SIDE);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const [u, v] = [x / 110, (y - 88) / 84];
      const depth = 1 - Math.hypot(u, v);
      const inBreast = depth > 0;
      const inMuscle = x / 60 + y / 80 < 1;
      const at = y * SIDE + x;
      if (inBreast || inMuscle) truth[at] = 1;
      const tissue = inMuscle ? 190 : inBreast ? 20 + 140 * Math.min(1, 3 * depth) : 0;
      const isLabel = labels && ((x > 150 && x < 172 && y > 12 && y < 40) || x >= 184);
      data[at] = air + (isLabel ? 250 : tissue) + noise * gaussian(random);
    }
  }
  return { plane: { width: SIDE, height: SIDE, data }, truth };
}

/** Box and Muller's method. */
export function gaussian(random: RandomStream): number {
  return Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());
}
