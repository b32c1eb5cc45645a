import { adam, adamW } from './adam.ts';
import type { Optimiser, OptimiserDescription } from './optimiser.ts';
import { sgd } from './sgd.ts';

/** The optimiser that a description stands for. */
export function optimiserFrom({ kind, options }: OptimiserDescription): Optimiser {
  return { adam, adamW, sgd }[kind](options);
}
