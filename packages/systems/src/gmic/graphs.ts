/** 3D-GMIC as graphs: the global module on a few slices at a time, the local module on patches (ADR 0011). */
import {
  buildAccumulation,
  type Declaration,
  functions as f,
  GMIC_CLASSES,
  Graph,
  gmicGlobalLoss,
  gmicLocal,
  gmicLocalLoss,
  gmicSaliency,
  gmicTopPooling,
  type HostStep,
  hostStepOf,
  Scope,
  segmentsByBlock,
  type Tensor,
  type UpdateOptions,
} from '@mammoscope/nn';
import { type StepOptions, stepOf, type TrainingStep } from '../training/step.ts';
import { type GmicSpec, mapSize, pooledCount } from './spec.ts';

/** Names of inputs and outputs. */
export const GMIC_PORTS = {
  slices: 'slices',
  saliency: 'saliency',
  /** The gradient of the loss by the saliency maps of the slices. */
  seed: 'seed',
  pooled: 'pooled',
  labels: 'labels',
  patches: 'patches',
  attention: 'attention',
  probabilities: 'probabilities',
} as const;

function globalForward(spec: GmicSpec, slices = spec.slicesPerRun) {
  const graph = new Graph();
  const scope = new Scope(graph, false); // group normalisation knows no running statistics
  const image = graph.input(GMIC_PORTS.slices, [slices, 1, spec.heightPx, spec.widthPx]);
  return { graph, scope, saliency: gmicSaliency(scope, image, spec) };
}

function localForward(spec: GmicSpec, volumes: number, training: boolean) {
  const graph = new Graph();
  const scope = new Scope(graph, training);
  const patches = graph.input(GMIC_PORTS.patches, [volumes * spec.patches, 1, spec.cropPx, spec.cropPx]);
  return { graph, scope, local: gmicLocal(scope, patches, spec.patches, spec.local) };
}

/** What both modules declare: weights and running statistics by name. */
export function gmicDeclarations(spec: GmicSpec): ReadonlyMap<string, Declaration> {
  return new Map([...globalForward(spec, 1).scope.declarations, ...localForward(spec, 1, false).scope.declarations]);
}

/** Slices to saliency maps [slicesPerRun, 2, h, w]. */
export function saliencyGraph(spec: GmicSpec): Graph {
  const { graph, saliency } = globalForward(spec);
  graph.output(GMIC_PORTS.saliency, saliency);
  return graph;
}

/** The patches of one volume to their attention [1, K] and p_local [1, 2]. */
export function localGraph(spec: GmicSpec): Graph {
  const { graph, local } = localForward(spec, 1, false);
  graph.output(GMIC_PORTS.attention, local.attention);
  graph.output(GMIC_PORTS.probabilities, local.probabilities);
  return graph;
}

/** The local module's loss over the patches of some volumes; with `training`, by batch statistics, which move the running ones. */
export function localLoss(spec: GmicSpec, volumes: number, training: boolean) {
  const { graph, scope, local } = localForward(spec, volumes, training);
  graph.output(GMIC_PORTS.attention, local.attention);
  graph.output(GMIC_PORTS.probabilities, local.probabilities);
  const labels = graph.input(GMIC_PORTS.labels, [volumes, GMIC_CLASSES]);
  return { graph, scope, loss: gmicLocalLoss(local.logits, labels) };
}

/** The global module's loss over all slices of a volume in one graph: what the streamed gradient is held to, and faster where it fits. */
export function wholeVolumeLoss(spec: GmicSpec, slices: number, beta: number) {
  const { graph, scope, saliency } = globalForward(spec, slices);
  const segments = segmentsByBlock(graph, 3);
  const labels = graph.input(GMIC_PORTS.labels, [GMIC_CLASSES]);
  const pooled = gmicTopPooling(saliency, pooledCount(spec, { slices, ...mapSize(spec) }));
  graph.output(GMIC_PORTS.saliency, saliency);
  graph.output(GMIC_PORTS.pooled, pooled);
  return { graph, scope, segments, loss: gmicGlobalLoss(saliency, pooled, labels, beta) };
}

/** The product of saliency maps with the gradient of the loss by them: its derivative by a weight is that of the loss. */
function seededSaliency(spec: GmicSpec) {
  const { graph, scope, saliency } = globalForward(spec);
  const segments = segmentsByBlock(graph, 3);
  return { graph, scope, segments, loss: f.reduceSum(f.mul(saliency, graph.input(GMIC_PORTS.seed, saliency.shape))) };
}

/** How a step of 3D-GMIC is built. */
export interface GmicStepOptions extends Pick<StepOptions, 'optimiser' | 'weightDecay' | 'device'> {
  /** Volumes whose gradients are averaged for an update. */
  readonly volumes: number;
  /** Of equation 7. */
  readonly beta: number;
  /** Compute each block of the global network again in the backward pass in place of keeping its inner values. */
  readonly recompute?: boolean;
}

/** The graphs of a step. */
export interface GmicStep {
  /** The gradient of a run of slices, added up; for volumes that are one run the loss is in the graph. */
  readonly streamed: Graph;
  readonly whole: Graph;
  /** The update of the global module by what was added up. */
  readonly apply: Graph;
  readonly applyOnHost?: HostStep;
  /** The local module's whole step, over the patches of all volumes. */
  readonly local: TrainingStep;
}

/** The graphs that train both modules. The local module's batch statistics are those of all patches of the step (section V-D5). */
export function gmicStep(spec: GmicSpec, options: GmicStepOptions): GmicStep {
  const { volumes, beta, recompute = false, optimiser, weightDecay, device } = options;
  const accumulationOf = ({ scope, segments, loss }: ReturnType<typeof seededSaliency>) => {
    const update: UpdateOptions = {
      optimiser,
      groups: [{ parameters: weightsOf(scope), weightDecay }],
      segments: recompute ? segments : [],
      updates: device === 'cpu' ? 'host' : 'graph',
    };
    return { ...buildAccumulation(loss, volumes, update), update };
  };
  const { accumulate: streamed, apply, update } = accumulationOf(seededSaliency(spec));
  const { accumulate: whole } = accumulationOf(wholeVolumeLoss(spec, spec.slicesPerRun, beta));
  const { scope, loss } = localLoss(spec, volumes, true);
  return {
    streamed,
    whole,
    apply,
    ...(device === 'cpu' ? { applyOnHost: hostStepOf(update) } : {}),
    local: stepOf(loss, scope, { optimiser, weightDecay, device }),
  };
}

const weightsOf = (scope: Scope): Tensor[] =>
  [...scope.declarations.values()].flatMap(({ kind, tensor }) => (kind === 'weight' ? [tensor] : []));
