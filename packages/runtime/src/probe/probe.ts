/** A network's fingerprint: what it computes from probe tensors, in the fields of references/backbones.json. */
import {
  adam,
  crossEntropy,
  type Declaration,
  differentiate,
  encode,
  functions as f,
  Graph,
  globalNorm,
  lower,
  type NetworkName,
  networks,
  Scope,
  type Shape,
  sizeOf,
  type Target,
  type Tensor,
} from '@mammoscope/nn';
import * as ort from 'onnxruntime-node';
import { sessionOptions } from '../session/device.ts';
import { convertLayout, hostTensor } from '../session/resident-values.ts';
import { probeInput, probeParameter } from './probe-tensors.ts';

/** What to probe a network with. */
export interface ProbeOptions {
  /** Shape of the input, [N, C, H, W] or [N, C, D, H, W]. */
  readonly shape: Shape;
  /** Names the input image; 1 unless given. */
  readonly seed?: number;
  /** Goes in front of every parameter's name; '' unless given. */
  readonly salt?: string;
  readonly target: Target;
  /** Logits; 2 unless given. */
  readonly outputs?: number;
  /** Threads inside an op; 1 unless given, which is repeatable everywhere. */
  readonly threads?: number;
}

/** A tensor in short: its L2 norm and its first four values, row-major. */
export interface TensorSummary {
  readonly norm: number;
  readonly first: readonly number[];
}

/** The fields of a record of references/backbones.json, whose README says what each is. */
export interface ProbeRecord {
  readonly model: string;
  readonly input: Shape;
  readonly inputSeed: number;
  readonly salt: string;
  readonly labels: readonly number[];
  /** Trained parameters, in elements. */
  readonly parameters: number;
  /** [N, outputs]. */
  readonly evalLogits: readonly (readonly number[])[];
  readonly trainLogits: readonly (readonly number[])[];
  readonly loss: number;
  readonly gradTotalNorm: number;
  readonly grads: Readonly<Record<string, TensorSummary>>;
  readonly buffersAfterStep: Readonly<Record<string, TensorSummary>>;
  /** Loss at the first, second and third step of Adam. */
  readonly adamLosses: readonly number[];
}

/** Steps of Adam, its learning rate and its L2 penalty. */
const ADAM = { steps: 3, learningRate: 1e-4, weightDecay: 5e-4 } as const;

/**
 * Runs a network on probe tensors: once with running statistics, and three training steps with batch statistics and
 * without dropout. GraphError when the network cannot take the shape.
 */
export async function probeNetwork(name: NetworkName, options: ProbeOptions): Promise<ProbeRecord> {
  const { shape, seed = 1, salt = '' } = options;
  const classes = options.outputs ?? 2;
  const labels = Array.from({ length: shape[0] as number }, (_, i) => i % classes);
  const evaluation = await runEvaluation(name, options, classes);
  const training = await runTraining(name, options, classes, labels);
  return { model: name, input: shape, inputSeed: seed, salt, labels, evalLogits: evaluation, ...training };
}

async function runEvaluation(name: NetworkName, options: ProbeOptions, classes: number) {
  const graph = new Graph();
  const { logits } = networks[name](new Scope(graph, false), graph.input('image', options.shape), {
    outputs: classes,
    dropout: 0,
  });
  graph.output('logits', logits);
  const session = await ProbeSession.create(graph, options);
  const results = await session.run({ image: probeInput(options.shape, options.seed ?? 1) });
  await session.release();
  return rows(results.output('logits'), classes);
}

async function runTraining(name: NetworkName, options: ProbeOptions, classes: number, labels: readonly number[]) {
  const graph = new Graph();
  const scope = new Scope(graph, true);
  const image = graph.input('image', options.shape);
  const { logits } = networks[name](scope, image, { outputs: classes, dropout: 0 });
  const loss = crossEntropy(logits, graph.input('oneHot', logits.shape));
  const weights = named(scope.declarations, 'weight');
  const parameters = weights.map(([, tensor]) => tensor);
  const gradients = differentiate(loss, parameters) as readonly Tensor[];
  const pickedWeights = pickWeights(weights.map(([weight]) => weight));
  const buffers = named(scope.declarations, 'buffer').map(([buffer]) => buffer);
  const pickedBuffers = [...new Set([...buffers.slice(0, 2), ...buffers.slice(-2)])];
  graph.output('logits', logits);
  graph.output('loss', loss);
  graph.output('gradTotalNorm', globalNorm(gradients));
  for (const [i, [weight]] of weights.entries())
    if (pickedWeights.includes(weight)) graph.output(`grad:${weight}`, gradients[i] as Tensor);
  const optimiser = adam();
  const byParameter = new Map(parameters.map((parameter, i) => [parameter, gradients[i] as Tensor]));
  optimiser.build(graph, [{ parameters, weightDecay: ADAM.weightDecay }], byParameter);

  const session = await ProbeSession.create(graph, options);
  const inputs = {
    image: probeInput(options.shape, options.seed ?? 1),
    oneHot: Float32Array.from({ length: labels.length * classes }, (_, i) =>
      i % classes === labels[Math.floor(i / classes)] ? 1 : 0,
    ),
  };
  const adamLosses: number[] = [];
  let first: Results | null = null;
  for (let step = 1; step <= ADAM.steps; step++) {
    const scalars = Object.entries(optimiser.scalars(step, [ADAM.learningRate]));
    const results = await session.run({
      ...inputs,
      ...Object.fromEntries(scalars.map(([scalar, value]) => [scalar, Float32Array.of(value)])),
    });
    first ??= results.keep(pickedBuffers);
    adamLosses.push(results.output('loss')[0] as number);
  }
  await session.release();
  const { output, next } = first as Results;
}
