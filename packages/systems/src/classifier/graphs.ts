/** A classification network as the graphs that training, evaluation and explanation run. */
import {
  type ClassifierName,
  classifiers,
  crossEntropy,
  type Declaration,
  functions as f,
  Graph,
  gradCam,
  type NetworkOptions,
  type Optimiser,
  Scope,
  segmentsByBlock,
} from '@mammoscope/nn';
import { type StepOptions, stepOf, type TrainingStep } from '../training/step.ts';

export { stepOf, type TrainingStep };

/** A network and the images or volumes that it takes. */
export interface ClassifierSpec extends NetworkOptions {
  readonly network: ClassifierName;
  /** 1, or 3 for weights that were trained on colour images: the grey image is repeated. */
  readonly channels: 1 | 3;
  /** Side of the square input, pixels. */
  readonly sizePx: number;
  /** Of volumes; absent for images. */
  readonly slices?: number;
}

/** What a network takes: [N, C, H, W], of volumes [N, C, D, H, W]. */
export const inputShape = ({ channels, sizePx, slices }: ClassifierSpec, batch: number): readonly number[] => [
  batch,
  channels,
  ...(slices === undefined ? [] : [slices]),
  sizePx,
  sizePx,
];

/** Names of the inputs and outputs of the graphs below. */
export const PORTS = {
  image: 'image',
  labels: 'labels',
  logits: 'logits',
  probabilities: 'probabilities',
  classSeed: 'classSeed',
  cam: 'cam',
} as const;

function forward(spec: ClassifierSpec, batch: number, training: boolean) {
  const graph = new Graph();
  const scope = new Scope(graph, training);
  const image = graph.input(PORTS.image, inputShape(spec, batch));
  return { graph, scope, ...classifiers[spec.network](scope, image, spec) };
}

/** What a network declares: its weights and running statistics by name. */
export function declarationsOf(spec: ClassifierSpec): ReadonlyMap<string, Declaration> {
  return forward(spec, 1, false).scope.declarations;
}

/** How a training step of a network is built. */
export interface NetworkStepOptions extends Pick<StepOptions, 'device' | 'accumulate' | 'clipNorm'> {
  /** Compute each block again in the backward pass instead of keeping its inner values. */
  readonly recompute?: boolean;
}

/**
 * Forward, mean cross-entropy, backward and update; inputs image and one-hot labels [N, K]. `batch` is what one run
 * takes: with accumulation a part of what an update averages over.
 */
export function trainingStep(
  spec: ClassifierSpec,
  batch: number,
  optimiser: Optimiser,
  weightDecay: number,
  { recompute = false, ...options }: NetworkStepOptions,
): TrainingStep {
  const { graph, scope, logits } = forward(spec, batch, true);
  const segments = recompute ? segmentsByBlock(graph) : [];
  const loss = crossEntropy(logits, graph.input(PORTS.labels, logits.shape));
  return stepOf(loss, scope, { ...options, optimiser, weightDecay, segments });
}

/** Logits and class probabilities of a batch. */
export function inferenceGraph(spec: ClassifierSpec, batch: number): Graph {
  const { graph, logits } = forward(spec, batch, false);
  graph.output(PORTS.logits, logits);
  graph.output(PORTS.probabilities, f.softmax(logits, 1));
  return graph;
}

/** Grad-CAM at the last feature map, for the class that the input `classSeed` marks. */
export function gradCamGraph(spec: ClassifierSpec): Graph {
  const { graph, logits, features } = forward(spec, 1, false);
  const last = [...features.values()].at(-1);
  if (!last) throw new RangeError(`${spec.network} names no feature map`);
  graph.output(PORTS.cam, gradCam(last.tensor, logits, graph.input(PORTS.classSeed, logits.shape)));
  return graph;
}
