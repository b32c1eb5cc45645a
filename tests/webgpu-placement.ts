import { encode, type LoweredGraph } from '@mammoscope/nn';
import * as ort from 'onnxruntime-node';

/** True when some node of a graph has no kernel on webgpu, so that ONNX Runtime would run it on the CPU. */
export async function fallsBack(lowered: LoweredGraph): Promise<boolean> {
  const options: ort.InferenceSession.SessionOptions = {
    executionProviders: ['webgpu', 'cpu'],
    graphOptimizationLevel: 'disabled',
    logSeverityLevel: 4,
  };
  const session = await ort.InferenceSession.create(encode(lowered), options); // or the graph itself is at fault
  await session.release();
  try {
    const strict = { ...options, extra: { session: { disable_cpu_ep_fallback: '1' } } };
    const onDevice = await ort.InferenceSession.create(encode(lowered), strict);
    await onDevice.release();
    return false;
  } catch (error) {
    if (error instanceof Error && /fallback to CPU EP has been explicitly disabled/.test(error.message)) return true;
    throw error;
  }
}
