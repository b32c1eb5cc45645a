/** A network's fingerprint: what it computes from probe tensors, in the fields of references/backbones.json. */
import {
  adam,
  type ClassifierName,
  classifiers,
  crossEntropy,
  type Declaration,
  differentiate,
  functions as f,
  GRADIENT_PREFIX,
  Graph,
  globalNorm,
  type HostStep,
  hostStepOf,
  lower,
  Scope,
  type Shape,
  sizeOf,
  type Target,
  type Tensor,
} from '@mammoscope/nn';
import { Engine } from '../session/engine.ts';
import { probeInput, probeParameter } from './probe-tensors.ts';

/** What to probe a network with. */
export interface ProbeOptions {
  /** Shape of the input, [N, C, H, W] or [N, C, D, H, W]. */
  readonly shape: Shape;
  /** Names the input image; 1 unless given. */
  readonly seed?: number;
  /** Goes in front of every parameter's name; '' unless given. */
  readonly salt?: string;
  /** Where it runs and in which layout; the same numbers to rounding everywhere. */
  readonly target: Target;
  /** Logits; 2 unless given. */
  readonly outputs?: number;
  /** Threads inside an op; the machine's cores unless given. */
  readonly threads?: number;
  /** Steps of Adam; 3 unless given, as in the records. */
  readonly steps?: number;
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
  /** Loss at the first, second and third step of Adam, or at as many as were asked for. */
  readonly adamLosses: readonly number[];
}

/** Learning rate of Adam and its L2 penalty. */
const ADAM = { learningRate: 1e-4, weightDecay: 5e-4 } as const;

/**
 * Runs a network on probe tensors, in an engine of its own: once with running statistics, then training steps with
 * batch statistics, both without dropout. GraphError when the network cannot take the shape.
 */
export async function probeNetwork(name: ClassifierName, options: ProbeOptions): Promise<ProbeRecord> {
  const { shape, seed = 1, salt = '', outputs = 2, target, threads, steps = 3 } = options;
  const labels = Array.from({ length: shape[0] as number }, (_, i) => i % outputs);
  const probe: Probe = { name, shape, salt, outputs, target, steps, labels, image: probeInput(shape, seed) };
  const engine = await Engine.create({ device: target.device, ...(threads && { threads }) });
  try {
    const evalLogits = await evaluate(engine, probe);
    const { parameters, ...training } = await train(engine, probe);
    return { model: name, input: shape, inputSeed: seed, salt, labels, parameters, evalLogits, ...training };
  } finally {
    await engine.close();
  }
}

interface Probe extends Required<Pick<ProbeOptions, 'shape' | 'salt' | 'outputs' | 'target' | 'steps'>> {
  readonly name: ClassifierName;
  readonly labels: readonly number[];
  readonly image: Float32Array;
}

/** The logits with running statistics. */
async function evaluate(engine: Engine, probe: Probe): Promise<number[][]> {
  const { graph, logits } = network(probe, false);
  graph.output('logits', logits);
  await putProbeParameters(engine, graph, probe.salt); // the training steps start from the same
  const session = await load(engine, graph, probe.target);
  const results = await session.run({ image: probe.image });
  await session.release();
  return rows(results('logits'), probe.outputs);
}

type TrainingFields = Omit<ProbeRecord, 'model' | 'input' | 'inputSeed' | 'salt' | 'labels' | 'evalLogits'>;

