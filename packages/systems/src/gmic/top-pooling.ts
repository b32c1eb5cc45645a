/** Equation 3 on the host, and what equation 7 gives back to saliency maps that were computed slice by slice. */
import { GMIC_CLASSES } from '@mammoscope/nn';
import { type GmicSpec, mapStart, pooledCount, type SaliencyVolume } from './spec.ts';

/** Pooled saliency. */
export interface PooledSaliency {
  /** p_global, benign and malignant. */
  readonly probabilities: readonly number[];
  /** For each class the indices, in the values of the volume, of what was pooled. */
  readonly cells: readonly Uint32Array[];
}

/** The mean of each class's top t% values, relative to one slice; of equal values those of the first slice, row and column. */
export function poolTop(saliency: SaliencyVolume, spec: GmicSpec): PooledSaliency {
  const count = pooledCount(spec, saliency);
  const cells = Array.from({ length: GMIC_CLASSES }, (_, index) => topCells(saliency, index, count));
  const mean = (own: Uint32Array) => own.reduce((sum, at) => sum + (saliency.values[at] as number), 0) / count;
  return { probabilities: cells.map(mean), cells };
}

/** Indices of the largest values of a class, ascending. */
function topCells(saliency: SaliencyVolume, index: number, count: number): Uint32Array {
  const { values, slices, rows, columns } = saliency;
  const size = rows * columns;
  const sorted = new Float32Array(slices * size);
  for (let slice = 0; slice < slices; slice++) {
    const start = mapStart(saliency, slice, index);
    sorted.set(values.subarray(start, start + size), slice * size);
  }
  sorted.sort();
  const least = sorted[sorted.length - count] as number;
  let ties = 0; // values equal to the least one that belong to the top
  for (let i = sorted.length - count; i < sorted.length && sorted[i] === least; i++) ties++;
  const cells = new Uint32Array(count);
  let found = 0;
  for (let slice = 0; slice < slices; slice++) {
    const start = mapStart(saliency, slice, index);
    for (let at = start; at < start + size; at++) {
      const value = values[at] as number;
      if (value > least || (value === least && ties-- > 0)) cells[found++] = at;
    }
  }
  return cells;
}

/** PyTorch's bound on the logarithms of binary cross-entropy. */
const LEAST_LOG = -100;
const boundedLog = (x: number) => Math.max(Math.log(x), LEAST_LOG);
/** Its derivative, 0 at the bound. */
const boundedLogSlope = (x: number) => (x > Math.exp(LEAST_LOG) ? 1 / x : 0);

/** The terms of equation 7 that the global module answers for, as gmicGlobalLoss has them; labels benign and malignant. */
export function globalLoss(
  { values }: SaliencyVolume,
  { probabilities }: PooledSaliency,
  labels: readonly number[],
  beta: number,
): number {
  const crossEntropies = probabilities.map((p, index) => {
    const y = labels[index] as number;
    return -y * boundedLog(p) - (1 - y) * boundedLog(1 - p);
  });
  return crossEntropies.reduce((a, b) => a + b, 0) + beta * values.reduce((a, b) => a + b, 0);
}

/**
 * Its derivative by each value of the saliency maps, [D, 2, h, w]. Behind ReLU(tanh(x)) a value of 0 passes no gradient on, so it gets
 * none, and a slice of zeros needs no backward pass.
 */
export function saliencyGradient(
  { values }: SaliencyVolume,
  { probabilities, cells }: PooledSaliency,
  labels: readonly number[],
  { beta, nonlinearity }: Pick<GmicSpec, 'nonlinearity'> & { readonly beta: number },
): Float32Array {
  const gradient = new Float32Array(values.length).fill(beta);
  for (const [index, own] of cells.entries()) {
    const [p, y] = [probabilities[index] as number, labels[index] as number];
    const slope = (-y * boundedLogSlope(p) + (1 - y) * boundedLogSlope(1 - p)) / own.length;
    for (const at of own) gradient[at] = slope + beta;
  }
  if (nonlinearity === 'reluTanh') for (const [at, value] of values.entries()) if (value === 0) gradient[at] = 0;
  return gradient;
}
