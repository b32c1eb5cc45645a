/** The two costs of Liang 2019: features of an image through a frozen backbone, and training of the classifiers on kept features. */
import { adam, functions as f, Graph, lower, sizeOf, type TensorData } from '@mammoscope/nn';
import { chooseWays, Engine, probeInput, probeParameter, residentShapes } from '@mammoscope/runtime';
import { SystemError } from '../errors.ts';
import { backboneGraph, headSpec, headStep, PORTS } from '../liang2019/head-graphs.ts';
import { BACKBONES, type Backbone, CLASSIFIERS, type Classifier, PRESETS } from '../liang2019/recipe.ts';
import { ceiling, gflopOfGraph, peakBytesNow, type Speed, speedOf } from './speed.ts';

/** Speed of one graph. */
export interface GraphSpeed extends Speed {
  /** Mean processor time of a run, over all threads: it says more than the others on a machine that has other work. */
  readonly processorMs: number;
  /** The same of operations a second of processor time, which other work on the machine changes little. */
  readonly processorShare: number;
}

/** A backbone to the map that it is cut after, one image at a time, as features are computed. */
export interface FeaturesResult extends GraphSpeed {
  readonly backbone: Backbone;
  readonly sizePx: number;
  /** [C, H, W] */
  readonly map: readonly number[];
}

/** Training steps of a classifier of Table I, and what training on so many pairs comes to by the median step. */
export interface HeadResult extends GraphSpeed {
  readonly classifier: Classifier;
  readonly backbone: Backbone;
  readonly sizePx: number;
  readonly gridPx: number;
  readonly weights: number;
  readonly steps: number;
  readonly trainingSeconds: number;
}

/** How they are timed. */
export interface JointBenchOptions {
  readonly sizePx: number;
  readonly runs: number;
  readonly threads?: number;
}

/** Backbones that are timed when none is named: those whose plain exports reach 1.0 and 0.9 of the ceiling. */
export const FEATURE_BACKBONES: readonly Backbone[] = ['squeezenet1_1', 'densenet121'];

/** Classifiers that are timed when none is named; that of the dynamic image costs as that of the mammogram. */
export const HEADS: readonly Classifier[] = ['dm', 'dm-dbt'];

/** What training is projected to. */
const PAIRS = 300;
const EPOCHS = 100;

/** SystemError 'option-invalid' for a network that is no backbone of Liang 2019. */
export function backboneName(name: string): Backbone {
  if (Object.hasOwn(BACKBONES, name)) return name as Backbone;
  throw new SystemError(
    'option-invalid',
    `liang2019 has no backbone "${name}": use ${Object.keys(BACKBONES).join(', ')}`,
  );
}

/** SystemError 'option-invalid' for a name that is no classifier of Table I. */
export function classifierName(name: string): Classifier {
  const found = CLASSIFIERS.find((each) => each === name);
  if (found) return found;
  throw new SystemError('option-invalid', `liang2019 has no classifier "${name}": use ${CLASSIFIERS.join(', ')}`);
}

/** Runs a backbone on one image, which is brought in, and its map taken out, every time. */
export async function runFeaturesCase(
  backbone: Backbone,
  { sizePx, runs, threads }: JointBenchOptions,
): Promise<FeaturesResult> {
  const engine = await Engine.create(threads ? { threads } : {});
  try {
    const { graph, map } = backboneGraph({ network: backbone, cut: BACKBONES[backbone] }, { sizePx });
    const lowered = lower(graph, engine.target, await chooseWays(engine, [graph]));
    for (const { name, shape } of lowered.parameters)
      await engine.put(new Map([[name, { dtype: 'float32' as const, shape, data: probeParameter(name, shape, '') }]]));
    const session = await engine.load(lowered);
    const inputs = new Map<string, TensorData>([[PORTS.image, probeInput([1, 3, sizePx, sizePx], 1)]]);
    const speed = await timed(engine, graph, runs, () => session.run(inputs));
    await session.release();
    return { backbone, sizePx, map, ...speed };
  } finally {
    await engine.close();
  }
}

