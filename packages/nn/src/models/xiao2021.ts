/**
 * Xiao et al., "Classification of microcalcification clusters in digital breast tomosynthesis using ensemble convolutional
 * neural network", BioMedical Engineering OnLine 20:71, 2021: the feature-level ensemble of its section D
 * ("Feature-Ensemble" of Table 5) on the two best networks of the paper, 2D ResNet-34 and the anisotropic 3D ResNet: "global
 * average pooling was performed on the output feature maps of the last convolution of 2D and 3D CNNs, and then concatenated
 * the pooled one-dimensional feature vectors. The fused feature vector was finally classified by the fully connected layer."
 * The layer's dropout is that of the paper's other networks. Not stated there and chosen here: both are trained together.
 *
 * What the two see, the focus slice and the slices around it, is one volume [N, C, 1 + D, H, W] whose first slice is the
 * focus slice. It is among the others too, but not at one place of every lesion, so it would need a second input anyway; as
 * a slice more it makes this a network of volumes like the others, to be batched, augmented, exported and run as they are.
 */
import * as f from '../graph/functions.ts';
import type { Tensor } from '../graph/tensor.ts';
import { dropout, linear } from '../layers/layers.ts';
import { type FeatureMap, type Features, type Network, requireVolume } from './backbone.ts';
import { resnetFeatures } from './resnet.ts';
import { resnet3dFeatures } from './resnet3d.ts';

/** The focus slice and one around it. */
const LEAST_SLICES = 2;

/** Slices from one on up to another, [N, C, end - start, H, W]. */
const slicesOf = (volume: Tensor, start: number, end: number) =>
  f.slice(volume, { axes: [2], starts: [start], ends: [end], steps: [1] });

const joined: Network = (scope, volume, options) => {
  requireVolume('xiao2021_joined', volume, 1, LEAST_SLICES);
  const [n, c, slices, rows, columns] = volume.shape as [number, number, number, number, number];
  const [at, fc] = [{ slices: scope.child('slices'), focus: scope.child('focus') }, scope.child('fc')];
  const focus = at.focus.build(() => f.reshape(slicesOf(volume, 0, 1), [n, c, rows, columns]));
  const around = at.slices.build(() => slicesOf(volume, 1, slices)); // [N, C, D, H, W]
  const volumeMaps = resnet3dFeatures(at.slices, around, 'anisotropic_resnet34', options);
  const focusMaps = resnetFeatures(at.focus, focus, 'resnet34', options);
  const fused = fc.build(() => f.concat([focusMaps, volumeMaps].map(pooled), 1)); // [N, 512 + 512]
  const classify = linear(fc, fused.shape[1] as number, options.outputs);
  return {
    features: new Map([...named('slices', volumeMaps), ...named('focus', focusMaps)]), // the focus slice's last
    logits: classify(dropout(fc, options.dropout ?? 0.5)(fused)),
  };
};

/** Means of the last map's channels, [N, 512]. */
const pooled = (features: Features) => f.flatten(f.globalAveragePool((features.get('layer4') as FeatureMap).tensor));

/** The maps of a branch under its name. */
const named = (branch: string, features: Features) =>
  [...features].map(([feature, map]) => [`${branch}.${feature}`, map] as const);

export const xiaos = { xiao2021_joined: joined } as const satisfies Record<string, Network>;
