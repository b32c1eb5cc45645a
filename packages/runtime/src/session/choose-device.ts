import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { encode, functions, Graph, lower, PORTABLE_TARGET } from '@mammoscope/nn';
import * as ort from 'onnxruntime-node';
import { type Device, sessionOptions } from './device.ts';

/** A device and the reason for it, fit for a log line. */
export interface DeviceChoice {
  readonly device: Device;
  readonly reason: string;
}

/** What a choice rests on. */
export interface DeviceProbe {
  /** Why a device cannot run anything here; null when it can. */
  whyUnavailable(device: Device): Promise<string | null>;
  /** Least time of several runs of CHAIN matrix products of a side, in milliseconds. */
  productsMs(device: Device, side: number): Promise<number>;
}

/** Products in a row, so that the way to a device and back counts little. */
const CHAIN = 8;
/** Side of a first look, and how many times the CPU's time rules a device out there: a GPU's start costs 10 to 30 times. */
const GLANCE = { side: 128, ratio: 100 } as const;
/** Side of the products that decide: 17 GFLOP in all. */
const DECISIVE_SIDE = 1024;

/** How long a driver may take to answer. */
const PROBE_TIMEOUT_MS = 60_000;

/** Why a device cannot run anything here; null when it can. It is asked in another process (device-probe.ts). */
export async function whyUnavailable(device: Device): Promise<string | null> {
  if (device === 'cpu') return null;
  const probe = fileURLToPath(new URL('./device-probe.ts', import.meta.url));
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [probe, device], {
      timeout: PROBE_TIMEOUT_MS,
    });
    return JSON.parse(stdout.trimEnd().split('\n').at(-1) as string) as string | null;
  } catch (error) {
    const { signal, killed } = error as { readonly signal?: string | null; readonly killed?: boolean };
    if (killed) return `its driver did not answer within ${PROBE_TIMEOUT_MS / 1000} s`;
    return `its driver ended the process that asked it${signal ? ` (${signal})` : ''}`;
  }
}

async function productsMs(device: Device, side: number): Promise<number> {
  const graph = new Graph();
  const x = graph.input('x', [side, side]);
  const chain = Array.from({ length: CHAIN }).reduce<typeof x>((product) => functions.matMul(product, x), x);
  graph.output('y', functions.reduceSum(chain));
  const session = await ort.InferenceSession.create(
    encode(lower(graph, PORTABLE_TARGET)),
    sessionOptions(device, availableParallelism()),
  );
  const feeds = { x: new ort.Tensor('float32', new Float32Array(side * side).fill(1 / side), [side, side]) };
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 4; run++) {
    const start = performance.now();
    await session.run(feeds);
    least = Math.min(least, performance.now() - start); // the first run compiles and is never the least
  }
  await session.release();
  return least;
}

/** This machine. */
const machine: DeviceProbe = { whyUnavailable, productsMs };

/**
 * The device to run on: the one asked for, or with 'auto' CUDA where a user has installed it, else WebGPU where it
 * multiplies matrices faster than the CPU does, else the CPU. A WebGPU adapter may be a program (SwiftShader, llvmpipe),
 * slower than the CPU that it runs on by a factor of 100, and onnxruntime-node does not tell which adapter it took; so
 * time decides. RangeError when the device asked for cannot be used.
 */
export async function chooseDevice(wanted: Device | 'auto', probe: DeviceProbe = machine): Promise<DeviceChoice> {
  if (wanted !== 'auto') {
    const why = await probe.whyUnavailable(wanted);
    if (why !== null) throw new RangeError(`device ${wanted} cannot be used here (${why}); use --device cpu, or auto`);
    return { device: wanted, reason: 'as asked' };
  }
  const noCuda = await probe.whyUnavailable('cuda');
  if (noCuda === null) return { device: 'cuda', reason: 'CUDA is installed and answers' };
  const noWebgpu = await probe.whyUnavailable('webgpu');
  const cudaLine = `no cuda: ${noCuda.slice(0, 120)}`;
  if (noWebgpu !== null) return { device: 'cpu', reason: `${cudaLine}; no webgpu: ${noWebgpu.slice(0, 120)}` };
  const { faster, line } = await compareWebgpu(probe);
  return { device: faster ? 'webgpu' : 'cpu', reason: `${line}; ${cudaLine}` };
}

/** Whether webgpu beats the CPU, and the times as a line. */
async function compareWebgpu({
  productsMs,
}: DeviceProbe): Promise<{ readonly faster: boolean; readonly line: string }> {
  let side: number = GLANCE.side;
  let [webgpu, cpu] = [await productsMs('webgpu', side), await productsMs('cpu', side)];
  if (webgpu < GLANCE.ratio * cpu) {
    side = DECISIVE_SIDE;
    [webgpu, cpu] = [await productsMs('webgpu', side), await productsMs('cpu', side)];
  }
  const faster = side === DECISIVE_SIDE && webgpu < cpu;
  const times = `${webgpu.toPrecision(3)} ms for ${CHAIN} products of ${side} x ${side}, the CPU ${cpu.toPrecision(3)} ms`;
  return { faster, line: faster ? `webgpu takes ${times}` : `webgpu is slower, perhaps a software driver: ${times}` };
}
