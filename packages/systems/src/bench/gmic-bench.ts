/** The global network of 3D-GMIC on one slice, timed against the MatMul ceiling of the same process. */
import { adam, lower, type TensorData } from '@mammoscope/nn';
import { chooseWays, Engine, probeInput, probeParameter } from '@mammoscope/runtime';
import { GMIC_PORTS, gmicStep, localGraph, saliencyGraph } from '../gmic/graphs.ts';
import { type GmicSpec, mapSize } from '../gmic/spec.ts';
import { caseNamed, gflopOfGraph, type Speed, timed } from './speed.ts';

/** The passes over a slice that are timed: training keeps the network's values, or computes blocks again. */
export const GMIC_CASES = ['inference', 'training', 'training-recomputed'] as const;
export type GmicCase = (typeof GMIC_CASES)[number];

/** SystemError 'option-invalid' for another name. */
export const gmicCase = (name: string): GmicCase => caseNamed(GMIC_CASES, '3D-GMIC', name);

/** What a case came to. */
export interface GmicBenchResult extends Speed {
  readonly case: GmicCase;
  readonly title: string;
  /** Multiply-adds of inference on 96 such slices and 8 patches, in thousands of millions: 798 in table I of the paper. */
  readonly volumeGmacs: number;
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
export async function runGmicCase(
  name: GmicCase,
  { heightPx, runs, threads }: GmicBenchOptions,
): Promise<GmicBenchResult> {
  const spec: GmicSpec = {
    heightPx,
    widthPx: Math.round((1339 * heightPx) / 2116),
    slicesPerRun: 1,
    cropPx: 256,
    patches: PATCHES,
    pooledShare: 1,
    zeta: 10,
    nonlinearity: 'reluTanh',
    omega: 0.01,
  };
  const engine = await Engine.create(threads ? { threads } : {});
  try {
    const options = { optimiser: adam(), weightDecay: 0, device: engine.device, volumes: 1, beta: 0 };
    const inference = saliencyGraph(spec);
    const recompute = name === 'training-recomputed';
    const graph = name === 'inference' ? inference : gmicStep(spec, { ...options, recompute }).streamed;
    const lowered = lower(graph, engine.target, await chooseWays(engine, [graph]));
    for (const { name, shape } of lowered.parameters)
      await engine.put(new Map([[name, { dtype: 'float32' as const, shape, data: probeParameter(name, shape, '') }]]));
    const session = await engine.load(lowered);
    const { rows, columns } = mapSize(spec);
    const inputs = new Map<string, TensorData>([
      [GMIC_PORTS.slices, probeInput([1, 1, heightPx, spec.widthPx], 1)],
      [GMIC_PORTS.seed, new Float32Array(2 * rows * columns).fill(1)],
    ]);
    return {
      ...{ case: name, title: `${name}, 1 x ${heightPx} x ${spec.widthPx}` },
      ...(await timed(engine, { gflop: gflopOfGraph(graph), runs, run: () => session.run(inputs) })),
      volumeGmacs: (SLICES * gflopOfGraph(inference) + gflopOfGraph(localGraph(spec))) / 2,
    };
  } finally {
    await engine.close();
  }
}
