/**
 * Feature pyramid: Lin, Dollar, Girshick, He, Hariharan and Belongie, "Feature pyramid networks for object detection",
 * CVPR 2017, section 3. Names are torchvision's (`inner_blocks`, `layer_blocks`).
 */
import * as f from '../graph/functions.ts';
import type { Tensor } from '../graph/tensor.ts';
import { convolution } from '../layers/layers.ts';
import { type Scope, zeros } from '../layers/scope.ts';
import type { FeatureMap, Features } from './backbone.ts';
import { RESNET_WIDTH, resnetFeatures } from './resnet.ts';

/** Channels of every level as published. */
const CHANNELS = 256;

const level = (scope: Scope, inputs: number, outputs: number, kernel: number) =>
  convolution(scope, {
    inputs,
    outputs,
    kernel,
    padding: (kernel - 1) / 2,
    // torchvision's: variance 1 / fan in
    initialiser: (shape) => ({ kind: 'uniform', bound: Math.sqrt(3 / shape.slice(1).reduce((a, b) => a * b, 1)) }),
    biasInitialiser: zeros,
  });

/**
 * The levels of a backbone's maps, fine first: each map through 1 x 1 (`inner_blocks`) plus the coarser level enlarged by
 * nearest neighbours, then through 3 x 3 (`layer_blocks`). Reads the maps alone, whatever made them. A level of stride s
 * is called p<log2 s>, as in the paper; above the last stands one more, every second pixel of it, for the largest anchors
 * (p6 of ResNet; torchvision calls p2 to p6 "0" to "3" and "pool").
 */
export function featurePyramid(scope: Scope, features: Features, channels = CHANNELS): Features {
  const maps = [...features.values()];
  const lateral = maps.map((map, i) => level(scope.child('inner_blocks', i, 0), map.channels, channels, 1)(map.tensor));
  const smooth = maps.map((_, i) => level(scope.child('layer_blocks', i, 0), channels, channels, 3));
  const levels: (readonly [string, FeatureMap])[] = [];
  let coarser: Tensor | undefined;
  for (const [i, { stride }] of [...maps.entries()].reverse()) {
    const own = lateral[i] as Tensor;
    const above = coarser;
    const merged: Tensor = above ? scope.build(() => f.add(own, f.resize(above, own.shape.slice(2), 'nearest'))) : own;
    const tensor = (smooth[i] as (x: Tensor) => Tensor)(merged);
    levels.unshift([nameOf(stride), { tensor, channels, stride }]);
    coarser = merged;
  }
  const [, last] = levels.at(-1) as (typeof levels)[number];
  const stride = last.stride * 2;
  const pooled = scope.build(() => f.maxPool(last.tensor, 1, { stride: 2 }));
  return new Map([...levels, [nameOf(stride), { tensor: pooled, channels, stride }]]);
}

const nameOf = (stride: number) => `p${Math.log2(stride)}`;

/**
 * ResNet-50 with a feature pyramid on images [N, C, H, W]: p2 to p6, strides 4 to 64. The body (`body`) normalises by
 * running statistics, in training too: batches of detectors are too small for their own. `width`: channels of the first stage, 64 as
 * published, which all others follow.
 */
export function resnet50Fpn(scope: Scope, image: Tensor, width = RESNET_WIDTH): Features {
  const body = resnetFeatures(scope.child('body').frozen(), image, 'resnet50', { width });
  return featurePyramid(scope.child('fpn'), body, (CHANNELS * width) / RESNET_WIDTH);
}
