/** The network that is pretrained on BI-RADS groups (section V-D1): the global network on slices, their features weighed by gated attention. */
import {
  buildAccumulation,
  crossEntropy,
  type Declaration,
  differentiate,
  functions as f,
  Graph,
  type HostStep,
  hostStepOf,
  type Initialiser,
  type Resnet22Options,
  resnet22Features,
  Scope,
  segmentsByBlock,
  type Tensor,
  type UpdateOptions,
} from '@mammoscope/nn';
import type { StepOptions } from '../training/step.ts';
import { BIRADS_GROUPS } from './cohort.ts';

/** Names of inputs and outputs. */
export const BIRADS_PORTS = {
  slices: 'slices',
  features: 'features',
  /** The gradient of the loss by the features of the slices. */
  seed: 'seed',
  /** 0 for a slice that there is, MISSING for one that there is not. */
  missing: 'missing',
  label: 'label',
  probabilities: 'probabilities',
} as const;

/** What makes attention 0. */
export const MISSING = -1e9;

/** Sizes of it. */
export interface BiradsSpec {
  readonly heightPx: number;
  readonly widthPx: number;
  readonly slicesPerRun: number;
  /** Slices of the largest volume. */
  readonly mostSlices: number;
  readonly gates: number;
  readonly global: Resnet22Options;
}

function featuresForward({ heightPx, widthPx, slicesPerRun, global }: BiradsSpec) {
  const graph = new Graph();
  const scope = new Scope(graph, false); // group normalisation knows no running statistics
  const image = graph.input(BIRADS_PORTS.slices, [slicesPerRun, 1, heightPx, widthPx]);
  const map = resnet22Features(scope.child('global'), image, global).get('norm');
  if (!map) throw new RangeError('a ResNet-22 has a last map');
  return { graph, scope, features: f.flatten(f.globalAveragePool(map.tensor)) }; // [S, C]
}

/** Mean features [slicesPerRun, C] of slices. */
export function featuresGraph(spec: BiradsSpec): Graph {
  const { graph, features } = featuresForward(spec);
  graph.output(BIRADS_PORTS.features, features);
  return graph;
}

/** Channels of the features: those of the last of five stages, each with twice the channels of the one before. */
export const featureCount = ({ global: { width = 16 } }: BiradsSpec): number => 16 * width;

/** PyTorch's first values of a linear layer. */
const uniform = (inputs: number): Initialiser => ({ kind: 'uniform', bound: 1 / Math.sqrt(inputs) });

function headForward(spec: BiradsSpec) {
  const graph = new Graph();
  const scope = new Scope(graph, false);
  const channels = featureCount(spec);
  const features = graph.input(BIRADS_PORTS.features, [spec.mostSlices, channels]);
  const missing = graph.input(BIRADS_PORTS.missing, [1, spec.mostSlices]);
  const product = (x: Tensor, w: Tensor) => f.gemm(x, w, undefined, { transB: true });
  const own = scope.child('attention');
  const weight = (name: string, outputs: number, inputs: number) =>
    own.weight(`${name}.weight`, [outputs, inputs], uniform(inputs));
  const [V, U, w] = [weight('V', spec.gates, channels), weight('U', spec.gates, channels), weight('w', 1, spec.gates)];
  const gated = f.mul(f.tanh(product(features, V)), f.sigmoid(product(features, U))); // [D, L]
  const attention = f.softmax(f.add(f.reshape(product(gated, w), [1, spec.mostSlices]), missing), 1); // [1, D]
  const z = f.gemm(attention, features); // [1, C]
  const groups = BIRADS_GROUPS.length;
  const fc = scope.child('fc');
  const classifier = fc.weight('weight', [groups, channels], uniform(channels));
  const bias = fc.weight('bias', [groups], { kind: 'constant', value: 0 });
  const logits = f.gemm(z, classifier, bias, { transB: true }); // [1, 3]
  graph.output(BIRADS_PORTS.probabilities, f.softmax(logits, 1));
  return { graph, scope, features, logits };
}

/** Features of all slices to the probabilities [1, 3] of the groups. */
export const headGraph = (spec: BiradsSpec): Graph => headForward(spec).graph;

/** What both parts declare. */
export const biradsDeclarations = (spec: BiradsSpec): ReadonlyMap<string, Declaration> =>
  new Map([...featuresForward(spec).scope.declarations, ...headForward(spec).scope.declarations]);

/** The graphs of a step: volumes are passed one after the other, slices a run at a time, as 3D-GMIC's are (ADR 0011). */
export interface BiradsStep {
  /** The gradient of the features of a run of slices, added up. */
  readonly streamed: Graph;
  /** Loss and gradient of the head, added up, and the gradient of the loss by the features, as output `seed`. */
  readonly head: Graph;
  /** The updates by what was added up. */
  readonly apply: readonly { readonly graph: Graph; readonly hostStep?: HostStep }[];
}

/** The step over so many volumes. */
export function biradsStep(
  spec: BiradsSpec,
  {
    volumes,
    optimiser,
    weightDecay,
    device,
    recompute,
  }: Pick<StepOptions, 'optimiser' | 'weightDecay' | 'device'> & {
    readonly volumes: number;
    readonly recompute: boolean;
  },
): BiradsStep {
  const accumulationOf = (loss: Tensor, scope: Scope, segments: UpdateOptions['segments'] = []) => {
    const parameters = [...scope.declarations.values()].map(({ tensor }) => tensor);
    const update: UpdateOptions = {
      optimiser,
      groups: [{ parameters, weightDecay }],
      segments,
      updates: device === 'cpu' ? 'host' : 'graph',
    };
    const { accumulate, apply } = buildAccumulation(loss, volumes, update);
    return { accumulate, apply: { graph: apply, ...(device === 'cpu' ? { hostStep: hostStepOf(update) } : {}) } };
  };
  const body = featuresForward(spec);
  const segments = recompute ? segmentsByBlock(body.graph, 3) : [];
  const seed = body.graph.input(BIRADS_PORTS.seed, body.features.shape);
  const streamed = accumulationOf(f.reduceSum(f.mul(body.features, seed)), body.scope, segments);
  const head = headForward(spec);
  const label = head.graph.input(BIRADS_PORTS.label, [1, BIRADS_GROUPS.length]);
  const loss = crossEntropy(head.logits, label);
  head.graph.output(BIRADS_PORTS.seed, differentiate(loss, [head.features])[0] as Tensor);
  const added = accumulationOf(loss, head.scope);
  return { streamed: streamed.accumulate, head: added.accumulate, apply: [streamed.apply, added.apply] };
}
