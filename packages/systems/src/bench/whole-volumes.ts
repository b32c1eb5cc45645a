/**
 * Table I of Park et al. 2022: multiply-adds and peak memory of a training step on one tomosynthesis of 96 slices. 3D-GMIC is measured
 * on all of them; "since it is not possible to run off-the-shelf models with all of 96 slices, we estimate their metrics using linear
 * extrapolation with DBT images with 4, 8, 16 slices" (section VI-A).
 */
import {
  adam,
  type ClassifierName,
  classifiers,
  functions as f,
  Graph,
  isNetworkName,
  lower,
  Scope,
  sizeOf,
  type TensorData,
} from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import { chooseWays, Engine, probeInput, probeParameter, residentShapes } from '@mammoscope/runtime';
import { leastSquaresLine } from '@mammoscope/stats';
import { gmicStep, localGraph, saliencyGraph } from '../gmic/graphs.ts';
import type { GmicSpec } from '../gmic/spec.ts';
import { loadStep, stepGraphs, stepShapes, trainVolumes } from '../gmic/train-volumes.ts';
import { stepOf } from '../training/step.ts';
import { forgetPeak, peakBytesNow } from './peak-memory.ts';
import { caseNamed, gflopOfGraph } from './speed.ts';

/** Networks of table I: what it calls them, ours, and what it has of them. */
const OTHERS = {
  'resnet-18': { title: 'ResNet-18', network: 'resnet18', published: { memoryMB: 171_031, gmacs: 9932 } },
  'resnet-34': { title: 'ResNet-34', network: 'resnet34', published: { memoryMB: 223_235, gmacs: 20_056 } },
  '3d-resnet-18': { title: '3D ResNet-18', network: 'hara_resnet18', published: { memoryMB: 100_903, gmacs: 9104 } },
  '3d-resnet-34': { title: '3D ResNet-34', network: 'hara_resnet34', published: { memoryMB: 111_650, gmacs: 12_192 } },
} as const satisfies Record<
  string,
  { readonly title: string; readonly network: ClassifierName; readonly published: PublishedCost }
>;

/** On a GPU. */
interface PublishedCost {
  readonly memoryMB: number;
  readonly gmacs: number;
}

const GMIC = { title: '3D-GMIC', published: { memoryMB: 22_219, gmacs: 798 } } as const;

/** Cases of the table, in its order. */
export const WHOLE_VOLUME_CASES = ['resnet-18', 'resnet-34', '3d-resnet-18', '3d-resnet-34', '3d-gmic'] as const;
export type WholeVolumeCase = (typeof WHOLE_VOLUME_CASES)[number];
type OtherCase = Exclude<WholeVolumeCase, '3d-gmic'>;

/** SystemError 'option-invalid' for another name. */
export const wholeVolumeCase = (name: string): WholeVolumeCase => caseNamed(WHOLE_VOLUME_CASES, 'table I', name);

/** "benchmarking with a single DBT image with 96 slices" */
export const TABLE_SLICES = 96;
/** Of the slices that the others are estimated by. */
export const MEASURED_SLICES = [4, 8, 16] as const;
/** The window of section V-D3. */
export const TABLE_ROWS = 2116;
const columnsOf = (rows: number) => Math.round((1339 * rows) / TABLE_ROWS);
/** Table I does not say how many; the least of section V-D6. */
const PATCHES = 8;

/** Slices of so many rows, as far as they are as wide as the window. */
export interface SliceSize {
  readonly slices: number;
  readonly rows: number;
}

/** What a step on some slices took: peak memory of a process that did nothing else. */
export interface MeasuredStep extends SliceSize {
  readonly case: WholeVolumeCase;
  /** Resident memory before the first run, with weights and optimiser state, and at the peak. */
  readonly baseMiB: number;
  readonly peakMiB: number;
  readonly seconds: number;
}

/** A row of the table. */
export interface WholeVolumeCost {
  readonly title: string;
  /** Multiply-adds of inference on 96 slices of 2116 x 1339, thousands of millions. */
  readonly gmacs: number;
  /** Peak of a training step on them, MiB. */
  readonly peakMiB: number;
  /** Whether they are measured on all slices, or extrapolated. */
  readonly isMeasured: boolean;
  readonly published: PublishedCost;
}

/** One training step of a network in this process. */
export async function measureStep(name: WholeVolumeCase, size: SliceSize, threads?: number): Promise<MeasuredStep> {
  const engine = await Engine.create(threads ? { threads } : {});
  try {
    const run = name === '3d-gmic' ? await gmicRun(engine, size) : await otherRun(engine, name, size);
    forgetPeak(); // what timing ways to compute took
    const baseMiB = residentMiB();
    const start = performance.now();
    await run();
    const seconds = (performance.now() - start) / 1000;
    return { case: name, ...size, baseMiB, peakMiB: peakMiB(), seconds };
  } finally {
    await engine.close();
  }
}

const residentMiB = () => process.memoryUsage().rss / 2 ** 20;

const peakMiB = () => peakBytesNow() / 2 ** 20;

const gmicSpec = (rows: number): GmicSpec => ({
  heightPx: rows,
  widthPx: columnsOf(rows),
  slicesPerRun: 1,
  cropPx: 256,
  patches: PATCHES,
  pooledShare: 1,
  zeta: 10,
  nonlinearity: 'reluTanh',
  omega: 0.01,
});

