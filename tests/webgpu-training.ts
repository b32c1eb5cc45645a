/**
 * Trains two networks for some steps on webgpu and on the CPU, and prints how far apart they end; then what becomes of
 * values on the device when sessions end, and how much memory many steps take.
 */
import {
  adam,
  batchNorm,
  buildTrainingStep,
  convolution,
  crossEntropy,
  type Declaration,
  functions as f,
  Graph,
  linear,
  lower,
  networks,
  RANDOM_INPUT_PREFIX,
  Scope,
  sizeOf,
  type Target,
  type Tensor,
  type TensorData,
} from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import { type Device, Engine, initialise } from '@mammoscope/runtime';
import { fallsBack } from './webgpu-placement.ts';

/** How far training on webgpu went from training on the CPU. */
export interface TrainingReport {
  /** The loss of each step. */
  readonly losses: { readonly cpu: readonly number[]; readonly webgpu: readonly number[] };
  /** Relative error of each parameter, running statistic and moment after the last step, largest first. */
  readonly errors: readonly (readonly [name: string, error: number])[];
  readonly fallsBack: boolean;
}

/** What all of it says. */
export interface DeviceReport {
  readonly training: Readonly<Record<string, TrainingReport>>;
  /** A parameter after each stage of its life: trained, its session released, read by another graph, put anew. */
  readonly life: Readonly<Record<'trained' | 'released' | 'read' | 'put', number>>;
  /** Growth of the resident memory over steps whose new values take that much in all, in MiB. */
  readonly growthMib: number;
  readonly writtenMib: number;
}

const [BATCH, SIDE, STEPS, RATE] = [4, 32, 4, 1e-3];

/** Convolution, normalisation, pooling and a residual block with a stride: a ResNet small enough for its statistics. */
function residual(scope: Scope, image: Tensor): Tensor {
  const normalised = (name: string, inputs: number, outputs: number, kernel: number, stride: number) => {
    const options = { inputs, outputs, kernel, stride, padding: (kernel - 1) / 2, bias: false };
    const [conv, norm] = [convolution(scope.child(name, 'conv'), options), batchNorm(scope.child(name, 'bn'), outputs)];
    return (x: Tensor) => norm(conv(x));
  };
  return scope.build(() => {
    const stem = f.maxPool(f.relu(normalised('stem', 3, 8, 3, 1)(image)), 3, { stride: 2, padding: 1 });
    const branch = normalised('second', 16, 16, 3, 1)(f.relu(normalised('first', 8, 16, 3, 2)(stem)));
    const block = f.relu(f.add(branch, normalised('shortcut', 8, 16, 1, 2)(stem)));
    return linear(scope.child('fc'), 16, 2)(f.flatten(f.globalAveragePool(block)));
  });
}

const NETWORKS: Readonly<Record<string, (scope: Scope, image: Tensor) => Tensor>> = {
  squeezenet1_1: (scope, image) => networks.squeezenet1_1(scope, image, { outputs: 2 }).logits,
  residual,
};

/** A gradient that is all rounding must not decide which way Adam steps. */
const optimiser = adam({ epsilon: 1e-4 });

interface Step {
  readonly graph: Graph;
  readonly declarations: ReadonlyMap<string, Declaration>;
}

function stepOf(network: (scope: Scope, image: Tensor) => Tensor): Step {
  const graph = new Graph();
  const scope = new Scope(graph, true);
  const logits = network(scope, graph.input('image', [BATCH, 3, SIDE, SIDE]));
  const loss = crossEntropy(logits, graph.input('labels', [BATCH, 2]));
  const weights = [...scope.declarations.values()].filter(({ kind }) => kind === 'weight').map(({ tensor }) => tensor);
  const groups = [{ parameters: weights, weightDecay: 1e-3 }];
  return { graph: buildTrainingStep(loss, { optimiser, groups }), declarations: scope.declarations };
}

/** Inputs of a step: random images, labels in turn, random numbers for dropout, the optimiser's scalars. */
function inputsOf(graph: Graph, step: number): Map<string, TensorData> {
  const labels = Float32Array.from({ length: 2 * BATCH }, (_, i) => Number((i >> 1) % 2 === i % 2));
  const inputs = new Map<string, TensorData>([['labels', labels]]);
  for (const [name, { shape }] of graph.inputs) {
    const stream = new RandomStream(1, name, step);
    const low = name.startsWith(RANDOM_INPUT_PREFIX) ? 0 : -1;
    if (name === 'image' || low === 0)
      inputs.set(
        name,
        Float32Array.from({ length: sizeOf(shape) }, () => stream.uniform(low, 1)),
      );
  }
  for (const [name, value] of Object.entries(optimiser.scalars(step, [RATE]))) inputs.set(name, Float32Array.of(value));
  return inputs;
}

