/**
 * Zhang et al., "Classification of whole mammogram and tomosynthesis images using deep convolutional neural networks",
 * IEEE Transactions on NanoBioscience 17(3), 2018, as Liang et al. 2019 compare with it (section IV-C): 2D-T3-Alex "uses
 * pre-trained AlexNet to extract features"; 3D-T2-Alex "firstly uses the regular AlexNet model to extract feature maps of
 * every slice", then "a one-Conv-layer 3D CNN model for classification"; K = 30 slices. Not stated there and chosen here:
 * the numbers are read as the new layers after AlexNet's convolutions: a convolution and two linear layers for images, a
 * convolution and one linear layer for volumes, of 256 channels each.
 */
import * as f from '../graph/functions.ts';
import type { Tensor } from '../graph/tensor.ts';
import { convolution, dropout, linear, relu, sequence } from '../layers/layers.ts';
import { heFanIn, type Scope, zeros } from '../layers/scope.ts';
import { alexnetBody } from './alexnet.ts';
import { classifyAverage, type FeatureMap, type Network, type NetworkOptions, requireVolume } from './backbone.ts';

/** Channels of AlexNet's last convolution, and of the new layers. */
const CHANNELS = 256;
const NEW = {
  inputs: CHANNELS,
  outputs: CHANNELS,
  padding: 1,
  initialiser: heFanIn,
  biasInitialiser: zeros,
} as const;

/** How the layers after AlexNet are built; dropout is 0.5 unless given. */
export type ZhangHeadOptions = Pick<NetworkOptions, 'outputs' | 'dropout'>;

/** What they give: the output of their convolution and [N, outputs] logits. */
export interface ZhangHead {
  readonly convolved: Tensor;
  readonly logits: Tensor;
}

/** The new layers of 2D-T3-Alex, on the map of an image, [N, 256, H, W]. */
export function zhangImageHead(scope: Scope, map: Tensor, { outputs, dropout: p = 0.5 }: ZhangHeadOptions): ZhangHead {
  const at = scope.child('conv');
  const convolved = sequence(convolution(at, { ...NEW, kernel: 3 }), relu(at))(map); // [N, 256, H, W]
  const hidden = sequence(linear(scope.child('fc1'), CHANNELS, CHANNELS), relu(scope.child('fc1')));
  const pooled = scope.child('fc1').build(() => f.flatten(f.globalAveragePool(convolved))); // [N, 256]
  const fc2 = scope.child('fc2');
  return { convolved, logits: linear(fc2, CHANNELS, outputs)(dropout(fc2, p)(hidden(pooled))) };
}

/** The new layers of 3D-T2-Alex, on the maps of K slices side by side, [N, 256, K, H, W]. */
export function zhangVolumeHead(
  scope: Scope,
  maps: Tensor,
  { outputs, dropout: p = 0.5 }: ZhangHeadOptions,
): ZhangHead {
  const at = scope.child('conv');
  const convolved = sequence(convolution(at, { ...NEW, kernel: [3, 3, 3] }), relu(at))(maps); // [N, 256, K, H, W]
  return { convolved, logits: classifyAverage(scope.child('fc'), convolved, { outputs, dropout: p }) };
}

const alex2d: Network = (scope, image, options) => {
  const { x, features } = alexnetBody(scope, image, options); // [N, 256, H/32, W/32]
  const { convolved, logits } = zhangImageHead(scope, x, options);
  const { stride } = features.get('features.12') as FeatureMap;
  features.set('conv', { tensor: convolved, channels: CHANNELS, stride });
  return { features, logits };
};

/** Slices go through AlexNet as a batch of images. */
const alex3d: Network = (scope, volume, options) => {
  requireVolume('zhang2018_3d_t2_alex', volume, options.stem === 'small' ? 15 : 63, 1);
  const [n, c, d, rows, columns] = volume.shape as [number, number, number, number, number];
  const slices = scope
    .child('features')
    .build(() => f.reshape(f.transpose(volume, [0, 2, 1, 3, 4]), [n * d, c, rows, columns]));
  const { x, features } = alexnetBody(scope, slices, options);
  const { stride } = features.get('features.12') as FeatureMap;
  const stacked = scope
    .child('features')
    .build(() => f.transpose(f.reshape(x, [n, d, ...x.shape.slice(1)]), [0, 2, 1, 3, 4])); // [N, 256, D, H/32, W/32]
  const { convolved, logits } = zhangVolumeHead(scope, stacked, options);
  const map = { channels: CHANNELS, stride, sliceStride: 1 };
  return {
    features: new Map([
      ['features', { tensor: stacked, ...map }],
      ['conv', { tensor: convolved, ...map }],
    ]),
    logits,
  };
};

export const zhangs = { zhang2018_2d_t3_alex: alex2d } as const satisfies Record<string, Network>;

export const volumeZhangs = { zhang2018_3d_t2_alex: alex3d } as const satisfies Record<string, Network>;
