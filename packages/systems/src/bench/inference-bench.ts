/** Exported networks on single images, timed against the MatMul ceiling of the same process. */
import { type NetworkName, networks } from '@mammoscope/nn';
import { Engine, float32Tensor, openExportedModel, probeInput, probeParameter } from '@mammoscope/runtime';
import { exportClassifiers } from '../classifier/export.ts';
import { type ClassifierSpec, declarationsOf, inferenceGraph, PORTS } from '../classifier/graphs.ts';
import { SystemError } from '../errors.ts';
import { ceiling, macsOf } from './train-bench.ts';

/** What one network came to. */
export interface InferenceResult {
  readonly model: NetworkName;
  readonly sizePx: number;
  /** Least and median time of one image, milliseconds. */
  readonly leastMs: number;
  readonly medianMs: number;
  /** Multiply-adds (times two) of convolutions and products. */
  readonly gflop: number;
  readonly gflopPerSecond: number;
  /** MatMul of two 2048 x 2048 matrices, the shortest of those before, between and after the runs. */
  readonly ceilingGflopPerSecond: number;
  readonly shareOfCeiling: number;
  /** Largest resident memory of the process up to the last run; the ceiling is measured after it. */
  readonly peakMiB: number;
}

/** How a network is timed. */
export interface InferenceOptions {
  readonly sizePx: number;
  /** Images, each run by itself. */
  readonly runs: number;
  readonly threads?: number;
}

/** Models that are timed when none is named. */
export const INFERENCE_MODELS: readonly NetworkName[] = ['resnet34', 'resnet50'];

/** Parts that the runs come in, a ceiling between two. */
const ROUNDS = 3;

/** SystemError 'option-invalid' for a network that is not there or takes volumes. */
export function inferenceModel(name: string): NetworkName {
  if (!Object.hasOwn(networks, name))
    throw new SystemError(
      'option-invalid',
      `there is no network of images "${name}": use ${Object.keys(networks).join(', ')}`,
    );
  return name as NetworkName;
}

/** Exports a network with weights that are functions of their names and runs the file on one image. */
export async function runInferenceCase(
  model: NetworkName,
  { sizePx, runs, threads }: InferenceOptions,
): Promise<InferenceResult> {
  const engine = await Engine.create(threads ? { threads } : {});
  try {
    const spec: ClassifierSpec = { network: model, outputs: 2, channels: 3, sizePx };
    const exported = await openExportedModel(exportOf(spec), engine.threads);
    const shape = [1, spec.channels, sizePx, sizePx];
    const inputs = { [PORTS.image]: { shape, data: probeInput(shape, 1) } };
    const times: number[] = [];
    let peakBytes = 0;
    let fastest = 0;
    for (let round = 0; round < ROUNDS; round++) {
      await exported.run(inputs); // what the ceiling pushed out of the caches
      for (let i = round; i < runs; i += ROUNDS) {
        const start = performance.now();
        await exported.run(inputs);
        times.push(performance.now() - start);
      }
      if (round === 0) peakBytes = process.resourceUsage().maxRSS * 1024;
      fastest = Math.max(fastest, await ceiling(engine));
    }
    await exported.release();
    times.sort((a, b) => a - b);
    const leastMs = times[0] as number;
    const gflop = inferenceGraph(spec, 1).nodes.reduce((sum, node) => sum + 2 * macsOf(node), 0) / 1e9;
    return {
      model,
      sizePx,
      leastMs,
      medianMs: times[Math.floor(times.length / 2)] as number,
      gflop,
      gflopPerSecond: (1000 * gflop) / leastMs,
      ceilingGflopPerSecond: fastest,
      shareOfCeiling: (1000 * gflop) / leastMs / fastest,
      peakMiB: peakBytes / 2 ** 20,
    };
  } finally {
    await engine.close();
  }
}

function exportOf(spec: ClassifierSpec): Uint8Array {
  const weights = new Map(
    [...declarationsOf(spec)].map(([name, { tensor }]) => [
      name,
      float32Tensor(tensor.shape, probeParameter(name, tensor.shape, '')),
    ]),
  );
  const metadata = { classes: ['negative', 'positive'], normalisation: 'zScore', cutoff: 0.5, versions: {} } as const;
  return exportClassifiers([{ spec, weights }], metadata);
}