/** A step of 3D-GMIC, slice by slice: what training does. */
async function gmicRun(engine: Engine, { slices, rows }: SliceSize): Promise<() => Promise<unknown>> {
  const spec = gmicSpec(rows);
  const [optimiser, beta] = [adam(), 1e-6];
  const step = gmicStep(spec, { optimiser, weightDecay: 0, device: engine.device, volumes: 1, beta });
  const choices = await chooseWays(engine, stepGraphs(spec, step));
  for (const [name, shape] of stepShapes(step, engine, optimiser)) await put(engine, name, shape);
  const sessions = await loadStep(engine, spec, step, choices);
  const read = async (slice: number) => probeInput([spec.heightPx, spec.widthPx], slice);
  const labelled = { volume: { name: 'volume', slices, read }, labels: [1, 0], stream: new RandomStream(1) };
  const scalars = new Map(
    Object.entries(optimiser.scalars(1, [1e-5])).map(([name, value]) => [name, Float32Array.of(value)]),
  );
  return () => trainVolumes(sessions, spec, [labelled], { beta, scalars });
}

/** A step of a network that holds all slices: those of images see them as a batch, whose logits are averaged. */
async function otherRun(engine: Engine, name: OtherCase, size: SliceSize): Promise<() => Promise<unknown>> {
  const { graph, scope, logits } = otherGraph(name, size, true);
  const labels = graph.input('labels', logits.shape);
  const optimiser = adam();
  const difference = f.sub(logits, labels); // its gradient is that of a cross-entropy, up to a sigmoid
  const options = { optimiser, weightDecay: 0, device: engine.device };
  const step = stepOf(f.reduceMean(f.mul(difference, difference)), scope, options);
  const lowered = lower(step.graph, engine.target, await chooseWays(engine, [step.graph]));
  const resident = residentShapes({ step: lowered, optimiser, ...(step.hostStep ? { hostStep: step.hostStep } : {}) });
  for (const [resident_, shape] of resident) await put(engine, resident_, shape);
  const session = await engine.load(lowered, step.hostStep);
  const inputs = new Map<string, TensorData>(
    lowered.inputs.map(({ name: port, shape }) => [
      port,
      shape.length === 0 ? Float32Array.of(1e-5) : probeInput(shape, 1),
    ]),
  );
  for (const [scalar, value] of Object.entries(optimiser.scalars(1, [1e-5])))
    inputs.set(scalar, Float32Array.of(value));
  return () => session.run(inputs);
}

/** Three channels, the slice in each: only so does a ResNet-18 have the multiply-adds of table I. */
const CHANNELS = 3;

function otherGraph(name: OtherCase, { slices, rows }: SliceSize, isTraining: boolean) {
  const { network } = OTHERS[name];
  const graph = new Graph();
  const scope = new Scope(graph, isTraining);
  const plane = [rows, columnsOf(rows)];
  const shape = isNetworkName(network) ? [slices, CHANNELS, ...plane] : [1, CHANNELS, slices, ...plane];
  const { logits: each } = classifiers[network](scope, graph.input('slices', shape), { outputs: 2 });
  const logits = f.reduceMean(each, [0], true); // [1, 2]
  return { graph, scope, logits };
}

async function put(engine: Engine, name: string, shape: readonly number[]): Promise<void> {
  const isState = name.includes('/') || name.startsWith('adam.');
  const data = isState ? new Float32Array(sizeOf(shape)) : probeParameter(name, shape, '');
  await engine.give(new Map([[name, { dtype: 'float32', shape, data }]]));
}

/** Multiply-adds of inference, thousands of millions: of the slices given, or of the line through those of 4, 8 and 16. */
export function wholeVolumeGmacs(name: WholeVolumeCase): number {
  if (name === '3d-gmic') {
    const spec = gmicSpec(TABLE_ROWS);
    return (TABLE_SLICES * gflopOfGraph(saliencyGraph(spec)) + gflopOfGraph(localGraph(spec))) / 2;
  }
  const gmacs = (slices: number) => {
    const { graph, logits } = otherGraph(name, { slices, rows: TABLE_ROWS }, false);
    graph.output('logits', logits);
    return gflopOfGraph(graph) / 2;
  };
  const { intercept, slope } = leastSquaresLine([...MEASURED_SLICES], MEASURED_SLICES.map(gmacs));
  return intercept + slope * TABLE_SLICES;
}

/**
 * A row of the table from measured steps: of 3D-GMIC the one with most slices as it is; of the others the line over slices, whose slope
 * grows as the pixels of a slice do where they were measured on smaller ones.
 */
export function wholeVolumeCost(name: WholeVolumeCase, steps: readonly MeasuredStep[]): WholeVolumeCost {
  const own = steps.filter((step) => step.case === name);
  const gmacs = wholeVolumeGmacs(name);
  if (name === '3d-gmic') {
    const { peakMiB: most, slices, rows } = own.reduce((a, b) => (b.slices > a.slices ? b : a));
    return { ...GMIC, gmacs, peakMiB: most, isMeasured: slices === TABLE_SLICES && rows === TABLE_ROWS };
  }
  const { intercept, slope } = leastSquaresLine(
    own.map(({ slices }) => slices),
    own.map((step) => step.peakMiB),
  );
  const { rows } = own[0] as MeasuredStep;
  const grown = (TABLE_ROWS * columnsOf(TABLE_ROWS)) / (rows * columnsOf(rows));
  const { title, published } = OTHERS[name];
  return { title, published, gmacs, peakMiB: intercept + slope * grown * TABLE_SLICES, isMeasured: false };
}
