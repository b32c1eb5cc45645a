import { encodeModel, type Port } from '@mammoscope/nn';
import * as ort from 'onnxruntime-node';
import { sessionOptions } from './device.ts';

type DType = Port['dtype'];

/** Where a copy shall lie: in host memory, or in a buffer of the WebGPU device. */
export type Place = 'cpu' | 'gpu-buffer';

/** True when a tensor lies in a buffer of the device. */
export const isOnDevice = ({ location }: ort.Tensor): boolean => location === 'gpu-buffer';

/** True when a buffer of the device can hold an element type and stay there between runs. */
export const fitsDevice = (dtype: DType): boolean => dtype !== 'float64';

/**
 * Copies tensors to the WebGPU device, from it and on it, by running a graph of one Identity node whose output is asked
 * for in the place wanted; `getData()` of a tensor on the device ends the process in onnxruntime-node 1.30. A buffer
 * must be disposed of before the session that made it is released, so the sessions, one for each element type, number of
 * dimensions and place, are kept as long as the copier is.
 */
export class DeviceCopier {
  readonly #sessions = new Map<string, Promise<ort.InferenceSession>>();

  /** A copy of a tensor; the tensor given stays the caller's to dispose of. */
  async copy(tensor: ort.Tensor, to: Place): Promise<ort.Tensor> {
    const session = await this.#session(tensor.type as DType, tensor.dims.length, to);
    const { copy } = await session.run({ tensor });
    return copy as ort.Tensor;
  }

  /** Releases the sessions; the buffers that they made must have been disposed of. */
  async release(): Promise<void> {
    for (const session of this.#sessions.values()) await (await session).release();
    this.#sessions.clear();
  }

  #session(dtype: DType, rank: number, to: Place): Promise<ort.InferenceSession> {
    const key = `${dtype} ${rank} ${to}`;
    const known = this.#sessions.get(key);
    if (known) return known;
    const shape = Array.from({ length: rank }, (_, axis) => `extent${axis}`);
    const model = encodeModel({
      nodes: [{ opType: 'Identity', domain: '', name: 'copy', inputs: ['tensor'], outputs: ['copy'], attributes: {} }],
      inputs: [{ name: 'tensor', dtype, shape }],
      outputs: [{ name: 'copy', dtype, shape }],
      initializers: [],
    });
    const made = ort.InferenceSession.create(model, { ...sessionOptions('webgpu', 1), preferredOutputLocation: to });
    this.#sessions.set(key, made);
    return made;
  }
}
