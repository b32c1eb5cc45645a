/**
 * DenseNet: Huang, Liu, van der Maaten and Weinberger, "Densely connected convolutional networks", CVPR 2017: the
 * bottlenecked and compressed DenseNet-BC with growth rate k = 32. Names and first values are torchvision's.
 */
import * as f from '../graph/functions.ts';
import type { Tensor } from '../graph/tensor.ts';
import { batchNorm, convolution, type Layer, relu, sequence } from '../layers/layers.ts';
import { heFanIn, type Scope, zeros } from '../layers/scope.ts';
import {
  type Classification,
  classifyAverage,
  type Network,
  type NetworkOptions,
  requireImage,
  runStages,
  type Stage,
} from './backbone.ts';

/** k of the paper: channels that each dense layer adds. */
const GROWTH = 32;
/** Channels of the 1 x 1 convolution of a dense layer (section 3, "bottleneck layers": 4 k). */
const BOTTLENECK = 4 * GROWTH;
const STEM_CHANNELS = 64;

const conv = (scope: Scope, inputs: number, outputs: number, kernel: number, stride = 1) =>
  convolution(scope, {
    inputs,
    outputs,
    kernel,
    stride,
    padding: (kernel - 1) / 2,
    bias: false,
    initialiser: heFanIn,
  });

const normRelu = (scope: Scope, channels: number) => sequence(batchNorm(scope, channels), relu(scope));

/** H of the paper, "composite function", with its bottleneck; the result joins the channels it was computed from. */
function denseLayer(scope: Scope, inputs: number): Layer {
  const added = sequence(
    normRelu(scope.child('norm1'), inputs),
    conv(scope.child('conv1'), inputs, BOTTLENECK, 1),
    normRelu(scope.child('norm2'), BOTTLENECK),
    conv(scope.child('conv2'), BOTTLENECK, GROWTH, 3),
  );
  return (x) => {
    const grown = added(x);
    return scope.build(() => f.concat([x, grown], 1));
  };
}

const denseBlock = (scope: Scope, inputs: number, layers: number) =>
  sequence(
    ...Array.from({ length: layers }, (_, i) => denseLayer(scope.child(`denselayer${i + 1}`), inputs + i * GROWTH)),
  );

/** Between blocks: half the channels (theta = 0.5) and half the rows and columns. */
const transition = (scope: Scope, inputs: number) =>
  sequence(normRelu(scope.child('norm'), inputs), conv(scope.child('conv'), inputs, inputs / 2, 1), (x) =>
    scope.child('pool').build(() => f.averagePool(x, 2)),
  );

/** Table 1 of the paper: dense layers in each of the four blocks. */
const VARIANTS = {
  densenet121: [6, 12, 24, 16],
  densenet169: [6, 12, 32, 32],
  densenet201: [6, 12, 48, 32],
} as const;

/** The small stem looks through 3 x 3 instead of 7 x 7 pixels and keeps every pixel until the pooling. */
const STEMS = {
  imagenet: { leastPx: 29, kernel: 7, stride: 2 },
  small: { leastPx: 15, kernel: 3, stride: 1 },
} as const;

/** Everything but the classifier, on images [N, C, H, W]: `x` is [N, channels, H/32, W/32], normalised and activated. */
export function densenetBody(
  scope: Scope,
  image: Tensor,
  name: keyof typeof VARIANTS,
  { stem = 'imagenet' }: Pick<NetworkOptions, 'stem'>,
) {
  const { leastPx, kernel, stride } = STEMS[stem];
  requireImage(name, image, leastPx);
  const body = scope.child('features');
  const stages: Stage[] = [
    { layer: conv(body.child('conv0'), image.shape[1] as number, STEM_CHANNELS, kernel, stride), stride },
    { layer: normRelu(body.child('norm0'), STEM_CHANNELS), feature: 'features.relu0' },
    { layer: (x) => body.child('pool0').build(() => f.maxPool(x, 3, { stride: 2, padding: 1 })), stride: 2 },
  ];
  let channels = STEM_CHANNELS;
  const blocks = VARIANTS[name];
  for (const [i, layers] of blocks.entries()) {
    const block = `denseblock${i + 1}`;
    stages.push({ layer: denseBlock(body.child(block), channels, layers), feature: body.nameOf(block) });
    channels += layers * GROWTH;
    if (i === blocks.length - 1) break;
    stages.push({ layer: transition(body.child(`transition${i + 1}`), channels), stride: 2 });
    channels /= 2;
  }
  stages.push({ layer: normRelu(body.child('norm5'), channels), feature: 'features.norm5' });
  return runStages(image, stages);
}

function densenet(scope: Scope, image: Tensor, name: keyof typeof VARIANTS, options: NetworkOptions): Classification {
  const { x, features } = densenetBody(scope, image, name, options);
  const logits = classifyAverage(scope.child('classifier'), x, {
    outputs: options.outputs,
    dropout: options.dropout ?? 0,
    biasInitialiser: zeros,
  });
  return { features, logits };
}

export const densenets: Readonly<Record<keyof typeof VARIANTS, Network>> = {
  densenet121: (scope, x, options) => densenet(scope, x, 'densenet121', options),
  densenet169: (scope, x, options) => densenet(scope, x, 'densenet169', options),
  densenet201: (scope, x, options) => densenet(scope, x, 'densenet201', options),
};
