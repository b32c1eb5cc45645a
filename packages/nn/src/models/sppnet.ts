/**
 * Spatial pyramid pooling: He, Zhang, Ren and Sun, "Spatial pyramid pooling in deep convolutional networks for visual
 * recognition", IEEE TPAMI 37(9), 2015, on ResNet-18 as Lin et al. 2023 use it (their SPPNet, section 3.3), so that
 * images of any size give a vector of one length. Lin et al. do not state the pyramid: the 4 x 4, 2 x 2 and 1 x 1 bins of
 * He et al.'s figure 3 are chosen here.
 */
import * as f from '../graph/functions.ts';
import type { Tensor } from '../graph/tensor.ts';
import { dropout, linear } from '../layers/layers.ts';
import type { FeatureMap, Network } from './backbone.ts';
import { resnetFeatures } from './resnet.ts';

/** Bins along each axis of the levels. */
const LEVELS = [4, 2, 1] as const;

/** The maxima of the bins of all levels, [N, C, h, w] to [N, C * (16 + 4 + 1)], level after level. */
export function spatialPyramidPool(x: Tensor, levels: readonly number[] = LEVELS): Tensor {
  return f.concat(
    levels.map((bins) => f.flatten(f.adaptiveMaxPool(x, [bins, bins]))),
    1,
  );
}

const sppResnet18: Network = (scope, image, options) => {
  const features = resnetFeatures(scope, image, 'resnet18', options);
  const { tensor } = features.get('layer4') as FeatureMap;
  const pooled = scope.child('spp').build(() => spatialPyramidPool(tensor)); // [N, 8 width * 21]
  const fc = scope.child('fc');
  const classify = linear(fc, pooled.shape[1] as number, options.outputs);
  return { features, logits: classify(dropout(fc, options.dropout ?? 0)(pooled)) };
};

export const sppnets = { spp_resnet18: sppResnet18 } as const satisfies Record<string, Network>;
