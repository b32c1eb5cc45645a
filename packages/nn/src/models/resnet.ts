/**
 * ResNet: He, Zhang, Ren and Sun, "Deep residual learning for image recognition", CVPR 2016. Names and strides are
 * torchvision's (the stride of a bottleneck is on its 3 x 3 convolution).
 */
import * as f from '../graph/functions.ts';
import type { Tensor } from '../graph/tensor.ts';
import { batchNorm, convolution, type Layer } from '../layers/layers.ts';
import { heFanOut, type Scope } from '../layers/scope.ts';
import {
  classifyAverage,
  type FeatureMap,
  type Features,
  type Network,
  type NetworkOptions,
  requireImage,
} from './backbone.ts';

interface BlockOptions {
  readonly inputs: number;
  /** Channels of the inner convolutions. */
  readonly width: number;
  readonly stride: number;
}

/** A residual block and how much wider than `width` its output is. */
interface BlockKind {
  readonly expansion: number;
  readonly build: (scope: Scope, options: BlockOptions) => Layer;
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

/** Identity, or a strided 1 x 1 convolution where the shape changes (option B of the paper). */
function shortcut(scope: Scope, { inputs, stride }: BlockOptions, outputs: number): Layer {
  if (stride === 1 && inputs === outputs) return (x) => x;
  const projection = conv(scope.child('downsample', 0), inputs, outputs, 1, stride);
  const norm = batchNorm(scope.child('downsample', 1), outputs);
  return (x) => norm(projection(x));
}

/** Figure 5, left: two 3 x 3 convolutions. */
const basicBlock: BlockKind = {
  expansion: 1,
  build(scope, options) {
    const { inputs, width, stride } = options;
    const conv1 = conv(scope.child('conv1'), inputs, width, 3, stride);
    const bn1 = batchNorm(scope.child('bn1'), width);
    const conv2 = conv(scope.child('conv2'), width, width, 3);
    const bn2 = batchNorm(scope.child('bn2'), width);
    const skip = shortcut(scope, options, width);
    return (x) => {
      const kept = skip(x); // before the branch, so that its addition fuses with the last normalisation
      return scope.build(() => f.relu(f.add(bn2(conv2(scope.build(() => f.relu(bn1(conv1(x)))))), kept)));
    };
  },
};

/** Figure 5, right: 1 x 1, 3 x 3, 1 x 1. */
const bottleneck: BlockKind = {
  expansion: 4,
  build(scope, options) {
    const { inputs, width, stride } = options;
    const outputs = width * 4;
    const conv1 = conv(scope.child('conv1'), inputs, width, 1);
    const bn1 = batchNorm(scope.child('bn1'), width);
    const conv2 = conv(scope.child('conv2'), width, width, 3, stride);
    const bn2 = batchNorm(scope.child('bn2'), width);
    const conv3 = conv(scope.child('conv3'), width, outputs, 1);
    const bn3 = batchNorm(scope.child('bn3'), outputs);
    const skip = shortcut(scope, options, outputs);
    const relu: Layer = (x) => scope.build(() => f.relu(x));
    return (x) => {
      const kept = skip(x);
      const branch = bn3(conv3(relu(bn2(conv2(relu(bn1(conv1(x))))))));
      return relu(scope.build(() => f.add(branch, kept)));
    };
  },
};

/** Table 1 of the paper: blocks in each of the four stages. */
const VARIANTS = {
  resnet18: { block: basicBlock, blocks: [2, 2, 2, 2] },
  resnet34: { block: basicBlock, blocks: [3, 4, 6, 3] },
  resnet50: { block: bottleneck, blocks: [3, 4, 6, 3] },
  resnet101: { block: bottleneck, blocks: [3, 4, 23, 3] },
  resnet152: { block: bottleneck, blocks: [3, 8, 36, 3] },
} as const;

type ResnetName = keyof typeof VARIANTS;

/** Channels of the first convolution and stage as published. */
export const RESNET_WIDTH = 64;

/** The four stages of a ResNet on images [N, C, H, W] of any size: 'layer1' to 'layer4', strides 4 to 32. */
export function resnetFeatures(
  scope: Scope,
  image: Tensor,
  name: ResnetName,
  { stem = 'imagenet', width = RESNET_WIDTH }: Pick<NetworkOptions, 'stem' | 'width'> = {},
): Features {
  requireImage(name, image, 1);
  const { block, blocks }: { block: BlockKind; blocks: readonly number[] } = VARIANTS[name];
  const channels = image.shape[1] as number;
  // The small stem looks through 3 x 3 instead of 7 x 7 pixels and keeps every pixel until the pooling.
  const [kernel, stemStride] = stem === 'small' ? [3, 1] : [7, 2];
  const conv1 = conv(scope.child('conv1'), channels, width, kernel, stemStride);
  const bn1 = batchNorm(scope.child('bn1'), width);
  const normalised = bn1(conv1(image)); // [N, width, H/2, W/2]
  // The paper's ReLU comes before the pooling. Both are monotone, so the order changes no value; after it, ReLU has a
  // quarter of the elements and the pooling's gradient needs no mask.
  let x = scope.build(() => f.relu(f.maxPool(normalised, 3, { stride: 2, padding: 1 }))); // [N, width, H/4, W/4]
  const features = new Map<string, FeatureMap>();
  let inputs = width;
  let stride = stemStride * 2;
  for (const [stage, count] of blocks.entries()) {
    const layer = `layer${stage + 1}`;
    const inner = width * 2 ** stage;
    for (let i = 0; i < count; i++) {
      const step = i === 0 && stage > 0 ? 2 : 1;
      x = block.build(scope.child(layer, i), { inputs, width: inner, stride: step })(x);
      inputs = inner * block.expansion;
      stride *= step;
    }
    features.set(layer, { tensor: x, channels: inputs, stride });
  }
  return features;
}

function resnet(name: ResnetName): Network {
  return (scope, image, options) => {
    const features = resnetFeatures(scope, image, name, options);
    const { tensor } = features.get('layer4') as FeatureMap;
    const end = { outputs: options.outputs, dropout: options.dropout ?? 0 };
    return { features, logits: classifyAverage(scope.child('fc'), tensor, end) };
  };
}

export const resnets: Readonly<Record<ResnetName, Network>> = {
  resnet18: resnet('resnet18'),
  resnet34: resnet('resnet34'),
  resnet50: resnet('resnet50'),
  resnet101: resnet('resnet101'),
  resnet152: resnet('resnet152'),
};
