/**
 * What the Inception families are made of: a convolution with batch normalisation and ReLU (the BasicConv2d of
 * torchvision and of Cadene), chains of it, and chains side by side.
 */
import * as f from '../graph/functions.ts';
import { batchNorm, convolution, type Layer, relu, sequence } from '../layers/layers.ts';
import type { Initialiser, Scope } from '../layers/scope.ts';

/** One convolution of a chain; its parameters are `<name>.conv` and `<name>.bn`. */
export interface ConvStep {
  readonly name: string;
  readonly outputs: number;
  /** One number for a square kernel, or rows and columns. */
  readonly kernel: number | readonly [number, number];
  readonly stride: number;
  readonly padding: number | readonly number[];
}

/** A convolution that keeps rows and columns. */
export function same(name: string, outputs: number, kernel: ConvStep['kernel']): ConvStep {
  const padding = typeof kernel === 'number' ? (kernel - 1) / 2 : kernel.map((extent) => (extent - 1) / 2);
  return { name, outputs, kernel, stride: 1, padding };
}

/** A convolution without padding. */
export function valid(name: string, outputs: number, kernel: number, stride = 1): ConvStep {
  return { name, outputs, kernel, stride, padding: 0 };
}

/** Of both families, from the authors' release. */
const EPSILON = 1e-3;

/** Convolutions one after the other, each with batch normalisation and ReLU. */
export function chain(
  scope: Scope,
  inputs: number,
  steps: readonly ConvStep[],
  initialiser?: () => Initialiser,
): Layer {
  let channels = inputs;
  return sequence(
    ...steps.map(({ name, ...geometry }) => {
      const own = scope.child(name);
      const conv = convolution(own.child('conv'), {
        ...geometry,
        inputs: channels,
        bias: false,
        ...(initialiser && { initialiser }),
      });
      channels = geometry.outputs;
      return sequence(conv, batchNorm(own.child('bn'), channels, { epsilon: EPSILON }), relu(own));
    }),
  );
}

/** Branches that read the same input; their channels follow each other. */
export function sideBySide(scope: Scope, ...branches: readonly Layer[]): Layer {
  return (x) => {
    const outputs = branches.map((branch) => branch(x));
    return scope.build(() => f.concat(outputs, 1));
  };
}

/** A 3 x 3 max pooling without padding that halves rows and columns. */
export function halvingPool(scope: Scope): Layer {
  return (x) => scope.build(() => f.maxPool(x, 3, { stride: 2 }));
}