async function train({ graph, declarations }: Step, device: Device) {
  const engine = await Engine.create({ device, threads: 2 });
  const target: Target = { device, blockSize: 0 };
  const session = await engine.load(lower(graph, target));
  const start = initialise(declarations, 0);
  await engine.put(
    new Map(
      [...graph.parameters].map(([name, { shape }]) => [
        name,
        { dtype: 'float32' as const, shape, data: start.get(name) ?? new Float32Array(sizeOf(shape)) },
      ]),
    ),
  );
  const losses: number[] = [];
  for (let step = 1; step <= STEPS; step++)
    losses.push(Number((await session.run(inputsOf(graph, step))).get('out:loss')?.[0]));
  const values = await engine.get([...graph.parameters.keys()]);
  await session.release();
  await engine.close();
  return { losses, values };
}

/** Largest difference over the largest element. */
function relativeDifference(actual: TensorData, expected: TensorData): number {
  let [difference, scale] = [0, 0];
  for (const [i, value] of expected.entries()) {
    difference = Math.max(difference, Math.abs(Number(actual[i]) - Number(value)));
    scale = Math.max(scale, Math.abs(Number(value)));
  }
  return difference / (scale || 1);
}

async function compare(network: (scope: Scope, image: Tensor) => Tensor): Promise<TrainingReport> {
  const step = stepOf(network);
  const [webgpu, cpu] = [await train(step, 'webgpu'), await train(step, 'cpu')];
  const errors = [...cpu.values].map(
    ([name, { data }]) => [name, relativeDifference(webgpu.values.get(name)?.data as TensorData, data)] as const,
  );
  return {
    losses: { cpu: cpu.losses, webgpu: webgpu.losses },
    errors: errors.sort(([, a], [, b]) => b - a),
    fallsBack: await fallsBack(lower(step.graph, { device: 'webgpu', blockSize: 0 })),
  };
}

/** A graph that adds 1 to a parameter of a size and gives its sum. */
function counter(size: number, updates: boolean): Graph {
  const graph = new Graph();
  const count = graph.parameter('count', [size]);
  graph.output('mean', f.reduceMean(count));
  if (updates) graph.update(count, f.add(count, 1));
  return graph;
}

async function life(): Promise<DeviceReport['life']> {
  const engine = await Engine.create({ device: 'webgpu', threads: 1 });
  const put = (value: number) =>
    engine.put(new Map([['count', { dtype: 'float32' as const, shape: [8], data: new Float32Array(8).fill(value) }]]));
  const get = async () => Number((await engine.get(['count'])).get('count')?.data[7]);
  const session = await engine.load(lower(counter(8, true), engine.target));
  await put(0);
  for (let step = 0; step < 3; step++) await session.run(new Map());
  const trained = await get();
  await session.release();
  const released = await get();
  const reading = await engine.load(lower(counter(8, false), engine.target));
  const mean = async () => Number((await reading.run(new Map())).get('out:mean')?.[0]);
  const read = await mean();
  await put(7);
  const renewed = await mean();
  await engine.close(); // with a session open and a value on the device
  return { trained, released, read, put: renewed };
}

async function growth(): Promise<Pick<DeviceReport, 'growthMib' | 'writtenMib'>> {
  const [size, steps, mib] = [2 ** 20, 100, 2 ** 20];
  const engine = await Engine.create({ device: 'webgpu', threads: 1 });
  const session = await engine.load(lower(counter(size, true), engine.target));
  await engine.put(new Map([['count', { dtype: 'float32', shape: [size], data: new Float32Array(size) }]]));
  const run = async (times: number) => {
    for (let step = 0; step < times; step++) {
      await session.run(new Map());
      if (step % 10 === 0) await engine.get(['count']);
    }
  };
  await run(20);
  const before = process.memoryUsage.rss();
  await run(steps);
  const growthMib = (process.memoryUsage.rss() - before) / mib;
  await engine.close();
  return { growthMib, writtenMib: (4 * size * steps) / mib };
}

const training: Record<string, TrainingReport> = {};
for (const [name, network] of Object.entries(NETWORKS)) training[name] = await compare(network);
const report: DeviceReport = { training, life: await life(), ...(await growth()) };
process.stdout.write(JSON.stringify(report));
