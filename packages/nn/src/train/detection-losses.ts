/**
 * The losses of a detector, as sums that the host weights: it chooses the examples, and gives each a weight that holds the
 * normalisation (Ren et al. 2015, equation 1). With gamma the classification losses become focal (Lin, Goyal, Girshick, He
 * and Dollar, "Focal loss for dense object detection", ICCV 2017, equations 4 and 5; alpha belongs to the weights).
 */
import { GraphError } from '../graph/errors.ts';
import * as f from '../graph/functions.ts';
import type { Graph } from '../graph/graph.ts';
import { sameShape, showShape, type Tensor } from '../graph/tensor.ts';

/** Beyond this difference boxes are compared by absolute values, as in torchvision. */
const BETA = 1 / 9;

/** How examples are classified. */
export interface DetectionLossOptions {
  /** Exponent of the focal loss; 0, cross-entropy, unless given. */
  readonly gamma?: number;
}

/** Four scalars and their sum. */
export interface DetectionLosses {
  readonly objectness: Tensor;
  readonly rpnBoxes: Tensor;
  readonly classes: Tensor;
  readonly boxes: Tensor;
  readonly total: Tensor;
}

/** log(1 + e^z) without overflow. */
const softplus = (z: Tensor) => f.add(f.maximum(z, 0), f.log(f.add(f.exp(f.minimum(z, f.neg(z))), 1)));

/** sum w (1 - p_t)^gamma (-log p_t) of logits x and targets t in {0, 1}, where -log p_t = log(1 + e^z) with z = (1 - 2 t) x. */
function weightedBinary(logits: Tensor, targets: Tensor, weights: Tensor, gamma: number): Tensor {
  const against = f.mul(f.sub(1, f.mul(targets, 2)), logits);
  const loss = softplus(against);
  const factor = gamma === 0 ? loss : f.mul(f.pow(f.sigmoid(against), gamma), loss);
  return f.reduceSum(f.mul(weights, factor));
}

/** sum w smoothL1(x - t), smoothL1 as in losses.ts. */
function weightedSmoothL1(predictions: Tensor, targets: Tensor, weights: Tensor): Tensor {
  const difference = f.sub(predictions, targets);
  const clipped = f.clip(difference, -BETA, BETA);
  const products = f.mul(clipped, f.sub(difference, f.mul(clipped, 0.5)));
  return f.mul(f.reduceSum(f.mul(weights, products)), 1 / BETA);
}

/**
 * Both losses of the proposal head over levels: inputs 'rpn/<labels | weights | targets | boxWeights>/<level>' of the shapes
 * of logits and deltas. An anchor of weight 0 does not count.
 */
export function rpnLoss(
  graph: Graph,
  objectness: ReadonlyMap<string, Tensor>,
  deltas: ReadonlyMap<string, Tensor>,
  { gamma = 0 }: DetectionLossOptions = {},
): Pick<DetectionLosses, 'objectness' | 'rpnBoxes'> {
  return graph.inScope('rpnLoss', () => {
    const labels = [...objectness].map(([level, logits]) =>
      weightedBinary(logits, ...inputsOf(graph, ['rpn/labels', 'rpn/weights'], level, logits), gamma),
    );
    const boxes = [...deltas].map(([level, delta]) =>
      weightedSmoothL1(delta, ...inputsOf(graph, ['rpn/targets', 'rpn/boxWeights'], level, delta)),
    );
    return { objectness: labels.reduce(f.add), rpnBoxes: boxes.reduce(f.add) };
  });
}

const inputsOf = (graph: Graph, [targets, weights]: readonly [string, string], level: string, { shape }: Tensor) =>
  [graph.input(`${targets}/${level}`, shape), graph.input(`${weights}/${level}`, shape)] as const;

/**
 * Both losses of the box head: inputs 'box/labels' [R, K], one-hot times the weight of the region, 'box/targets' and
 * 'box/weights' [R, 4 K], of which only the four of a region's class weigh.
 */
export function boxHeadLoss(
  graph: Graph,
  logits: Tensor,
  boxDeltas: Tensor,
  { gamma = 0 }: DetectionLossOptions = {},
): Pick<DetectionLosses, 'classes' | 'boxes'> {
  if (!sameShape([logits.shape[0] as number, 4 * (logits.shape[1] as number)], boxDeltas.shape))
    throw new GraphError(
      'shape',
      `boxHeadLoss requires four deltas a class, got logits ${showShape(logits.shape)} and deltas ${showShape(boxDeltas.shape)}`,
    );
  return graph.inScope('boxLoss', () => {
    const labels = graph.input('box/labels', logits.shape);
    const logP = f.logSoftmax(logits, 1);
    const loss = gamma === 0 ? logP : f.mul(f.pow(f.sub(1, f.softmax(logits, 1)), gamma), logP);
    return {
      classes: f.neg(f.reduceSum(f.mul(labels, loss))),
      boxes: weightedSmoothL1(
        boxDeltas,
        graph.input('box/targets', boxDeltas.shape),
        graph.input('box/weights', boxDeltas.shape),
      ),
    };
  });
}

/** All four losses of a detector's tensors, and their sum. */
export function detectionLosses(
  graph: Graph,
  {
    objectness,
    deltas,
    logits,
    boxDeltas,
  }: {
    readonly objectness: ReadonlyMap<string, Tensor>;
    readonly deltas: ReadonlyMap<string, Tensor>;
    readonly logits: Tensor;
    readonly boxDeltas: Tensor;
  },
  options: DetectionLossOptions = {},
): DetectionLosses {
  const parts = { ...rpnLoss(graph, objectness, deltas, options), ...boxHeadLoss(graph, logits, boxDeltas, options) };
  return { ...parts, total: Object.values(parts).reduce((sum, part) => f.add(sum, part)) };
}
