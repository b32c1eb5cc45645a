import { encode, functions, Graph, lower, PORTABLE_TARGET } from '@mammoscope/nn';
import * as ort from 'onnxruntime-node';
import { type Device, sessionOptions } from './device.ts';

/** A device and the reason for it, fit for a log line. */
export interface DeviceChoice {
  readonly device: Device;
  readonly reason: string;
}

/** Why a device cannot run anything here; null when it can. It is asked to add 1 to four numbers. */
export async function whyUnavailable(device: Device): Promise<string | null> {
  if (device === 'cpu') return null;
  const graph = new Graph();
  graph.output('y', functions.add(graph.input('x', [4]), 1));
  try {
    const session = await ort.InferenceSession.create(encode(lower(graph, PORTABLE_TARGET)), {
      ...sessionOptions(device, 1),
      executionProviders: [device],
    });
    await session.run({ x: new ort.Tensor('float32', new Float32Array(4), [4]) });
    await session.release();
    return null;
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).split('\n')[0] as string;
  }
}

/** The device to run on: the one asked for, or with 'auto' CUDA where a user has installed it, else WebGPU, else the CPU. */
export async function chooseDevice(wanted: Device | 'auto'): Promise<DeviceChoice> {
  if (wanted !== 'auto') {
    const why = await whyUnavailable(wanted);
    if (why) throw new RangeError(`device ${wanted} cannot be used here (${why}); use --device cpu, or auto`);
    return { device: wanted, reason: 'as asked' };
  }
  const reasons: string[] = [];
  for (const device of ['cuda', 'webgpu'] as const) {
    const why = await whyUnavailable(device);
    if (why === null) return { device, reason: [`${device} answers`, ...reasons].join('; ') };
    reasons.push(`no ${device}: ${why.slice(0, 120)}`);
  }
  return { device: 'cpu', reason: reasons.join('; ') };
}
