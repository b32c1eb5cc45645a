import { type Layout, permuteFilter, type Shape, sizeOf, type TensorData, toTensorData } from '@mammoscope/nn';
import * as ort from 'onnxruntime-node';
import { DeviceCopier, fitsDevice, isOnDevice } from './device-copy.ts';
import type { PortDescription, Value } from './protocol.ts';

interface Resident {
  readonly tensor: ort.Tensor;
  readonly layout: Layout;
  /** The session that made the tensor's buffer on the device and with which it ends. */
  readonly maker?: number;
}

/**
 * The values that stay between runs: parameters, running statistics, optimiser state. Each has the storage that the
 * last graph wanted; a graph that wants another order of elements, or reads from a device, gets a copy, which replaces
 * the value. A buffer of the device is disposed of as soon as another tensor takes its place.
 */
export class ResidentValues {
  readonly #values = new Map<string, Resident>();
  readonly #spares = new Map<string, ort.Tensor>();
  readonly #copier = new DeviceCopier();

  /** Takes values over. Each has memory of its own, so that it can be given back. */
  put(values: ReadonlyMap<string, Value>): void {
    const taken = new Set<ArrayBufferLike>();
    for (const [name, { dtype, shape, layout, data }] of values) {
      const shared = taken.has(data.buffer) || data.byteLength !== data.buffer.byteLength;
      taken.add(data.buffer);
      this.#replace(name, { tensor: hostTensor(dtype, shared ? (data.slice() as TensorData) : data, shape), layout });
      this.#spares.delete(name);
    }
  }

  /** Host copies of values, each in the layout that it has. */
  async get(names: readonly string[]): Promise<Map<string, Value>> {
    const found = new Map<string, Value>();
    for (const name of names) {
      const { tensor, layout } = this.#find(name);
      const here = isOnDevice(tensor) ? await this.#copier.copy(tensor, 'cpu') : tensor;
      const data = here.data.slice() as TensorData;
      found.set(name, { dtype: tensor.type as Value['dtype'], shape: tensor.dims, layout, data });
    }
    return found;
  }

  /** Moves the values that a graph reads to the device, those of them that are not there yet. */
  async moveToDevice(ports: readonly PortDescription[]): Promise<void> {
    for (const { name } of ports) {
      const { tensor } = this.#find(name);
      if (!isOnDevice(tensor) && fitsDevice(tensor.type as Value['dtype'])) await this.#copyOnDevice(name);
    }
  }

  /** Copies the buffers that a session made, before it is released. */
  async outlive(session: number): Promise<void> {
    for (const [name, { maker }] of this.#values) if (maker === session) await this.#copyOnDevice(name);
  }

  /** Disposes of everything. */
  async release(): Promise<void> {
    for (const { tensor } of this.#values.values()) if (isOnDevice(tensor)) tensor.dispose();
    this.#values.clear();
    this.#spares.clear();
    await this.#copier.release();
  }

  /** The tensor that a graph reads for one of its parameters. */
  tensor(port: PortDescription, blockSize: number): ort.Tensor {
    const resident = this.#find(port.name);
    if (resident.tensor.dims.join() !== port.shape.join() || resident.tensor.type !== port.dtype) {
      throw new Error(
        `value "${port.name}" is ${resident.tensor.type} [${resident.tensor.dims}], the graph wants ${port.dtype} [${port.shape}]`,
      );
    }
    if (resident.layout === port.layout) return resident.tensor;
    const converted = convertLayout(
      resident.tensor.data as Float32Array,
      port.shape,
      resident.layout,
      port.layout,
      blockSize,
    );
    const tensor = hostTensor(port.dtype, converted, port.shape);
    giveBack(resident.tensor);
    this.#values.set(port.name, { tensor, layout: port.layout });
    this.#spares.delete(port.name);
    return tensor;
  }

  /** A second buffer of a value, for the run to write its next state into. */
  spare(port: PortDescription): ort.Tensor {
    const known = this.#spares.get(port.name);
    if (known) return known;
    const made = hostTensor(port.dtype, new Float32Array(sizeOf(port.shape)), port.shape);
    this.#spares.set(port.name, made);
    return made;
  }

  /** Makes the state that a run of a session wrote the value, and the old array the spare. */
  advance(name: string, next: ort.Tensor, layout: Layout, session: number): void {
    const { tensor } = this.#find(name);
    if (isOnDevice(next)) this.#replace(name, { tensor: next, layout, maker: session });
    else {
      this.#replace(name, { tensor: next, layout });
      if (!isOnDevice(tensor)) this.#spares.set(name, tensor);
    }
  }

  /** The buffer that a run writes a kept value into, one for all runs; with it the value is what that run computes. */
  kept({ name, dtype, shape, layout }: PortDescription): ort.Tensor {
    const known = this.#values.get(name);
    if (known && known.layout === layout && !isOnDevice(known.tensor) && known.tensor.dims.join() === shape.join())
      return known.tensor;
    const tensor = hostTensor(dtype, toTensorData(dtype, new Float32Array(sizeOf(shape))), shape);
    this.#replace(name, { tensor, layout });
    return tensor;
  }

  /** Makes a tensor the value of a name. */
  keep(name: string, tensor: ort.Tensor, layout: Layout): void {
    this.#replace(name, { tensor, layout });
  }

  async #copyOnDevice(name: string): Promise<void> {
    const { tensor, layout } = this.#find(name);
    this.#replace(name, { tensor: await this.#copier.copy(tensor, 'gpu-buffer'), layout });
    this.#spares.delete(name);
  }

  #replace(name: string, resident: Resident): void {
    const old = this.#values.get(name)?.tensor;
    this.#values.set(name, resident);
    if (old && isOnDevice(old)) old.dispose();
  }

  #find(name: string): Resident {
    const resident = this.#values.get(name);
    if (!resident) throw new Error(`value "${name}" was never given`);
    return resident;
  }
}

/** Copies elements from one layout to another on the host. */
export function convertLayout(
  data: Float32Array,
  shape: Shape,
  from: Layout,
  to: Layout,
  blockSize: number,
): Float32Array {
  if (from === to) return data;
  if (from === 'filter' && to === 'plain') return permuteFilter(data, shape, blockSize, 'plain');
  if (from === 'plain' && to === 'filter') return permuteFilter(data, shape, blockSize, 'filter');
  throw new Error(`no conversion from ${from} to ${to} layout on the host`);
}

/** Gives the memory of a tensor on the host back at once instead of when the garbage collector comes. */
export function giveBack({ data }: ort.Tensor): void {
  // Of the element types that a graph has, strings alone have no buffer.
  ((data as Float32Array).buffer as ArrayBuffer).transfer(0);
}

/** A tensor over a host array. */
export function hostTensor(dtype: PortDescription['dtype'], data: TensorData, shape: Shape): ort.Tensor {
  // The constructor is overloaded by element type; the data always has the array type of its dtype.
  return new ort.Tensor(dtype as 'float32', data as Float32Array, shape);
}
