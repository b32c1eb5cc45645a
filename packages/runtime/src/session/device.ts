import * as ort from 'onnxruntime-node';

/** Where a graph runs. */
export type Device = 'cpu' | 'webgpu' | 'cuda';
export const DEVICES: readonly Device[] = ['cpu', 'webgpu', 'cuda'];

/** Options of a session on a device. Logs below errors are silent: stderr belongs to the caller. */
export function sessionOptions(device: Device, threads: number): ort.InferenceSession.SessionOptions {
  return {
    executionProviders: device === 'cpu' ? ['cpu'] : [device, 'cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // A plan of all buffers in one block comes on top of what the first run took, and no run is faster for it.
    enableMemPattern: false,
    logSeverityLevel: 3,
  };
}

/** A device and the reason for it, in a sentence fit for a log. */
export interface DeviceChoice {
  readonly device: Device;
  readonly reason: string;
}

/** The version of ONNX Runtime. */
export function ortVersion(): string {
  return ort.env.versions.node ?? ort.env.versions.common;
}