/** Runs training steps of a classifier on maps of the size that a backbone gives, at a batch of 32 as in section III-B. */
export async function runHeadCase(
  classifier: Classifier,
  {
    backbone,
    gridPx,
    sizePx,
    runs,
    threads,
  }: JointBenchOptions & { readonly backbone: Backbone; readonly gridPx: number },
): Promise<HeadResult> {
  const engine = await Engine.create(threads ? { threads } : {});
  try {
    const recipe = { ...PRESETS.paper, backbone, gridPx, sizePx };
    const { batch } = recipe;
    const optimiser = adam();
    const { graph, hostStep } = headStep(headSpec(recipe, classifier, 2), batch, {
      ...{ optimiser, weightDecay: 0, device: engine.device },
    });
    const lowered = lower(graph, engine.target, await chooseWays(engine, [graph]));
    const resident = residentShapes({ step: lowered, optimiser, ...(hostStep ? { hostStep } : {}) });
    for (const [name, shape] of resident)
      await engine.put(new Map([[name, { dtype: 'float32' as const, shape, data: firstValues(name, shape) }]]));
    const session = await engine.load(lowered, hostStep);
    const inputs = new Map<string, TensorData>(
      lowered.inputs.map(({ name, shape }) => [name, probeInput(shape, batch)]),
    );
    for (const [scalar, value] of Object.entries(optimiser.scalars(1, [1e-4])))
      inputs.set(scalar, Float32Array.of(value));
    const speed = await timed(engine, graph, runs, () => session.run(inputs));
    await session.release();
    const weights = lowered.parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    const steps = Math.floor(PAIRS / batch) * EPOCHS;
    return {
      ...{ classifier, backbone, sizePx, gridPx, weights, steps },
      trainingSeconds: (steps * speed.medianMs) / 1000,
      ...speed,
    };
  } finally {
    await engine.close();
  }
}

/** Runs that a ceiling stands before and after; the first run, which brings everything into place, does not count. */
async function timed(engine: Engine, graph: Graph, runs: number, run: () => Promise<unknown>): Promise<GraphSpeed> {
  const before = await ceiling(engine);
  const largest = await processorCeiling(engine);
  await run();
  const times: number[] = [];
  const cpu = process.cpuUsage();
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  const { user, system } = process.cpuUsage(cpu);
  const peakBytes = peakBytesNow();
  const ceilingGflopPerSecond = Math.max(before, await ceiling(engine));
  const gflop = gflopOfGraph(graph);
  const processorMs = (user + system) / 1000 / runs;
  return {
    ...speedOf(times, { gflop, ceilingGflopPerSecond, peakBytes }),
    ...{ processorMs, processorShare: (1000 * gflop) / processorMs / largest },
  };
}

const SIDE = 2048;

/** GFLOP of a large MatMul a second of processor time. */
async function processorCeiling(engine: Engine): Promise<number> {
  const graph = new Graph();
  const [a, b] = [graph.parameter('ceiling.a', [SIDE, SIDE]), graph.parameter('ceiling.b', [SIDE, SIDE])];
  graph.output('mean', f.reduceMean(f.matMul(a, b))); // one number, so that the product is not copied out
  const data = probeInput([SIDE, SIDE], 1);
  for (const name of ['ceiling.a', 'ceiling.b'])
    await engine.put(new Map([[name, { dtype: 'float32' as const, shape: [SIDE, SIDE], data }]]));
  const session = await engine.load(lower(graph, engine.target));
  await session.run(new Map());
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    const cpu = process.cpuUsage();
    await session.run(new Map());
    const { user, system } = process.cpuUsage(cpu);
    times.push((user + system) / 1e6);
  }
  await session.release();
  return (2 * SIDE ** 3) / Math.min(...times) / 1e9;
}

/** Small weights; running variances, scales and second moments of one. */
function firstValues(name: string, shape: readonly number[]): Float32Array {
  if (shape.length >= 2 && !name.includes('/')) return probeParameter(name, shape, '');
  const isOne = name.startsWith('adam.v') || name.endsWith('weight') || name.endsWith('var');
  return new Float32Array(sizeOf(shape)).fill(isOne ? 1 : 0);
}
