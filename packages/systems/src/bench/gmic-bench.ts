/** The global network of 3D-GMIC on one slice, and `predict` on a whole volume, timed against the MatMul ceiling of the same process. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { adam, type Graph, lower, type TensorData } from '@mammoscope/nn';
import { chooseWays, Engine, probeInput, probeParameter, type Session } from '@mammoscope/runtime';
import { GMIC_PORTS, gmicStep, localGraph, saliencyGraph } from '../gmic/graphs.ts';
import { type GmicSpec, mapSize } from '../gmic/spec.ts';
import { predictPark2022 } from '../park2022/predict.ts';
import { writePredictPlace } from './gmic-command.ts';
import { forgetPeak } from './peak-memory.ts';
import { caseNamed, gflopOfGraph, type Speed, timed } from './speed.ts';

/**
 * The passes over a slice that are timed: training keeps the network's values, or computes blocks again; and `predict` on the volume of table I,
 * from a file that is not compressed to all that it writes.
 */
export const GMIC_CASES = ['inference', 'training', 'training-recomputed', 'predict'] as const;
export type GmicCase = (typeof GMIC_CASES)[number];

/** SystemError 'option-invalid' for another name. */
export const gmicCase = (name: string): GmicCase => caseNamed(GMIC_CASES, '3D-GMIC', name);

/** What a case came to. */
export interface GmicBenchResult extends Speed {
  readonly case: GmicCase;
  readonly title: string;
  /** Multiply-adds of inference on 96 such slices and 8 patches, in thousands of millions: 798 in table I of the paper. */
  readonly volumeGmacs: number;
  /** Least time of a training step in which every slice has a gradient, an inference pass and this one, over that of three inference passes. */
  readonly stepByThreePasses?: number;
}

/** How a case is run. */
export interface GmicBenchOptions {
  /** Of the slice; its width is 1339/2116 of it, the window of section V-D3. */
  readonly heightPx: number;
  readonly runs: number;
  readonly threads?: number;
}

/** Slices of table I; it does not say how many patches, and 8 is the least of section V-D6. */
const SLICES = 96;
const PATCHES = 8;

/** Runs a case in a fresh engine. Memory is meaningful only when nothing else ran in the process. */
export async function runGmicCase(name: GmicCase, options: GmicBenchOptions): Promise<GmicBenchResult> {
  const engine = await Engine.create(options.threads ? { threads: options.threads } : {});
  try {
    return await (name === 'predict' ? timePredict(engine, options) : timeSlice(engine, name, options));
  } finally {
    await engine.close();
  }
}

const columnsOf = (heightPx: number) => Math.round((1339 * heightPx) / 2116);

/**
 * The whole of `predict park2022` by one network, the image as it is: no varied copies. Operations are those of the global network on the
 * slices alone, so that all else, reading and writing included, counts as time.
 */
async function timePredict(engine: Engine, { heightPx, runs }: GmicBenchOptions): Promise<GmicBenchResult> {
  const size = { slices: SLICES, patches: PATCHES, heightPx, widthPx: columnsOf(heightPx) };
  const { folder, run, volume, spec } = await writePredictPlace(engine, size);
  try {
    forgetPeak(); // what timing ways to compute took
    const gflop = SLICES * gflopOfGraph(saliencyGraph(spec));
    const request = { engine, run, files: [volume], out: join(folder, 'out') };
    const timing = { gflop, runs: Math.ceil(runs / SLICES), run: () => predictPark2022(request) };
    return {
      ...{ case: 'predict', title: `predict, ${SLICES} x ${heightPx} x ${size.widthPx}` },
      ...(await timed(engine, timing)),
      volumeGmacs: (gflop + gflopOfGraph(localGraph(spec))) / 2,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function timeSlice(
  engine: Engine,
  name: Exclude<GmicCase, 'predict'>,
  { heightPx, runs }: GmicBenchOptions,
): Promise<GmicBenchResult> {
  const spec: GmicSpec = {
    heightPx,
    widthPx: columnsOf(heightPx),
    slicesPerRun: 1,
    cropPx: 256,
    patches: PATCHES,
    pooledShare: 1,
    zeta: 10,
    nonlinearity: 'reluTanh',
    omega: 0.01,
  };
  const inference = saliencyGraph(spec);
  const graph = name === 'inference' ? inference : sliceGradient(spec, engine, name === 'training-recomputed');
  const { rows, columns } = mapSize(spec);
  const inputs = new Map<string, TensorData>([
    [GMIC_PORTS.slices, probeInput([1, 1, heightPx, spec.widthPx], 1)],
    [GMIC_PORTS.seed, new Float32Array(2 * rows * columns).fill(1)],
  ]);
  const time = async (pass: Graph) => {
    const session = await loadPass(engine, pass);
    return timed(engine, { gflop: gflopOfGraph(pass), runs, run: () => session.run(inputs) });
  };
  const speed = await time(graph);
  const passMs = name === 'inference' ? undefined : (await time(inference)).leastMs;
  return {
    ...{ case: name, title: `${name}, 1 x ${heightPx} x ${spec.widthPx}`, ...speed },
    volumeGmacs: (SLICES * gflopOfGraph(inference) + gflopOfGraph(localGraph(spec))) / 2,
    ...(passMs === undefined ? {} : { stepByThreePasses: (passMs + speed.leastMs) / (3 * passMs) }),
  };
}

/** The second pass of a training step over a slice: forward, backward, and the gradient added up. */
const sliceGradient = (spec: GmicSpec, { device }: Engine, recompute: boolean): Graph =>
  gmicStep(spec, { optimiser: adam(), weightDecay: 0, device, volumes: 1, beta: 0, recompute }).streamed;

async function loadPass(engine: Engine, graph: Graph): Promise<Session> {
  const lowered = lower(graph, engine.target, await chooseWays(engine, [graph]));
  for (const { name, shape } of lowered.parameters)
    await engine.put(new Map([[name, { dtype: 'float32' as const, shape, data: probeParameter(name, shape, '') }]]));
  return engine.load(lowered);
}
