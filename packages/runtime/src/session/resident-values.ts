import { type Layout, permuteFilter, type Shape, sizeOf, type TensorData } from '@mammoscope/nn';
import * as ort from 'onnxruntime-node';
import type { PortDescription, Value } from './protocol.ts';

interface Resident {
  readonly tensor: ort.Tensor;
  readonly layout: Layout;
}

/**
 * The values that stay between runs: parameters, running statistics, optimiser state. Each has the storage that the
 * last graph wanted; a graph that wants another order of elements gets a converted copy, which replaces the value.
 */
export class ResidentValues {
  readonly #values = new Map<string, Resident>();
  readonly #spares = new Map<string, ort.Tensor>();

  put(name: string, { dtype, shape, layout, data }: Value): void {
    this.#values.set(name, { tensor: hostTensor(dtype, data, shape), layout });
    this.#spares.delete(name);
  }

  /** A value's host copy, in the layout that it has. */
  async get(name: string): Promise<Value> {
    const { tensor, layout } = this.#find(name);
    const data = (tensor.location === 'cpu' ? tensor.data : await tensor.getData()) as TensorData;
    return { dtype: tensor.type as Value['dtype'], shape: tensor.dims, layout, data: data.slice() as TensorData };
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

  /** Makes the state that a run wrote the value, and the old buffer the spare. */
  advance(name: string, next: ort.Tensor, layout: Layout): void {
    const { tensor } = this.#find(name);
    this.#values.set(name, { tensor: next, layout });
    if (tensor.location === 'cpu') this.#spares.set(name, tensor);
    else tensor.dispose();
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

/** A tensor over a host array. */
export function hostTensor(dtype: PortDescription['dtype'], data: TensorData, shape: Shape): ort.Tensor {
  // The constructor is overloaded by element type; the data always has the array type of its dtype.
  return new ort.Tensor(dtype as 'float32', data as Float32Array, shape);
}