/** The fields that come of training steps. The first step's loss and gradients are those of the probe weights. */
async function train(engine: Engine, probe: Probe): Promise<TrainingFields> {
  const { graph, logits, declarations } = network(probe, true);
  const loss = crossEntropy(logits, graph.input('oneHot', logits.shape));
  const weights = tensorsOf(declarations, 'weight');
  const parameters = weights.map(([, tensor]) => tensor);
  const gradients = differentiate(loss, parameters).map(
    (gradient, i) => gradient ?? f.expand(graph.constant(0), (parameters[i] as Tensor).shape),
  );
  const picked = pickWeights(weights.map(([weight]) => weight));
  const buffers = tensorsOf(declarations, 'buffer').map(([buffer]) => buffer);
  graph.output('logits', logits);
  graph.output('loss', loss);
  graph.output('gradTotalNorm', globalNorm(gradients));
  for (const [i, [weight]] of weights.entries())
    if (picked.includes(weight)) graph.output(weight, gradients[i] as Tensor);
  const optimiser = adam();
  const groups = [{ parameters, weightDecay: ADAM.weightDecay }];
  // As in training: on a CPU by the host, which needs half the memory.
  const onHost = probe.target.device === 'cpu';
  if (onHost)
    for (const [i, [weight, parameter]] of weights.entries())
      graph.outputLike(`${GRADIENT_PREFIX}${weight}`, gradients[i] as Tensor, parameter);
  else optimiser.build(graph, groups, new Map(parameters.map((parameter, i) => [parameter, gradients[i] as Tensor])));
  for (const [weight, { shape, dtype }] of weights)
    for (const state of optimiser.stateNames)
      await engine.give(new Map([[`${state}/${weight}`, { dtype, shape, data: new Float32Array(sizeOf(shape)) }]]));
  const { run } = await load(engine, graph, probe.target, onHost ? hostStepOf({ optimiser, groups }) : undefined);
  const oneHot = Float32Array.from(probe.labels.flatMap((label) => oneHotRow(label, probe.outputs)));
  const step = (number: number) => {
    const scalars = Object.entries(optimiser.scalars(number, [ADAM.learningRate]));
    const fed = scalars.map(([input, value]) => [input, Float32Array.of(value)] as const);
    return run({ image: probe.image, oneHot, ...Object.fromEntries(fed) });
  };
  const results = await step(1);
  const buffersAfterStep = await engine.get([...new Set([...buffers.slice(0, 2), ...buffers.slice(-2)])]);
  const adamLosses = [results('loss')];
  for (let number = 2; number <= probe.steps; number++) adamLosses.push((await step(number))('loss'));
  return {
    parameters: parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    trainLogits: rows(results('logits'), probe.outputs),
    loss: results('loss')[0] as number,
    gradTotalNorm: results('gradTotalNorm')[0] as number,
    grads: Object.fromEntries(picked.map((weight) => [weight, summary(results(weight))])),
    buffersAfterStep: Object.fromEntries(
      [...buffersAfterStep].map(([buffer, { data }]) => [buffer, summary(data as Float32Array)]),
    ),
    adamLosses: adamLosses.map(([value]) => value as number),
  };
}

function network({ name, shape, outputs }: Probe, training: boolean) {
  const graph = new Graph();
  const scope = new Scope(graph, training);
  const { logits } = classifiers[name](scope, graph.input('image', shape), { outputs, dropout: 0 });
  return { graph, logits, declarations: scope.declarations };
}

/** Gives the engine probe values for weights and running statistics. */
async function putProbeParameters(engine: Engine, graph: Graph, salt: string): Promise<void> {
  for (const [name, { dtype, shape }] of graph.parameters)
    await engine.give(new Map([[name, { dtype, shape, data: probeParameter(name, shape, salt) }]]));
}

/** Loads a graph; its run gives a function from the name of an output to its values. */
async function load(engine: Engine, graph: Graph, target: Target, hostStep?: HostStep) {
  const session = await engine.load(lower(graph, target), hostStep);
  return {
    run: async (inputs: Readonly<Record<string, Float32Array>>) => {
      const results = await session.run(new Map(Object.entries(inputs)));
      return (output: string) => results.get(`out:${output}`) as Float32Array;
    },
    release: () => session.release(),
  };
}

function tensorsOf(declarations: ReadonlyMap<string, Declaration>, kind: Declaration['kind']): [string, Tensor][] {
  return [...declarations].filter(([, declared]) => declared.kind === kind).map(([name, { tensor }]) => [name, tensor]);
}

/** Five parameters from the first to the last, in PyTorch's order, which is the order of declaration. */
function pickWeights(names: readonly string[]): readonly string[] {
  const n = names.length;
  const positions = [0, Math.floor(n / 3), Math.floor((2 * n) / 3), n - 2, n - 1];
  return [...new Set(positions.map((position) => names[position] as string))];
}

function oneHotRow(label: number, outputs: number): number[] {
  return Array.from({ length: outputs }, (_, i) => (i === label ? 1 : 0));
}

function rows(values: Float32Array, columns: number): number[][] {
  return Array.from({ length: values.length / columns }, (_, i) => [...values.slice(i * columns, (i + 1) * columns)]);
}

function summary(values: Float32Array): TensorSummary {
  return { norm: Math.sqrt(values.reduce((sum, value) => sum + value * value, 0)), first: [...values.slice(0, 4)] };
}
