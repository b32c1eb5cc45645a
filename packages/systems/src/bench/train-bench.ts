/** Whole training steps, timed against the MatMul ceiling of the same process. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  acrossSlices,
  adam,
  batchNorm,
  functions as f,
  Graph,
  lower,
  Scope,
  sizeOf,
  type TensorData,
  withinSlices,
} from '@mammoscope/nn';
import { chooseWays, Engine, residentShapes } from '@mammoscope/runtime';
import { PORTS, stepOf, type TrainingStep, trainingStep } from '../classifier/graphs.ts';
import { gflopOfGraph, type Speed, timed } from './speed.ts';

/** A training step to time. */
export interface BenchCase {
  readonly title: string;
  readonly build: () => TrainingStep & { readonly images: number };
}

/** What a case came to. */
export interface BenchResult extends Speed {
  readonly name: string;
  readonly title: string;
  readonly imagesPerSecond: number;
  /** What resident memory grew by from the loaded step to the last run. */
  readonly stepMiB: number;
}

const RESNET34 = { network: 'resnet34', outputs: 2, channels: 3, sizePx: 224, dropout: 0 } as const;
/** What Xiao et al. 2021 train on. */
const VOLUMES = { outputs: 2, channels: 1, slices: 8, sizePx: 224, dropout: 0.5 } as const;
const L2 = 5e-4;
const CPU = { device: 'cpu' } as const;

/** The cases of `bench train`, by name. */
export const TRAIN_CASES: Readonly<Record<string, BenchCase>> = {
  resnet34: {
    title: 'ResNet-34, 16 x 3 x 224 x 224',
    build: () => ({ ...trainingStep(RESNET34, 16, adam(), L2, CPU), images: 16 }),
  },
  'resnet34-recomputed': {
    title: 'the same with recomputation',
    build: () => ({ ...trainingStep(RESNET34, 16, adam(), L2, { ...CPU, recompute: true }), images: 16 }),
  },
  resnet18: {
    title: 'ResNet-18, 32 x 1 x 60 x 60',
    build: () => ({
      ...trainingStep(
        { network: 'resnet18', outputs: 2, channels: 1, sizePx: 60, stem: 'small', dropout: 0 },
        32,
        adam(),
        L2,
        CPU,
      ),
      images: 32,
    }),
  },
  'anisotropic-resnet34': {
    title: 'anisotropic 3D ResNet-34, 4 x 1 x 8 x 224 x 224',
    build: () => ({ ...trainingStep({ ...VOLUMES, network: 'anisotropic_resnet34' }, 4, adam(), 0, CPU), images: 4 }),
  },
  'isotropic-resnet34': {
    title: 'the same with isotropic convolutions',
    build: () => ({ ...trainingStep({ ...VOLUMES, network: 'isotropic_resnet34' }, 4, adam(), 0, CPU), images: 4 }),
  },
  anisotropic: {
    title: 'anisotropic 3D block, 2 x 64 x 12 x 56 x 56',
    build: () => ({ ...anisotropicStep(2, 64, 12, 56), images: 2 }),
  },
};

/** A residual block of Xiao 2021: 3 x 3 x 1 then 1 x 1 x 3, batch normalisation and ReLU, with a mean-square loss. */
function anisotropicStep(n: number, channels: number, slices: number, side: number): TrainingStep {
  const graph = new Graph();
  const scope = new Scope(graph, true);
  const x = graph.input(PORTS.image, [n, channels, slices, side, side]);
  const options = { inputs: channels, outputs: channels, kernel: 3 };
  const planes = withinSlices(scope.child('within'), options)(x);
  const y = f.relu(batchNorm(scope.child('bn1'), channels)(planes));
  const z = batchNorm(scope.child('bn2'), channels)(acrossSlices(scope.child('across'), options)(y));
  const result = f.relu(f.add(z, x));
  return stepOf(f.reduceMean(f.mul(result, result)), scope, { optimiser: adam(), weightDecay: 0, ...CPU });
}

/** Runs a case in a fresh engine. Memory is meaningful only when nothing else ran in the process. */
export async function runTrainCase(name: string, steps: number, threads?: number): Promise<BenchResult> {
  const bench = TRAIN_CASES[name];
  if (!bench) throw new RangeError(`there is no bench case "${name}": use ${Object.keys(TRAIN_CASES).join(', ')}`);
  const engine = await Engine.create(threads ? { threads } : {});
  try {
    const { graph, hostStep, images } = bench.build();
    const lowered = lower(graph, engine.target, await chooseWays(engine, [graph]));
    const resident = residentShapes({ step: lowered, optimiser: adam(), ...(hostStep ? { hostStep } : {}) });
    for (const [name, shape] of resident)
      await engine.put(new Map([[name, { dtype: 'float32' as const, shape, data: firstValues(name, shape) }]]));
    const session = await engine.load(lowered, hostStep);
    const inputs = new Map<string, TensorData>(
      lowered.inputs.map((port) => [
        port.name,
        port.shape.length === 0
          ? Float32Array.of(1e-4)
          : Float32Array.from({ length: sizeOf(port.shape) }, (_, i) => ((i * 31) % 997) / 997),
      ]),
    );
    for (const [scalar, value] of Object.entries(adam().scalars(1, [1e-4]))) inputs.set(scalar, Float32Array.of(value));
    collectGarbage();
    const baseBytes = process.memoryUsage().rss;
    const speed = await timed(engine, { gflop: gflopOfGraph(graph), runs: steps, run: () => session.run(inputs) });
    await session.release();
    return {
      ...{ name, title: bench.title, ...speed },
      imagesPerSecond: (1000 * images) / speed.leastMs,
      stepMiB: speed.peakMiB - baseBytes / 2 ** 20,
    };
  } finally {
    await engine.close();
  }
}

/** Frees what is no longer used, so that memory counts what a step takes. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

/** Small weights, running variances of 1, second moments that keep Adam's steps small. */
function firstValues(name: string, shape: readonly number[]): Float32Array {
  const size = sizeOf(shape);
  const random = (scale: number) =>
    Float32Array.from({ length: size }, (_, i) => scale * (((i * 7919) % 1009) / 504.5 - 1));
  if (shape.length >= 2 && !name.includes('/')) return random(Math.sqrt(6 / sizeOf(shape.slice(1))));
  return new Float32Array(size).fill(
    name.startsWith('adam.v') ? 1 : name.endsWith('weight') || name.endsWith('var') ? 1 : 1e-9,
  );
}
