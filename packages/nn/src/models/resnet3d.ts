/**
 * 3D ResNets on volumes [N, C, D, H, W].
 *
 * Isotropic (r3d): Tran, Wang, Torresani, Ray, LeCun and Paluri, "A closer look at spatiotemporal convolutions for
 * action recognition", CVPR 2018, section 3.2. Names, strides and first values are torchvision's for r3d_18; r3d_34 and
 * r3d_50 are built alike, with the blocks of the ResNets of those depths.
 *
 * Anisotropic: Xiao et al., "Classification of microcalcification clusters in digital breast tomosynthesis using ensemble
 * convolutional neural network", BioMedical Engineering OnLine 20:71, 2021, methods C and D: every k x k x k becomes
 * k x k within slices and then k across them, with nothing between the two (equation 10), since slices of tomosynthesis
 * are ten times as far apart as pixels. Not stated there and chosen here: the channels between the two are those after
 * them (C_temp = C_out); the first convolution and a 3 x 3 max pooling halve the plane and leave D alone; stages 2 to 4
 * halve all three axes.
 *
 * Hara, Kataoka and Satoh, "Can spatiotemporal 3D CNNs retrace the history of 2D CNNs and ImageNet?", CVPR 2018, table 1: isotropic,
 * with a first convolution of 7 x 7 x 7 and a 3 x 3 x 3 max pooling that halves all three axes; which shortcuts widen is not
 * stated there for all depths, here a 1 x 1 x 1 convolution does (type B). What Park et al. 2022 compare 3D-GMIC with.
 */
import * as f from '../graph/functions.ts';
import type { Tensor } from '../graph/tensor.ts';
import { acrossSlices, withinSlices } from '../layers/anisotropic.ts';
import { batchNorm, convolution, type Layer, relu, sequence } from '../layers/layers.ts';
import { gaussian, heFanOut, type Scope, zeros } from '../layers/scope.ts';
import {
  classifyAverage,
  type FeatureMap,
  type Features,
  type Network,
  type NetworkOptions,
  requireVolume,
  runStages,
  type Stage,
} from './backbone.ts';
import { RESNET_WIDTH } from './resnet.ts';

/** A 3 x 3 x 3 convolution, or what stands in its place; padding keeps the size at stride 1. */
type Convolution3 = (scope: Scope, inputs: number, outputs: number, stride: number) => Layer;

const isotropic: Convolution3 = (scope, inputs, outputs, stride) =>
  convolution(scope, {
    inputs,
    outputs,
    kernel: [3, 3, 3],
    stride,
    padding: 1,
    bias: false,
    initialiser: heFanOut,
  });

const anisotropic: Convolution3 = (scope, inputs, outputs, stride) =>
  sequence(
    withinSlices(scope.child(0), { inputs, outputs, kernel: 3, stride }),
    acrossSlices(scope.child(1), { inputs: outputs, outputs, kernel: 3, stride }),
  );

const pointwise = (scope: Scope, inputs: number, outputs: number, stride = 1) =>
  convolution(scope, { inputs, outputs, kernel: [1, 1, 1], stride, bias: false, initialiser: heFanOut });

