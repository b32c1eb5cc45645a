import * as ort from 'onnxruntime-node';
import { sessionOptions } from './device.ts';
import { type FloatModel, floatModel } from './float-model.ts';

/**
 * Opens the bytes of an ONNX file on the CPU. Its weights are constants, so ONNX Runtime rewrites it to what suits the
 * processor: normalisation goes into convolutions, images and kernels into the blocked layout. A run blocks the thread
 * that calls it.
 */
export async function openExportedModel(bytes: Uint8Array, threads: number): Promise<FloatModel> {
  const session = await ort.InferenceSession.create(bytes, {
    ...sessionOptions('cpu', threads),
    graphOptimizationLevel: 'all',
  });
  return floatModel(session, ort.Tensor);
}
