import { activationOps } from './activation.ts';
import { arithmeticOps } from './arithmetic.ts';
import { convolutionOps } from './convolution.ts';
import { linearOps } from './linear.ts';
import { indexingOps, movementOps } from './movement.ts';
import { normalizationOps } from './normalization.ts';
import type { Op } from './op.ts';
import { poolingOps } from './pooling.ts';
import { reductionOps } from './reduction.ts';
import { resizeOps } from './resize.ts';

/** Every op that a graph can hold. The tables of gradients and lowerings are total over its keys. */
export const ops = {
  ...arithmeticOps,
  ...activationOps,
  ...convolutionOps,
  ...linearOps,
  ...poolingOps,
  ...normalizationOps,
  ...reductionOps,
  ...movementOps,
  ...indexingOps,
  ...resizeOps,
};

/** Names of ops. */
export type OpName = keyof typeof ops;

/** The attributes of an op. */
export type Attributes<K extends OpName> = (typeof ops)[K] extends Op<infer A> ? A : never;