interface BlockOptions {
  readonly convolution: Convolution3;
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

/** A convolution in a scope called after its place, `.0`, and its normalisation, `.1`. */
const normed = (scope: Scope, outputs: number, made: (scope: Scope) => Layer): Layer =>
  sequence(made(scope.child(0)), batchNorm(scope.child(1), outputs));

/** x + branch, the branch's convolutions being declared before the projection that fits x to it. */
function residual(scope: Scope, branch: Layer, { inputs, stride }: BlockOptions, outputs: number): Layer {
  const skip: Layer =
    stride === 1 && inputs === outputs
      ? (x) => x
      : normed(scope.child('downsample'), outputs, (at) => pointwise(at, inputs, outputs, stride));
  return (x) => {
    const kept = skip(x); // before the branch, so that its addition fuses with the last normalisation
    return scope.build(() => f.relu(f.add(branch(x), kept)));
  };
}

const basicBlock: BlockKind = {
  expansion: 1,
  build(scope, options) {
    const { convolution, inputs, width, stride } = options;
    const branch = sequence(
      normed(scope.child('conv1'), width, (at) => convolution(at, inputs, width, stride)),
      relu(scope),
      normed(scope.child('conv2'), width, (at) => convolution(at, width, width, 1)),
    );
    return residual(scope, branch, options, width);
  },
};

const bottleneck: BlockKind = {
  expansion: 4,
  build(scope, options) {
    const { convolution, inputs, width, stride } = options;
    const outputs = width * 4;
    const branch = sequence(
      normed(scope.child('conv1'), width, (at) => pointwise(at, inputs, width)),
      relu(scope),
      normed(scope.child('conv2'), width, (at) => convolution(at, width, width, stride)),
      relu(scope),
      normed(scope.child('conv3'), outputs, (at) => pointwise(at, width, outputs)),
    );
    return residual(scope, branch, options, outputs);
  },
};

interface Variant {
  readonly block: BlockKind;
  readonly blocks: readonly number[];
  readonly convolution: Convolution3;
  /** Slices that the first convolution looks through, and what a max pooling after it halves. */
  readonly stem: { readonly slices: 1 | 3 | 7; readonly pooled: 'no' | 'within slices' | 'all axes' };
  readonly dropout: number;
}

const R3D = { convolution: isotropic, stem: { slices: 3, pooled: 'no' }, dropout: 0 } as const;
/** "The fully connected layer was added to dropout (p = 0.5)." */
const ANISOTROPIC = { convolution: anisotropic, stem: { slices: 1, pooled: 'within slices' }, dropout: 0.5 } as const;

const HARA = { convolution: isotropic, stem: { slices: 7, pooled: 'all axes' }, dropout: 0 } as const;

const VARIANTS = {
  r3d_18: { ...R3D, block: basicBlock, blocks: [2, 2, 2, 2] },
  r3d_34: { ...R3D, block: basicBlock, blocks: [3, 4, 6, 3] },
  r3d_50: { ...R3D, block: bottleneck, blocks: [3, 4, 6, 3] },
  hara_resnet18: { ...HARA, block: basicBlock, blocks: [2, 2, 2, 2] },
  hara_resnet34: { ...HARA, block: basicBlock, blocks: [3, 4, 6, 3] },
  /** Not in the paper: the blocks of ResNet-18. */
  anisotropic_resnet18: { ...ANISOTROPIC, block: basicBlock, blocks: [2, 2, 2, 2] },
  anisotropic_resnet34: { ...ANISOTROPIC, block: basicBlock, blocks: [3, 4, 6, 3] },
  /** "The standard 3D ResNet": the same network before its convolutions are taken apart, so that nothing else differs. */
  isotropic_resnet34: {
    ...ANISOTROPIC,
    convolution: isotropic,
    stem: { slices: 3, pooled: 'within slices' },
    block: basicBlock,
    blocks: [3, 4, 6, 3],
  },
} as const satisfies Record<string, Variant>;

type Resnet3dName = keyof typeof VARIANTS;

interface StemOptions {
  readonly inputs: number;
  readonly outputs: number;
  readonly slices: Variant['stem']['slices'];
  readonly small: boolean;
}

/** The first convolution: 7 x 7 within slices (3 x 3 in the small stem), halving the plane. */
function stemOf(scope: Scope, { inputs, outputs, slices, small }: StemOptions): Layer {
  const [kernel, stride] = small ? [3, 1] : [7, 2];
  const at = scope.child('stem', 0);
  const first =
    slices === 1
      ? withinSlices(at, { inputs, outputs, kernel, stride })
      : convolution(at, {
          inputs,
          outputs,
          kernel: [slices, kernel, kernel],
          stride: [1, stride, stride],
          padding: [(slices - 1) / 2, (kernel - 1) / 2, (kernel - 1) / 2],
          bias: false,
          initialiser: heFanOut,
        });
  return sequence(first, batchNorm(scope.child('stem', 1), outputs), relu(scope.child('stem')));
}

/** The stages of a 3D ResNet on volumes [N, C, D, H, W] of any size: of four, 'layer1' to 'layer4', which halve D three times. */
export function resnet3dFeatures(
  scope: Scope,
  volume: Tensor,
  name: Resnet3dName,
  {
    stem = 'imagenet',
    width = RESNET_WIDTH,
    volumeBlocks,
  }: Pick<NetworkOptions, 'stem' | 'width' | 'volumeBlocks'> = {},
): Features {
  requireVolume(name, volume, 1, 1);
  const { block, convolution, stem: own, ...published }: Variant = VARIANTS[name];
  const blocks = volumeBlocks ?? published.blocks;
  const small = stem === 'small';
  const first = { inputs: volume.shape[1] as number, outputs: width, slices: own.slices, small };
  const stages: Stage[] = [{ layer: stemOf(scope, first), stride: small ? 1 : 2 }];
  if (own.pooled !== 'no') {
    const [kernel, sliceStride, padding] = own.pooled === 'all axes' ? [3, 2, 1] : [1, 1, 0];
    const pool: Layer = (x) => f.maxPool(x, [kernel, 3, 3], { stride: [sliceStride, 2, 2], padding: [padding, 1, 1] });
    stages.push({ layer: (x) => scope.child('stem').build(() => pool(x)), stride: 2, sliceStride });
  }
  let inputs = width;
  for (const [i, count] of blocks.entries()) {
    const feature = `layer${i + 1}`;
    const stride = i === 0 ? 1 : 2;
    const inner = width * 2 ** i;
    const layers: Layer[] = [];
    for (let j = 0; j < count; j++) {
      const at = { convolution, inputs, width: inner, stride: j === 0 ? stride : 1 };
      layers.push(block.build(scope.child(feature, j), at));
      inputs = inner * block.expansion;
    }
    stages.push({ layer: sequence(...layers), stride, sliceStride: stride, feature });
  }
  return runStages(volume, stages).features;
}

function resnet3d(name: Resnet3dName): Network {
  return (scope, volume, options) => {
    const features = resnet3dFeatures(scope, volume, name, options);
    const { tensor } = features.get('layer4') as FeatureMap;
    const start = { initialiser: gaussian(0.01), biasInitialiser: zeros };
    const end = { outputs: options.outputs, dropout: options.dropout ?? VARIANTS[name].dropout, ...start };
    return { features, logits: classifyAverage(scope.child('fc'), tensor, end) };
  };
}

export const resnets3d: Readonly<Record<Resnet3dName, Network>> = {
  r3d_18: resnet3d('r3d_18'),
  r3d_34: resnet3d('r3d_34'),
  r3d_50: resnet3d('r3d_50'),
  hara_resnet18: resnet3d('hara_resnet18'),
  hara_resnet34: resnet3d('hara_resnet34'),
  anisotropic_resnet18: resnet3d('anisotropic_resnet18'),
  anisotropic_resnet34: resnet3d('anisotropic_resnet34'),
  isotropic_resnet34: resnet3d('isotropic_resnet34'),
};
