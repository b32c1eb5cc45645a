/** A detector as graphs in two phases: before and after the regions are chosen (ADR 0009). */
import {
  cutInPhases,
  DETECTION_PORTS,
  type Declaration,
  type DetectionLossOptions,
  type DetectorSpec,
  type DetectorTensors,
  detectionLosses,
  functions as f,
  fasterRcnn,
  Graph,
  type GraphPhases,
  type Optimiser,
  roiInputs,
  Scope,
  scaleKernels,
  segmentsByBlock,
  type Tensor,
} from '@mammoscope/nn';
import { type PhasedStep, type StepOptions, stepOf } from '../training/step.ts';

/** Names of the outputs with the four losses. */
export const LOSS_PORTS = {
  objectness: 'loss/objectness',
  rpnBoxes: 'loss/rpnBoxes',
  classes: 'loss/classes',
  boxes: 'loss/boxes',
} as const;

function forward(spec: DetectorSpec) {
  const graph = new Graph();
  const scope = new Scope(graph, false); // batches of films are too small for statistics of their own
  const image = graph.input(DETECTION_PORTS.image, [spec.images, 3, spec.heightPx, spec.widthPx]);
  const tensors = fasterRcnn(scope, image, spec, roiInputs(graph, spec));
  for (const [level, tensor] of tensors.objectness) graph.output(`${DETECTION_PORTS.objectness}${level}`, tensor);
  for (const [level, tensor] of tensors.deltas) graph.output(`${DETECTION_PORTS.deltas}${level}`, tensor);
  return { graph, scope, tensors };
}

/** What the detector declares: its weights and running statistics by name. */
export function detectorDeclarations(spec: DetectorSpec): ReadonlyMap<string, Declaration> {
  return forward(spec).scope.declarations;
}

const lateInputs = (graph: Graph) => [...graph.inputs.keys()].filter((name) => /^(rois|rpn|box)\//.test(name));

/** Logits and deltas of all anchors, then class probabilities and deltas of the regions. */
export function inferencePhases(spec: DetectorSpec): GraphPhases {
  const { graph, tensors } = forward(spec);
  graph.output(DETECTION_PORTS.scores, f.softmax(tensors.logits, 1));
  graph.output(DETECTION_PORTS.boxDeltas, tensors.boxDeltas);
  return cutInPhases(scaleKernels(graph), lateInputs(graph));
}

/** How a detector's training step is built. */
export interface DetectorStepOptions extends Pick<StepOptions, 'device' | 'clipNorm'>, DetectionLossOptions {
  /** Compute each block again in the backward pass instead of keeping its inner values. */
  readonly recompute?: boolean;
  /** Parameters that are left as they are, by their names; normalisation scales and shifts unless given. */
  readonly frozen?: (name: string) => boolean;
}

/** torchvision trains its published detectors with normalisation left alone (FrozenBatchNorm2d). */
export const isNormalisation = (name: string): boolean => /\.(bn\d|downsample\.1)\./.test(name);

/** Of an output that only stands for its tensor while a graph is copied. */
const TOTAL = 'loss/total';

/** The loss of a batch as a graph, before gradients: for training, and for comparing gradients. */
export function detectorLoss(spec: DetectorSpec, options: DetectionLossOptions = {}) {
  const {
    graph: whole,
    scope: first,
    tensors,
  }: { graph: Graph; scope: Scope; tensors: DetectorTensors } = forward(spec);
  const losses = detectionLosses(whole, tensors, options);
  for (const [name, port] of Object.entries(LOSS_PORTS)) whole.output(port, losses[name as keyof typeof LOSS_PORTS]);
  whole.output(TOTAL, losses.total);
  const graph = scaleKernels(whole);
  const loss = graph.outputs.get(TOTAL) as Tensor;
  graph.outputs.delete(TOTAL);
  const scope = new Scope(graph, false);
  for (const [name, declaration] of first.declarations)
    scope.declarations.set(name, { ...declaration, tensor: graph.parameters.get(name) as Tensor });
  const segments = segmentsByBlock(graph, 4).filter(([node]) => node?.name.startsWith('backbone.body'));
  return { graph, scope, segments, loss };
}

/** Forward, losses, backward and update, cut where the regions and targets are chosen. */
export function trainingPhases(
  spec: DetectorSpec,
  optimiser: Optimiser,
  weightDecay: number,
  { recompute = false, frozen = isNormalisation, gamma = 0, ...options }: DetectorStepOptions,
): PhasedStep {
  const { graph, scope, segments, loss } = detectorLoss(spec, { gamma });
  for (const [name, declaration] of scope.declarations)
    if (frozen(name)) scope.declarations.set(name, { ...declaration, kind: 'buffer' });
  const step = stepOf(loss, scope, {
    ...options,
    optimiser,
    weightDecay,
    ...(recompute ? { segments } : {}),
  });
  return { phases: cutInPhases(graph, lateInputs(step.graph)), ...(step.hostStep ? { hostStep: step.hostStep } : {}) };
}
