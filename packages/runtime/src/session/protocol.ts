/** What the engine and its worker thread say to each other. Graphs cross as ONNX bytes, values as typed arrays. */
import type { DType, HostStep, Layout, Shape, TensorData } from '@mammoscope/nn';
import type { Device } from './device.ts';

/** A value on the host, with the order of its elements. */
export interface Value {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly layout: Layout;
  readonly data: TensorData;
}

/** A graph ready to run: the ports of a lowered graph and its ONNX bytes. */
export interface GraphDescription {
  readonly bytes: Uint8Array;
  readonly inputs: readonly PortDescription[];
  readonly parameters: readonly PortDescription[];
  readonly outputs: readonly PortDescription[];
  /** Parameter and the output that holds its next value. */
  readonly updates: readonly (readonly [string, string])[];
  readonly blockSize: number;
  /** How parameters are updated after a run, when the graph gives gradients instead of updating them. */
  readonly hostStep?: HostStep;
}

export interface PortDescription {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly layout: Layout;
}

export type Request =
  | { readonly kind: 'load'; readonly graph: GraphDescription; readonly device: Device; readonly threads: number }
  | { readonly kind: 'release'; readonly session: number }
  | { readonly kind: 'end' }
  | { readonly kind: 'put'; readonly values: ReadonlyMap<string, Value> }
  | { readonly kind: 'get'; readonly names: readonly string[] }
  | { readonly kind: 'run'; readonly session: number; readonly inputs: ReadonlyMap<string, TensorData> }
  | {
      readonly kind: 'time';
      readonly graph: GraphDescription;
      readonly device: Device;
      readonly threads: number;
      readonly budgetMs: number;
      readonly knownMs: number;
    };

/** The answer to each kind of request. */
export interface Replies {
  load: number;
  release: null;
  end: null;
  put: null;
  get: ReadonlyMap<string, Value>;
  run: ReadonlyMap<string, TensorData>;
  time: number;
}

export interface Envelope {
  readonly id: number;
  readonly request: Request;
}

export type Reply =
  | { readonly id: number; readonly result: Replies[Request['kind']] }
  | { readonly id: number; readonly error: string };
