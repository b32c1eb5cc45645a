/**
 * Zhang et al., "Classification of whole mammogram and tomosynthesis images using deep convolutional neural networks",
 * IEEE Transactions on NanoBioscience 17(3), 2018, as Liang et al. 2019 compare with it (section IV-C): 2D-T3-Alex "uses
 * pre-trained AlexNet to extract features"; 3D-T2-Alex "firstly uses the regular AlexNet model to extract feature maps of
 * every slice", then "a one-Conv-layer 3D CNN model for classification"; K = 30 slices. Not stated there and chosen here:
 * the numbers are read as the new layers after AlexNet's convolutions: a convolution and two linear layers for images, a
 * convolution and one linear layer for volumes, of 256 channels each.
 */
import * as f from '../graph/functions.ts';
import { convolution, dropout, linear, relu, sequence } from '../layers/layers.ts';
import { heFanIn, zeros } from '../layers/scope.ts';
import { alexnetBody } from './alexnet.ts';
import { classifyAverage, type FeatureMap, type Network, requireVolume } from './backbone.ts';

/** Channels of AlexNet's last convolution, and of the new layers. */
const CHANNELS = 256;
const NEW = {
  inputs: CHANNELS,
  outputs: CHANNELS,
  padding: 1,
  initialiser: heFanIn,
  biasInitialiser: zeros,
} as const;

const alex2d: Network = (scope, image, options) => {
  const { x, features } = alexnetBody(scope, image, options);
  const at = scope.child('conv');
  const last = sequence(convolution(at, { ...NEW, kernel: 3 }), relu(at))(x); // [N, 256, H/32, W/32]
  const { stride } = features.get('features.12') as FeatureMap;
  features.set('conv', { tensor: last, channels: CHANNELS, stride });
  const probability = options.dropout ?? 0.5;
  const hidden = sequence(linear(scope.child('fc1'), CHANNELS, CHANNELS), relu(scope.child('fc1')));
  const pooled = scope.child('fc1').build(() => f.flatten(f.globalAveragePool(last))); // [N, 256]
  const fc2 = scope.child('fc2');
  return { features, logits: linear(fc2, CHANNELS, options.outputs)(dropout(fc2, probability)(hidden(pooled))) };
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
  const at = scope.child('conv');
  const last = sequence(convolution(at, { ...NEW, kernel: [3, 3, 3] }), relu(at))(stacked);
  const map = { channels: CHANNELS, stride, sliceStride: 1 };
  const end = { outputs: options.outputs, dropout: options.dropout ?? 0.5 };
  return {
    features: new Map([
      ['features', { tensor: stacked, ...map }],
      ['conv', { tensor: last, ...map }],
    ]),
    logits: classifyAverage(scope.child('fc'), last, end),
  };
};

export const zhangs = { zhang2018_2d_t3_alex: alex2d } as const satisfies Record<string, Network>;

export const volumeZhangs = { zhang2018_3d_t2_alex: alex3d } as const satisfies Record<string, Network>;
