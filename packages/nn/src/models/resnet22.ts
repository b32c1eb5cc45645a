/**
 * ResNet-22 of whole mammograms (Wu et al., "Deep neural networks improve radiologists' performance in breast cancer
 * screening", IEEE TMI 2020): pre-activation blocks (He et al. 2016, "Identity mappings in deep residual networks"),
 * narrow and with large strides. With group normalisation of 8 groups it is the global network of 3D-GMIC (Park et al.
 * 2022, V-A1 and V-B1); names are those of references/gmic3d.parameters.json.
 */
import * as f from '../graph/functions.ts';
import type { Tensor } from '../graph/tensor.ts';
import { convolution, groupNorm, type Layer, relu, sequence } from '../layers/layers.ts';
import { heFanOut, type Scope } from '../layers/scope.ts';
import {
  classifyAverage,
  type FeatureMap,
  type Features,
  type Network,
  requireImage,
  runStages,
  type Stage,
} from './backbone.ts';

const GROUPS = 8;
/** Stages of two blocks each, every one with twice the channels of the one before. */
const STAGES = 5;
/** Channels of the first convolution and stage as published. */
const RESNET22_WIDTH = 16;

/** What a ResNet-22 may be built with in place of what was published. */
export interface Resnet22Options {
  /** 'small', for images of some 100 to 300 px: a first convolution of 3 x 3 that keeps every pixel until the pooling, and a last stage that does not shrink, so a stride of 16 in place of 64. */
  readonly stem?: 'published' | 'small';
  /** Channels of the first stage, a multiple of 8; 16, as published, unless given. */
  readonly width?: number;
}

const conv = (scope: Scope, inputs: number, outputs: number, kernel: number, stride = 1) =>
  convolution(scope, {
    inputs,
    outputs,
    kernel,
    stride,
    padding: (kernel - 1) / 2,
    bias: false,
    initialiser: heFanOut,
  });

/** Normalise, activate, convolve, twice; the 1 x 1 shortcut of a stage's first block reads the activated input. */
function block(scope: Scope, inputs: number, width: number, stride: number, first: boolean): Layer {
  const norm1 = groupNorm(scope.child('norm1'), GROUPS, inputs);
  const conv1 = conv(scope.child('conv1'), inputs, width, 3, stride);
  const norm2 = groupNorm(scope.child('norm2'), GROUPS, width);
  const conv2 = conv(scope.child('conv2'), width, width, 3);
  const downsample = first ? conv(scope.child('downsample'), inputs, width, 1, stride) : undefined;
  return (x) =>
    scope.build(() => {
      const active = f.relu(norm1(x));
      return f.add(conv2(f.relu(norm2(conv1(active)))), downsample?.(active) ?? x);
    });
}

/**
 * The maps of images [N, C, H, W]: 'layer1' to 'layer5', and 'norm', layer5 normalised and activated, [N, 256, H/64,
 * W/64], which 3D-GMIC turns into saliency maps. GraphError below 5 px, which the unpadded max pooling needs.
 */
export function resnet22Features(
  scope: Scope,
  image: Tensor,
  { stem = 'published', width: first = RESNET22_WIDTH }: Resnet22Options = {},
): Features {
  requireImage('resnet22_gn', image, 5);
  const [kernel, stemStride] = stem === 'small' ? [3, 1] : [7, 2];
  const stages: Stage[] = [
    { layer: conv(scope.child('conv1'), image.shape[1] as number, first, kernel, stemStride), stride: stemStride },
    { layer: (x) => scope.build(() => f.maxPool(x, 3, { stride: 2 })), stride: 2 },
  ];
  let inputs = first;
  for (let i = 0; i < STAGES; i++) {
    const width = first * 2 ** i;
    const stride = i === 0 || (stem === 'small' && i === STAGES - 1) ? 1 : 2;
    const feature = `layer${i + 1}`;
    const shrinking = block(scope.child(feature, 0), inputs, width, stride, true);
    stages.push({
      layer: sequence(shrinking, block(scope.child(feature, 1), width, width, 1, false)),
      stride,
      feature,
    });
    inputs = width;
  }
  const last = sequence(groupNorm(scope.child('norm'), GROUPS, inputs), relu(scope.child('norm')));
  return runStages(image, [...stages, { layer: last, feature: 'norm' }]).features;
}

/** With a linear classifier of the mean of the last map, as for the pretraining on BI-RADS (Park et al. 2022, V-D1). */
const resnet22: Network = (scope, image, options) => {
  const features = resnet22Features(scope, image);
  const { tensor } = features.get('norm') as FeatureMap;
  const end = { outputs: options.outputs, dropout: options.dropout ?? 0 };
  return { features, logits: classifyAverage(scope.child('fc'), tensor, end) };
};

export const resnet22s = { resnet22_gn: resnet22 } as const satisfies Record<string, Network>;
