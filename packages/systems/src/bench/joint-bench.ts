/** The two costs of Liang 2019: features of an image through a frozen backbone, and training of the classifiers on kept features. */
import { adam, foldNormalisation, lower, sizeOf, type TensorData } from '@mammoscope/nn';
import { chooseWays, Engine, probeInput, probeParameter, residentShapes } from '@mammoscope/runtime';
import { SystemError } from '../errors.ts';
import { backboneGraph, headSpec, headStep, PORTS } from '../liang2019/head-graphs.ts';
import { BACKBONES, type Backbone, CLASSIFIERS, type Classifier, PRESETS } from '../liang2019/recipe.ts';
import { gflopOfGraph, type Speed, timed } from './speed.ts';

/** A backbone to the map that it is cut after, one image at a time, as features are computed. */
export interface FeaturesResult extends Speed {
  readonly backbone: Backbone;
  readonly sizePx: number;
  /** [C, H, W] */
  readonly map: readonly number[];
}

/** Training steps of a classifier of Table I, and what training on so many pairs comes to by the median step. */
export interface HeadResult extends Speed {
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
    const { graph: whole, map } = backboneGraph({ network: backbone, cut: BACKBONES[backbone] }, { sizePx });
    const { graph } = foldNormalisation(whole);
    const lowered = lower(graph, engine.target, await chooseWays(engine, [graph]));
    for (const { name, shape } of lowered.parameters)
      await engine.put(new Map([[name, { dtype: 'float32' as const, shape, data: probeParameter(name, shape, '') }]]));
    const session = await engine.load(lowered);
    const inputs = new Map<string, TensorData>([[PORTS.image, probeInput([1, 3, sizePx, sizePx], 1)]]);
    const speed = await timed(engine, { gflop: gflopOfGraph(graph), runs, run: () => session.run(inputs) });
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
    const speed = await timed(engine, { gflop: gflopOfGraph(graph), runs, run: () => session.run(inputs) });
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

/** Small weights; running variances, scales and second moments of one. */
function firstValues(name: string, shape: readonly number[]): Float32Array {
  if (shape.length >= 2 && !name.includes('/')) return probeParameter(name, shape, '');
  const isOne = name.startsWith('adam.v') || name.endsWith('weight') || name.endsWith('var');
  return new Float32Array(sizeOf(shape)).fill(isOne ? 1 : 0);
}
