/** Exported networks on single images, timed against the MatMul ceiling of the same process. */
import { type NetworkName, networks } from '@mammoscope/nn';
import { Engine, float32Tensor, openExportedModel, probeInput, probeParameter } from '@mammoscope/runtime';
import { exportClassifiers } from '../classifier/export.ts';
import { type ClassifierSpec, declarationsOf, inferenceGraph, PORTS } from '../classifier/graphs.ts';
import { SystemError } from '../errors.ts';
import { gflopOf, type Speed, timed } from './speed.ts';

/** What one network came to. */
export interface InferenceResult extends Speed {
  readonly model: NetworkName;
  readonly sizePx: number;
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
    const gflop = gflopOf(inferenceGraph(spec, 1).nodes);
    const speed = await timed(engine, { gflop, runs, run: () => exported.run(inputs) });
    await exported.release();
    return { model, sizePx, ...speed };
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
