import { GraphError } from '../graph/errors.ts';
import * as f from '../graph/functions.ts';
import { showShape, type Tensor } from '../graph/tensor.ts';
import { dropout, type Layer, type LinearInitialisers, linear } from '../layers/layers.ts';
import type { Scope } from '../layers/scope.ts';

/** A named feature map, with its channels and its stride relative to the input. */
export interface FeatureMap {
  readonly tensor: Tensor;
  readonly channels: number;
  readonly stride: number;
  /** Of a volume's map: the stride across slices, where `stride` is the one within them. */
  readonly sliceStride?: number;
}

/** Feature maps by name, shallow first. */
export type Features = ReadonlyMap<string, FeatureMap>;

/** What a classification network gives: its feature maps by name, shallow first, and [N, outputs] logits. */
export interface Classification {
  readonly features: Features;
  readonly logits: Tensor;
}

/** How a network is built. */
export interface NetworkOptions {
  /** Logits. */
  readonly outputs: number;
  /**
   * 'imagenet': as published, for images of 200 px and more. 'small', for about 60 px: a first stage that shrinks by 2
   * instead of 4 (VGG's does so as published).
   */
  readonly stem?: 'imagenet' | 'small';
  /**
   * ResNets of images and volumes, and wichakam2018: channels of the first convolution, which those of the others are
   * multiples of; 64, as published, unless given. Other networks have their own.
   */
  readonly width?: number;
  /** ResNets of volumes: residual blocks of each stage; the network's own, as published, unless given. */
  readonly volumeBlocks?: readonly number[];
  /** Probability of dropping an element before the classifier; the network's own where it is left out. */
  readonly dropout?: number;
}

/** A network as a function of a scope and images [N, C, H, W], or volumes [N, C, D, H, W]. */
export type Network = (scope: Scope, x: Tensor, options: NetworkOptions) => Classification;

/** A part of a body: what it computes, by how much it shrinks, and what its output is called if others may use it. */
export interface Stage {
  readonly layer: Layer;
  readonly stride?: number;
  /** Across the slices of volumes. */
  readonly sliceStride?: number;
  readonly feature?: string;
}

/** Runs the stages of a body one after the other: the last output, and the feature maps by name. */
export function runStages(image: Tensor, stages: readonly Stage[]): { x: Tensor; features: Map<string, FeatureMap> } {
  const features = new Map<string, FeatureMap>();
  let x = image;
  let reached = 1;
  let reachedSlices = 1;
  for (const { layer, stride = 1, sliceStride = 1, feature } of stages) {
    x = layer(x);
    reached *= stride;
    reachedSlices *= sliceStride;
    if (feature === undefined) continue;
    const map = { tensor: x, channels: x.shape[1] as number, stride: reached };
    features.set(feature, x.shape.length === 5 ? { ...map, sliceStride: reachedSlices } : map);
  }
  return { x, features };
}

/** The usual end of a network: [N, C, ...] averaged over the image or volume, dropout, and a linear layer to [N, outputs] logits. */
export function classifyAverage(
  scope: Scope,
  x: Tensor,
  { outputs, dropout: probability, ...start }: LinearInitialisers & { outputs: number; dropout: number },
): Tensor {
  const pooled = scope.build(() => f.flatten(f.globalAveragePool(x))); // [N, C]
  return linear(scope, x.shape[1] as number, outputs, start)(dropout(scope, probability)(pooled));
}

/** GraphError unless the input of a network is [N, C, H, W] with at least so many rows and columns. */
export function requireImage(network: string, { shape }: Tensor, leastPx: number): void {
  const [rows, columns] = shape.slice(2);
  if (shape.length !== 4 || Math.min(rows as number, columns as number) < leastPx)
    throw new GraphError(
      'shape',
      `${network} requires images [N, C, H, W] of ${leastPx} px or more in both directions, got ${showShape(shape)}: give larger images or another network`,
    );
}

/** GraphError unless the input is [N, C, D, H, W] with at least so many rows and columns, and so many slices. */
export function requireVolume(network: string, { shape }: Tensor, leastPx: number, leastSlices: number): void {
  const [slices, rows, columns] = shape.slice(2) as [number, number, number];
  if (shape.length !== 5 || Math.min(rows, columns) < leastPx || slices < leastSlices)
    throw new GraphError(
      'shape',
      `${network} requires volumes [N, C, D, H, W] of ${leastPx} px or more in rows and columns and of ${leastSlices} or more slices, got ${showShape(shape)}: give larger volumes or another network`,
    );
}
