import { differentiate } from '../graph/differentiate.ts';
import * as f from '../graph/functions.ts';
import type { Tensor } from '../graph/tensor.ts';

/**
 * Grad-CAM (Selvaraju et al. 2017, equations 1 and 2): ReLU of the channel sum of a feature map [N, C, h, w], or
 * [N, C, d, h, w] of a volume, weighted by the spatial mean of the gradient of a class score. `classSeed` [N, K] has 1
 * at the class of each image. Returns [N, h, w] or [N, d, h, w], not normalised. The network must use running
 * statistics, so that images do not see each other.
 */
export function gradCam(feature: Tensor, logits: Tensor, classSeed: Tensor): Tensor {
  const [gradient] = differentiate(logits, [feature], classSeed);
  if (!gradient) throw new RangeError('Grad-CAM requires a feature map that the logits depend on');
  return feature.graph.inScope('gradCam', () => {
    const spatial = feature.shape.map((_, axis) => axis).slice(2);
    const weights = f.reduceMean(gradient, spatial, true); // [N, C, 1, 1] or [N, C, 1, 1, 1]
    return f.relu(f.reduceSum(f.mul(feature, weights), [1]));
  });
}
