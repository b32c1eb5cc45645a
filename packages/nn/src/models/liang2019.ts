/**
 * Liang et al., "Joint 2D-3D breast cancer classification", IEEE BIBM 2019: the classifiers of Table I, which read the feature
 * maps of frozen backbones. A map of mammogram or dynamic image [N, C, H, W] passes "c @ 1 x 1" convolution, batch normalisation,
 * leaky ReLU and max pooling of 2 x 2 by stride 1; the joint classifier has both maps side by side on a new axis (figure 3),
 * [N, C, H, W, 2], and 1 x 1 x 2 and 2 x 2 x 1. Then "256" and "128" with dropout of 0.5. Not stated there and chosen here: the
 * hidden layers end in leaky ReLU too, all slopes are PyTorch's 0.01, and first values are PyTorch's.
 */

import { GraphError } from '../graph/errors.ts';
import * as f from '../graph/functions.ts';
import { showShape, type Tensor } from '../graph/tensor.ts';
import { batchNorm, convolution, dropout, type Layer, linear, sequence } from '../layers/layers.ts';
import { defaultUniform, type Scope } from '../layers/scope.ts';

/** Units of FC1 and FC2 of Table I. */
const HIDDEN = [256, 128] as const;

/** Of the max pooling, by stride 1; 2 x 2 x 1 of the joint classifier is the same, as its axis of modalities has length 1 by then. */
const WINDOW = [2, 2] as const;

/** How a classifier is built. */
export interface LiangHeadOptions {
  /** Logits. */
  readonly outputs: number;
  /** 0.5 unless given. */
  readonly dropout?: number;
  /** Not in the paper: the pooled map is averaged to so many rows and columns before FC1, which otherwise has W x H x C inputs. */
  readonly gridPx?: number;
}

/** What a classifier gives: the output of its convolution layer before pooling and [N, outputs] logits. */
export interface LiangHead {
  readonly convolved: Tensor;
  readonly logits: Tensor;
}

/** The DM and the DBT classifier of Table I, on feature maps [N, C, H, W]. GraphError below 2 x 2. */
export function liangSingleHead(scope: Scope, features: Tensor, options: LiangHeadOptions): LiangHead {
  const channels = features.shape[1] as number;
  requireMap(features);
  return head(
    scope,
    features,
    convolution(scope.child('conv'), { inputs: channels, outputs: channels, kernel: 1 }),
    options,
  );
}

/** The DM-DBT classifier of Table I, on the feature maps of both, [N, C, H, W] each. GraphError below 2 x 2 or where they differ in shape. */
export function liangJointHead(
  scope: Scope,
  mammogram: Tensor,
  dynamicImage: Tensor,
  options: LiangHeadOptions,
): LiangHead {
  for (const map of [mammogram, dynamicImage]) requireMap(map);
  if (showShape(mammogram.shape) !== showShape(dynamicImage.shape))
    throw new GraphError(
      'shape',
      `the joint classifier of Liang 2019 requires feature maps of one shape, got ${showShape(mammogram.shape)} and ${showShape(dynamicImage.shape)}`,
    );
  const channels = mammogram.shape[1] as number;
  return head(scope, mammogram, acrossModalities(scope.child('conv'), channels, dynamicImage), options);
}

/**
 * The convolution of "c @ 1 x 1 x 2" on the maps of figure 3, [N, C, H, W, 2]: as both have one place on the axis of modalities, it is
 * one of 1 x 1 on their channels one after the other, [N, 2 C, H, W], which is a plain matrix product. Gives [N, C, H, W].
 */
function acrossModalities(scope: Scope, channels: number, dynamicImage: Tensor): Layer {
  const start = defaultUniform(2 * channels);
  const weight = scope.weight('weight', [channels, channels, 1, 1, 2], start);
  const bias = scope.weight('bias', [channels], start);
  return (mammogram) =>
    scope.build(() => {
      const both = f.concat([mammogram, dynamicImage], 1); // [N, 2 C, H, W]
      const byModality = f.transpose(f.reshape(weight, [channels, channels, 2]), [0, 2, 1]); // [C, 2, C]
      return f.conv(both, f.reshape(byModality, [channels, 2 * channels, 1, 1]), bias);
    });
}

function head(scope: Scope, x: Tensor, layer: Layer, options: LiangHeadOptions): LiangHead {
  const { outputs, dropout: probability = 0.5, gridPx } = options;
  const leaky =
    (at: Scope): Layer =>
    (value) =>
      at.build(() => f.leakyRelu(value));
  const channels = x.shape[1] as number;
  const convolved = sequence(layer, batchNorm(scope.child('bn'), channels), leaky(scope.child('bn')))(x); // [N, C, H, W]
  const flat = scope.build(() => {
    const pooled = f.maxPool(convolved, WINDOW, { stride: 1 }); // [N, C, H-1, W-1]
    if (gridPx === undefined) return f.flatten(pooled); // [N, C (H-1) (W-1)]
    return f.flatten(f.adaptiveAveragePool(pooled, [gridPx, gridPx])); // [N, C grid grid]
  });
  const [first, second] = HIDDEN;
  const [fc1, fc2, fc3] = ['fc1', 'fc2', 'fc3'].map((name) => scope.child(name)) as [Scope, Scope, Scope];
  const classify = sequence(
    linear(fc1, flat.shape[1] as number, first),
    leaky(fc1),
    dropout(fc1, probability),
    linear(fc2, first, second),
    leaky(fc2),
    dropout(fc2, probability),
    linear(fc3, second, outputs),
  );
  return { convolved, logits: classify(flat) };
}

/** GraphError unless a feature map is [N, C, H, W] with two rows and columns to pool. */
function requireMap({ shape }: Tensor): void {
  const [rows = 0, columns = 0] = shape.slice(2);
  if (shape.length !== 4 || Math.min(rows, columns) < 2)
    throw new GraphError(
      'shape',
      `the classifiers of Liang 2019 require feature maps [N, C, H, W] of 2 x 2 or more, got ${showShape(shape)}: give larger images`,
    );
}
