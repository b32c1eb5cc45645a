import { ImagingError } from '../errors.ts';
import { gramMatrix } from './gram-matrix.ts';
import type { Samples } from './gram-range.ts';
import { solveRankSvm } from './rank-svm.ts';
import { type Band, bandsOf, requireLength, type SliceSource } from './slice-band.ts';

/** How slices are pooled. */
export interface RankPoolingOptions {
  /** Of Equation 1; 1 unless given. Its unit is that of squared values. */
  readonly lambda?: number;
  /** For the slices in memory, whole or a band of each; 256 MiB unless given. */
  readonly bandBytes?: number;
  /** Worker threads; the machine's cores, up to 8, unless given. */
  readonly threads?: number;
}

/** Slices as one vector of their features' length. */
export interface PooledSlices {
  /** rho(I_1, ..., I_T; psi). */
  readonly d: Float64Array;
  /** [T], d = sum of weights[t] * psi(I_t). */
  readonly weights: Float64Array;
}

/** The minimum of Equation 1. */
export interface RankPooling extends PooledSlices {
  /** E(d) of Equation 1. */
  readonly objective: number;
  /** E(d) is at most this above the least value that there is. */
  readonly dualityGap: number;
  readonly lambda: number;
}

const LAMBDA = 1;
const BAND_BYTES = 1 << 28;

/**
 * Equation 1 of Liang et al. (2019), after Bilen et al. (Dynamic image networks for action recognition, CVPR 2016), solved
 * exactly. The minimiser is a weighted sum of slices: they are read once for their inner products, from which the weights follow,
 * and again for the sum, unless they were kept; several times where they do not fit into `bandBytes`. T^2 / 2 multiplications a value.
 * Throws ImagingError slices-unusable: one slice, slices all alike or of different sizes; value-not-finite; option-invalid.
 */
export async function rankPool(
  source: SliceSource,
  { lambda = LAMBDA, bandBytes = BAND_BYTES, threads }: RankPoolingOptions = {},
): Promise<RankPooling> {
  requireSlices(source.depth);
  const gram = new Float64Array(source.depth ** 2);
  let all: Band | undefined;
  for await (const band of bandsOf(source, bandBytes)) {
    const part = await gramMatrix(band.slices, threads);
    for (let i = 0; i < gram.length; i++) gram[i] = (gram[i] as number) + (part[i] as number);
    if (band.whole) all = band;
  }
  const { weights, objective, dualityGap } = solveRankSvm(gram, source.depth, lambda);
  const kept = all?.slices;
  const again: SliceSource = kept ? { depth: kept.length, slice: async (t) => kept[t] as Samples } : source;
  return { d: await weightedSum(again, weights), weights, objective, dualityGap, lambda };
}

/**
 * Approximate rank pooling (Bilen et al. 2016, section 2.3): the direction of the first step of a gradient descent on Equation 1
 * from d = 0, in place of its minimum. One reading, no inner products. Throws as rankPool does.
 */
export async function approximateRankPool(source: SliceSource): Promise<PooledSlices> {
  requireSlices(source.depth);
  const weights = approximateRankWeights(source.depth);
  return { d: await weightedSum(source, weights), weights };
}

/**
 * Weights of approximate rank pooling: 2 (T - t + 1) - (T + 1) (H_T - H_(t-1)), t = 1 ... T, H_t = 1 + 1/2 + ... + 1/t. At d = 0 every
 * pair's hinge has slope one, so that the step is the sum of V_q - V_t over q > t, which is the sum of (2 k - T - 1) V_k.
 */
export function approximateRankWeights(slices: number): Float64Array {
  const weights = new Float64Array(slices);
  let harmonic = 0; // H_T - H_(t-1)
  for (let t = slices; t >= 1; t--) {
    harmonic += 1 / t;
    weights[t - 1] = 2 * (slices - t + 1) - (slices + 1) * harmonic;
  }
  return weights;
}

/** Sum of slices by weights that add up to 0; slices that are all alike would leave nothing but rounding. */
async function weightedSum({ depth, slice }: SliceSource, weights: Float64Array): Promise<Float64Array> {
  const first = await slice(0);
  const d = new Float64Array(first.length);
  let alike = true;
  for (let t = 0; t < depth; t++) {
    const values = t === 0 ? first : await slice(t);
    requireLength(values, first.length, t);
    alike &&= values.every((value, i) => value === first[i]);
    const weight = weights[t] as number;
    for (let i = 0; i < d.length; i++) d[i] = (d[i] as number) + weight * (values[i] as number);
  }
  if (alike)
    throw new ImagingError('slices-unusable', `the ${depth} slices are all alike: there is no change to rank them by`);
  const broken = d.findIndex((value) => !Number.isFinite(value));
  if (broken >= 0)
    throw new ImagingError(
      'value-not-finite',
      `value ${broken} of a slice is no finite number: every one must be, export it again`,
    );
  return d;
}

function requireSlices(depth: number): void {
  if (Number.isInteger(depth) && depth >= 2) return;
  throw new ImagingError(
    'slices-unusable',
    `rank pooling requires two slices or more, got ${depth}: give a tomosynthesis image`,
  );
}
