import * as ort from 'onnxruntime-node';

/** Where a graph runs. */
export type Device = 'cpu' | 'webgpu' | 'cuda';
export const DEVICES: readonly Device[] = ['cpu', 'webgpu', 'cuda'];

// What is logged outside a session, such as a provider that is not installed, is thrown as well.
ort.env.logLevel = 'fatal';

/** Options of a session on a device. Logs below errors are silent: stderr belongs to the caller. */
export function sessionOptions(device: Device, threads: number): ort.InferenceSession.SessionOptions {
  return {
    executionProviders: device === 'cpu' ? ['cpu'] : [device, 'cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    // Lowered graphs are as they should be: ONNX Runtime's own rewriting gains nothing, takes three times as long to
    // start, and replaces the last nodes, by whose order it decides what to compute first (see leavesLast in nn).
    graphOptimizationLevel: 'disabled',
    // A plan of all buffers in one block comes on top of what the first run took, and no run is faster for it.
    enableMemPattern: false,
    // Threads that wait for each other sleep; spinning keeps cores that reading the next batch could use (ADR 0001).
    extra: { session: { intra_op: { allow_spinning: '0' } } },
    logSeverityLevel: 3,
  };
}

/** The version of ONNX Runtime. */
export function ortVersion(): string {
  return ort.env.versions.node ?? ort.env.versions.common;
}
