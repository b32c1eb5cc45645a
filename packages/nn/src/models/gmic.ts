/**
 * 3D-GMIC: Park et al., "An efficient deep neural network to find small objects in large 3D images" (2022); with volumes of one
 * slice it is GMIC for mammograms with the changes of section V-D2. The two modules share no weight, and no gradient goes through
 * where patches lie, so each is a network of its own here: the caller pools saliency and chooses patches between them. Names are
 * those of references/gmic3d.parameters.json.
 */
import { GraphError } from '../graph/errors.ts';
import * as f from '../graph/functions.ts';
import { showShape, type Tensor } from '../graph/tensor.ts';
import { convolution } from '../layers/layers.ts';
import { defaultUniform, type Initialiser, type Scope } from '../layers/scope.ts';
import type { FeatureMap } from './backbone.ts';
import { RESNET_WIDTH, resnetFeatures } from './resnet.ts';
import { type Resnet22Options, resnet22Features } from './resnet22.ts';

/** Benign and malignant, in this order everywhere. */
export const GMIC_CLASSES = 2;

/** L of equation 4: units of the gates. S, the features of a patch, is 512 with networks as published. */
const GATES = 128;

/** The networks of the two modules, where they are not as published: ResNet-22 and ResNet-18. */
export interface GmicNetworks {
  readonly global?: Resnet22Options;
  /** `width` is that of the first convolution; 64, as published, unless given. */
  readonly local?: { readonly stem?: 'imagenet' | 'small'; readonly width?: number };
}

/** How hidden representations become saliency maps (section V-B4 and 5). */
export interface SaliencyOptions extends Pick<GmicNetworks, 'global'> {
  /** f_n: ReLU(tanh(x)), or the sigmoid of the original GMIC. */
  readonly nonlinearity: 'reluTanh' | 'sigmoid';
  /** First value of every weight of the 1 x 1 convolution, omega; 'random' for PyTorch's default, as the original GMIC has it. */
  readonly omega: number | 'random';
}

/** Equation 1: slices [N, 1, H, W], each by itself, to saliency maps [N, 2, h, w] in [0, 1]. GraphError below 5 px. */
export function gmicSaliency(scope: Scope, slices: Tensor, { nonlinearity, omega, global }: SaliencyOptions): Tensor {
  const features = resnet22Features(scope.child('global'), slices, global);
  const { tensor, channels } = features.get('norm') as FeatureMap; // [N, 256, h, w]
  const first: Initialiser = omega === 'random' ? defaultUniform(channels) : { kind: 'constant', value: omega };
  const own = scope.child('saliency');
  const logits = convolution(own, {
    inputs: channels,
    outputs: GMIC_CLASSES,
    kernel: 1,
    bias: false,
    initialiser: () => first,
  })(tensor); // [N, 2, h, w]
  return own.build(() => (nonlinearity === 'sigmoid' ? f.sigmoid(logits) : f.relu(f.tanh(logits))));
}

/**
 * Equation 3 as nodes, for volumes that are differentiated at once: the means [2] of the `count` largest values of each class over
 * saliency maps [D, 2, h, w]; of equal values those of the first slice, row and column.
 */
export function gmicTopPooling(saliency: Tensor, count: number): Tensor {
  const [slices, classes, rows, columns] = saliency.shape as [number, number, number, number];
  return saliency.graph.inScope('topPooling', () => {
    const ofClass = f.reshape(f.transpose(saliency, [1, 0, 2, 3]), [classes, slices * rows * columns]);
    return f.reduceMean(f.topK(ofClass, count, 1).values, 1); // [2]
  });
}

/** What the local module makes of the patches of B volumes. */
export interface GmicLocal {
  /** alpha of equation 4, [B, K]. */
  readonly attention: Tensor;
  /** Logits [B, 2], and their sigmoids, p_local. */
  readonly logits: Tensor;
  readonly probabilities: Tensor;
}

/**
 * Equations 4 and 5: patches [B K, 1, s, s], those of a volume one after the other, through a ResNet-18, whose three channels all get
 * the patch, and gated attention (Ilse et al. 2018). GraphError when the patches are not a multiple of K.
 */
export function gmicLocal(
  scope: Scope,
  patches: Tensor,
  patchesPerVolume: number,
  network: GmicNetworks['local'] = {},
): GmicLocal {
  const [images, channels] = patches.shape as [number, number];
  if (patches.shape.length !== 4 || channels !== 1 || images % patchesPerVolume !== 0)
    throw new GraphError(
      'shape',
      `gmicLocal requires patches [B K, 1, s, s] with K = ${patchesPerVolume}, got ${showShape(patches.shape)}`,
    );
  const volumes = images / patchesPerVolume;
  const colour = f.concat([patches, patches, patches], 1); // [B K, 3, s, s]
  const last = resnetFeatures(scope.child('local'), colour, 'resnet18', { width: RESNET_WIDTH, ...network }).get(
    'layer4',
  );
  const { tensor, channels: patchFeatures } = last as FeatureMap;
  const hidden = f.flatten(f.globalAveragePool(tensor)); // [B K, S]

  const own = scope.child('attention');
  const weight = (name: string, outputs: number, inputs: number) =>
    own.weight(`${name}.weight`, [outputs, inputs], defaultUniform(inputs));
  const product = (x: Tensor, w: Tensor) => f.gemm(x, w, undefined, { transB: true });
  const [V, U] = [weight('V', GATES, patchFeatures), weight('U', GATES, patchFeatures)];
  const w = weight('w', 1, GATES);
  const attention = own.build(() => {
    const gated = f.mul(f.tanh(product(hidden, V)), f.sigmoid(product(hidden, U))); // [B K, L]
    return f.softmax(f.reshape(product(gated, w), [volumes, patchesPerVolume]), 1); // [B, K]
  });

  const classifier = scope.child('classifier');
  const wLocal = classifier.weight('weight', [GMIC_CLASSES, patchFeatures], defaultUniform(patchFeatures));
  const logits = classifier.build(() => {
    const each = f.reshape(hidden, [volumes, patchesPerVolume, patchFeatures]);
    const z = f.reduceSum(f.mul(each, f.unsqueeze(attention, 2)), 1); // [B, S]
    return product(z, wLocal); // [B, 2]
  });
  return { attention, logits, probabilities: classifier.build(() => f.sigmoid(logits)) };
}
