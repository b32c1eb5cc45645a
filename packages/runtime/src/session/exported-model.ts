import type { Shape } from '@mammoscope/nn';
import * as ort from 'onnxruntime-node';
import { sessionOptions } from './device.ts';

/** An ONNX file ready to run, as a user of it would. */
export interface ExportedModel {
  /** Runs it on float32 inputs; the values of all outputs by name. */
  run(
    inputs: Readonly<Record<string, { readonly shape: Shape; readonly data: Float32Array }>>,
  ): Promise<ReadonlyMap<string, Float32Array>>;
  release(): Promise<void>;
}

/**
 * Opens the bytes of an ONNX file on the CPU. Its weights are constants, so ONNX Runtime rewrites it to what suits the
 * processor: normalisation goes into convolutions, images and kernels into the blocked layout. A run blocks the thread
 * that calls it.
 */
export async function openExportedModel(bytes: Uint8Array, threads: number): Promise<ExportedModel> {
  const session = await ort.InferenceSession.create(bytes, {
    ...sessionOptions('cpu', threads),
    graphOptimizationLevel: 'all',
  });
  return {
    async run(inputs) {
      const feeds = Object.fromEntries(
        Object.entries(inputs).map(([name, { shape, data }]) => [name, new ort.Tensor('float32', data, shape)]),
      );
      const results = await session.run(feeds);
      return new Map(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]));
    },
    release: () => session.release(),
  };
}
