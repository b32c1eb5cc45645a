import type { Tensor } from '../graph/tensor.ts';
import type { Scope } from '../layers/scope.ts';

/** A named feature map, with its channels and its stride relative to the input. */
export interface FeatureMap {
  readonly tensor: Tensor;
  readonly channels: number;
  readonly stride: number;
}

/** What a classification network gives: its feature maps by name, shallow first, and [N, outputs] logits. */
export interface Classification {
  readonly features: ReadonlyMap<string, FeatureMap>;
  readonly logits: Tensor;
}

/** How a network is built. */
export interface NetworkOptions {
  /** Logits. */
  readonly outputs: number;
  /** 'imagenet': as published, for images of 200 px and more. 'small': a first stage that shrinks by 2 instead of 4. */
  readonly stem?: 'imagenet' | 'small';
  /** Probability of dropping an element before the classifier; the network's own where it is left out. */
  readonly dropout?: number;
}

/** A network as a function of a scope and images [N, C, H, W]. */
export type Network = (scope: Scope, x: Tensor, options: NetworkOptions) => Classification;
