/** A lesion of a virtual breast, drawn from its label and the difficulty. */
import type { RandomStream } from '@mammoscope/random';
import { type CalcificationCluster, drawCluster } from './calcification-cluster.ts';
import { drawMass, type Mass } from './mass.ts';

/** A trait between 0 (as typical benign lesions have it) and 1 (as typical malignant ones have it), drawn anew each call. */
export type Trait = () => number;

/** Where a lesion is in its breast, and what it is. */
export type Lesion = (CalcificationCluster | Mass) & {
  /** X as a share of the breast's depth, distance from the axis as a share of its radius, and the angle about the axis. */
  readonly place: { readonly depth: number; readonly radius: number; readonly angleDeg: number };
};

/**
 * Draws a lesion. Its descriptors hang on traits that share a common part: with m = 1 for malignant and 0 for benign and
 * difficulty d, a trait is 1/2 + (m - 1/2)(1 - d) + d (0.45 n + 0.35 n_i), clipped to 0..1, with n of the lesion and n_i of
 * the trait standard normal. With d = 0 it is m; with d = 1 it says nothing of m; between, a single descriptor separates
 * the kinds by Phi((1 - d) / (0.57 d sqrt 2)), 0.89 for d = 1/2 before clipping, and no combination does much better,
 * because n is shared. Number, size and place are drawn without regard to the label.
 */
export function drawLesion(random: RandomStream, label: 'benign' | 'malignant', difficulty: number): Lesion {
  const trait = drawTrait(random, label, difficulty);
  const place = {
    depth: random.uniform(0.38, 0.6),
    radius: random.uniform(0.05, 0.5),
    angleDeg: random.uniform(-180, 180),
  };
  return { place, ...(random.chance(0.5) ? drawCluster(random, trait) : drawMass(random, trait)) };
}

/** The traits of a lesion, see drawLesion. */
export const drawTrait = (random: RandomStream, label: 'benign' | 'malignant', difficulty: number): Trait =>
  traitTowards(random, label === 'malignant' ? 1 : 0, difficulty);

/** As drawTrait, towards any end between 0 and 1: what a trait is at difficulty 0. */
export function traitTowards(random: RandomStream, end: number, difficulty: number): Trait {
  const common = 0.5 + (end - 0.5) * (1 - difficulty) + difficulty * random.normal(0, 0.45);
  return () => Math.min(1, Math.max(0, common + difficulty * random.normal(0, 0.35)));
}
