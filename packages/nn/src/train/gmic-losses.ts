/** The loss of 3D-GMIC (Park et al. 2022, equation 7), each module's terms by themselves: they share no weight. */
import * as f from '../graph/functions.ts';
import type { Tensor } from '../graph/tensor.ts';
import { binaryCrossEntropy, binaryCrossEntropyWithLogits } from './losses.ts';

/**
 * The global module's terms for one volume: the cross-entropies of pooled saliency [2] against labels [2], summed over classes,
 * and beta times equation 6, the sum of saliency maps that are not negative.
 */
export function gmicGlobalLoss(saliency: Tensor, pooled: Tensor, labels: Tensor, beta: number): Tensor {
  const classes = pooled.shape[0] as number;
  return f.add(f.mul(binaryCrossEntropy(pooled, labels), classes), f.mul(f.reduceSum(saliency), beta));
}

/**
 * The local module's terms: the cross-entropies of logits [B, 2] against labels [B, 2], summed over classes, the mean over volumes.
 * Taken from logits, so that a probability that rounds to 0 or 1 still has a gradient.
 */
export function gmicLocalLoss(logits: Tensor, labels: Tensor): Tensor {
  return f.mul(binaryCrossEntropyWithLogits(logits, labels), logits.shape[1] as number);
}
