/**
 * Losses as graphs: predictions and targets to a scalar, the mean over elements (or examples) unless said otherwise.
 * Targets are tensors of the predictions' element type; no gradient is needed through them.
 */
import { GraphError } from '../graph/errors.ts';
import * as f from '../graph/functions.ts';
import type { Tensor } from '../graph/tensor.ts';
import { sameShape, showShape } from '../graph/tensor.ts';

/** PyTorch's bound on the logarithms of binary cross-entropy: a saturated probability costs 100, not infinity. */
const LEAST_LOG = -100;

/**
 * Softmax cross-entropy of logits [N, C] against one-hot labels [N, C]: -sum w_y log p_y / sum w_y, the mean over
 * examples weighted by the weight of each example's class (C numbers; all 1 unless given). Equals PyTorch's cross_entropy
 * with class indices. GraphError when the operands are not two matrices of one shape, or the weights are not C.
 */
export function crossEntropy(
  logits: Tensor,
  oneHot: Tensor,
  { classWeights }: { readonly classWeights?: readonly number[] } = {},
): Tensor {
  const [examples, classes] = logits.shape as [number, number];
  if (logits.shape.length !== 2 || !sameShape(logits.shape, oneHot.shape)) {
    throw new GraphError(
      'shape',
      `crossEntropy requires logits and one-hot labels of one shape [N, C], got ${showShape(logits.shape)} and ${showShape(oneHot.shape)}`,
    );
  }
  if (classWeights && classWeights.length !== classes) {
    throw new GraphError(
      'shape',
      `crossEntropy requires a weight for each of ${classes} classes, got ${classWeights.length}`,
    );
  }
  const { graph } = logits;
  return graph.inScope('crossEntropy', () => {
    const logProbabilities = f.logSoftmax(logits, 1);
    if (!classWeights) return f.mul(f.reduceSum(f.mul(oneHot, logProbabilities)), -1 / examples);
    const weights = f.mul(oneHot, graph.constant(classWeights, [classes], logits.dtype)); // [N, C]
    return f.neg(f.div(f.reduceSum(f.mul(weights, logProbabilities)), f.reduceSum(weights)));
  });
}

/**
 * Binary cross-entropy of probabilities against targets in [0, 1], both of one shape: the mean of
 * -t log p - (1 - t) log(1 - p), each logarithm at least -100 as in PyTorch. No gradient flows through a logarithm that
 * is at its bound, so it stays finite at p = 0 and p = 1.
 */
export function binaryCrossEntropy(probabilities: Tensor, targets: Tensor): Tensor {
  requireSameShape('binaryCrossEntropy', probabilities, targets);
  return probabilities.graph.inScope('binaryCrossEntropy', () => {
    const positive = f.mul(targets, boundedLog(probabilities));
    const negative = f.mul(f.sub(1, targets), boundedLog(f.sub(1, probabilities)));
    return f.neg(f.reduceMean(f.add(positive, negative)));
  });
}

/** max(log x, -100) whose gradient is 0, not 0/0, where the bound holds. */
function boundedLog(x: Tensor): Tensor {
  const inside = f.greater(x, Math.exp(LEAST_LOG));
  return f.where(inside, f.log(f.where(inside, x, 1)), LEAST_LOG);
}

/**
 * Binary cross-entropy of logits x against targets t in [0, 1], both of one shape, without overflow: the mean of
 * (1 - t) x + (1 + (q - 1) t) log(1 + e^-x). The weight q of positives is one number or one for each extent of the last
 * axis, as PyTorch's pos_weight.
 */
export function binaryCrossEntropyWithLogits(
  logits: Tensor,
  targets: Tensor,
  { posWeight = 1 }: { readonly posWeight?: number | readonly number[] } = {},
): Tensor {
  requireSameShape('binaryCrossEntropyWithLogits', logits, targets);
  const { graph, dtype } = logits;
  if (typeof posWeight !== 'number' && posWeight.length !== logits.shape.at(-1)) {
    throw new GraphError(
      'shape',
      `binaryCrossEntropyWithLogits requires one posWeight or ${logits.shape.at(-1)}, got ${posWeight.length}`,
    );
  }
  return graph.inScope('binaryCrossEntropyWithLogits', () => {
    // log(1 + e^-x) = max(-x, 0) + log(1 + e^-|x|). Max shares its gradient between equals, so that the derivative at
    // x = 0 is the exact -1/2, where ReLU would give 0; min gives -|x| without Abs, whose gradient needs Sign.
    const minus = f.neg(logits);
    const softplus = f.add(f.maximum(minus, 0), f.log(f.add(f.exp(f.minimum(logits, minus)), 1)));
    const excess =
      typeof posWeight === 'number'
        ? posWeight - 1
        : graph.constant(
            posWeight.map((weight) => weight - 1),
            [posWeight.length],
            dtype,
          );
    const weighted = excess === 0 ? softplus : f.mul(f.add(f.mul(targets, excess), 1), softplus);
    return f.reduceMean(f.add(f.mul(f.sub(1, targets), logits), weighted));
  });
}

/**
 * Smooth L1 loss of Fast R-CNN (Girshick 2015, equation 3) with PyTorch's beta: the mean of d^2 / (2 beta) where
 * |d| < beta and |d| - beta / 2 elsewhere. RangeError unless beta is positive.
 */
export function smoothL1(predictions: Tensor, targets: Tensor, { beta = 1 }: { readonly beta?: number } = {}): Tensor {
  requireSameShape('smoothL1', predictions, targets);
  if (!(beta > 0)) throw new RangeError(`smoothL1 requires a positive beta, got ${beta}; beta 0 is l1`);
  return predictions.graph.inScope('smoothL1', () => {
    // With c = d clipped to +-beta both branches are c (d - c / 2) / beta, whose derivative is c / beta.
    const difference = f.sub(predictions, targets);
    const clipped = f.clip(difference, -beta, beta);
    const product = f.mul(clipped, f.sub(difference, f.mul(clipped, 0.5)));
    return f.mul(f.reduceMean(product), 1 / beta);
  });
}

/** Mean absolute difference of two tensors of one shape; where they are equal its gradient is 0. */
export function l1(predictions: Tensor, targets: Tensor): Tensor {
  requireSameShape('l1', predictions, targets);
  return predictions.graph.inScope('l1', () => f.reduceMean(f.abs(f.sub(predictions, targets))));
}

function requireSameShape(loss: string, predictions: Tensor, targets: Tensor): void {
  if (sameShape(predictions.shape, targets.shape)) return;
  throw new GraphError(
    'shape',
    `${loss} requires predictions and targets of one shape, got ${showShape(predictions.shape)} and ${showShape(targets.shape)}`,
  );
}
