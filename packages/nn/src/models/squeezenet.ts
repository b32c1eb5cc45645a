/**
 * SqueezeNet: Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters", arXiv 1602.07360. Version
 * 1.1 is the authors' later one with a 3 x 3 stem and earlier pooling. Names are torchvision's.
 */
import * as f from '../graph/functions.ts';
import type { Tensor } from '../graph/tensor.ts';
import { type ConvLayerOptions, convolution, dropout, type Layer } from '../layers/layers.ts';
import { gaussian, heUniform, type Scope, zeros } from '../layers/scope.ts';
import { type Classification, type FeatureMap, type Network, type NetworkOptions, requireImage } from './backbone.ts';

/** A convolution with the first values that torchvision gives SqueezeNet's. */
function heConvolution(scope: Scope, options: ConvLayerOptions): Layer {
  return convolution(scope, { initialiser: heUniform, biasInitialiser: zeros, ...options });
}

/** Figure 1: squeeze to few channels by 1 x 1, expand by 1 x 1 and 3 x 3 side by side. */
function fire(scope: Scope, inputs: number, squeeze: number, expand: number): Layer {
  const squeezed = heConvolution(scope.child('squeeze'), { inputs, outputs: squeeze, kernel: 1 });
  const expand1 = heConvolution(scope.child('expand1x1'), { inputs: squeeze, outputs: expand, kernel: 1 });
  const expand3 = heConvolution(scope.child('expand3x3'), { inputs: squeeze, outputs: expand, kernel: 3, padding: 1 });
  const relu: Layer = (x) => scope.build(() => f.relu(x));
  return (x) => {
    const narrow = relu(squeezed(x));
    return scope.build(() => f.concat([relu(expand1(narrow)), relu(expand3(narrow))], 1));
  };
}

type Step = { readonly pool: true } | { readonly squeeze: number; readonly expand: number };
const pool: Step = { pool: true };
const wide = (squeeze: number, expand: number): Step => ({ squeeze, expand });

/** Table 1 of the paper (1.0) and the authors' release (1.1): stem, then fire modules and poolings in order. */
const VARIANTS = {
  squeezenet1_0: {
    stem: { kernel: 7, channels: 96 },
    steps: [
      pool,
      wide(16, 64),
      wide(16, 64),
      wide(32, 128),
      pool,
      wide(32, 128),
      wide(48, 192),
      wide(48, 192),
      wide(64, 256),
      pool,
      wide(64, 256),
    ],
  },
  squeezenet1_1: {
    stem: { kernel: 3, channels: 64 },
    steps: [
      pool,
      wide(16, 64),
      wide(16, 64),
      pool,
      wide(32, 128),
      wide(32, 128),
      pool,
      wide(48, 192),
      wide(48, 192),
      wide(64, 256),
      wide(64, 256),
    ],
  },
} as const;

/** Rows of which three poolings of 3 by 2, rounded up, leave one. */
const LEAST_POOLED = 8;

function squeezenet(scope: Scope, image: Tensor, name: keyof typeof VARIANTS, options: NetworkOptions): Classification {
  const { stem, steps }: { stem: { kernel: number; channels: number }; steps: readonly Step[] } = VARIANTS[name];
  const stemStride = options.stem === 'small' ? 1 : 2;
  requireImage(name, image, stem.kernel + (LEAST_POOLED - 1) * stemStride);
  const first = heConvolution(scope.child('features', 0), {
    inputs: image.shape[1] as number,
    outputs: stem.channels,
    kernel: stem.kernel,
    stride: stemStride,
  });
  let x = scope.build(() => f.relu(first(image)));
  let channels = stem.channels;
  let stride = stemStride;
  const features = new Map<string, FeatureMap>();
  for (const [i, step] of steps.entries()) {
    if ('pool' in step) {
      x = scope.build(() => f.maxPool(x, 3, { stride: 2, ceilMode: true }));
      stride *= 2;
    } else {
      x = fire(scope.child('features', i + 2), channels, step.squeeze, step.expand)(x);
      channels = 2 * step.expand;
    }
    features.set(`features.${i + 2}`, { tensor: x, channels, stride });
  }
  const dropped = dropout(scope.child('classifier', 0), options.dropout ?? 0.5)(x);
  const classifier = heConvolution(scope.child('classifier', 1), {
    inputs: channels,
    outputs: options.outputs,
    kernel: 1,
    initialiser: () => gaussian(0.01),
  });
  const scores = scope.build(() => f.relu(classifier(dropped))); // [N, outputs, h, w]
  return { features, logits: scope.build(() => f.flatten(f.globalAveragePool(scores))) };
}

export const squeezenets: Readonly<Record<keyof typeof VARIANTS, Network>> = {
  squeezenet1_0: (scope, x, options) => squeezenet(scope, x, 'squeezenet1_0', options),
  squeezenet1_1: (scope, x, options) => squeezenet(scope, x, 'squeezenet1_1', options),
};
