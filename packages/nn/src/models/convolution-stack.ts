/** Convolutions with ReLU and max poolings one after the other, numbered as in torchvision's nn.Sequential `features`. */
import * as f from '../graph/functions.ts';
import { type ConvLayerOptions, convolution, relu, sequence } from '../layers/layers.ts';
import type { Scope } from '../layers/scope.ts';
import type { Stage } from './backbone.ts';

/** A step of a stack: a convolution followed by ReLU, or a max pooling by 2. */
export type StackStep = Omit<ConvLayerOptions, 'inputs'> & { readonly stride?: number };
export interface StackPool {
  /** Extent of the window, moved by 2. */
  readonly pool: number;
}

/**
 * The stages of a stack on images of `inputs` channels. A convolution takes two places in the numbering, itself and its
 * ReLU, a pooling one; each output is a feature map called by its place.
 */
export function convolutionStack(scope: Scope, inputs: number, steps: readonly (StackStep | StackPool)[]): Stage[] {
  let channels = inputs;
  let place = 0;
  return steps.map((step) => {
    const own = scope.child(place);
    place += 'pool' in step ? 1 : 2;
    const feature = scope.nameOf(`${place - 1}`);
    if ('pool' in step)
      return { layer: (x) => own.build(() => f.maxPool(x, step.pool, { stride: 2 })), stride: 2, feature };
    const layer = sequence(convolution(own, { ...step, inputs: channels }), relu(own));
    channels = step.outputs;
    return { layer, stride: step.stride ?? 1, feature };
  });
}
