import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { encode, type HostStep, type LoweredGraph, type Target, type TensorData } from '@mammoscope/nn';
import { detectBlockSize } from './block-size.ts';
import type { Device } from './device.ts';
import type { GraphDescription, Replies, Reply, Request, Value } from './protocol.ts';
import { convertLayout } from './resident-values.ts';

/** A loaded graph. */
export interface Session {
  /**
   * Runs the graph on inputs by name; resident parameters are read and, where the graph updates them, advanced. The memory of inputs that
   * are given goes to the engine in place of a copy: they are empty afterwards.
   */
  run(
    inputs: ReadonlyMap<string, TensorData>,
    options?: { readonly given?: boolean },
  ): Promise<ReadonlyMap<string, TensorData>>;
  release(): Promise<void>;
}

/** Options of an engine. */
export interface EngineOptions {
  readonly device?: Device;
  /** Threads inside an op; the machine's cores unless said otherwise. Results depend on it in the last bits. */
  readonly threads?: number;
}

/** An error that ONNX Runtime reported from the worker thread. */
export class EngineError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'EngineError';
  }
}

/**
 * ONNX Runtime in a worker thread, with values that stay between runs. Graphs that name the same parameter share it: a
 * training step advances the weights that the evaluation graph then reads.
 */
export class Engine {
  readonly device: Device;
  readonly threads: number;
  readonly target: Target;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { resolve: (result: never) => void; reject: (error: Error) => void }>();
  #next = 0;
  #failure: Error | null = null;

  private constructor(device: Device, threads: number, blockSize: number) {
    this.device = device;
    this.threads = threads;
    this.target = { device, blockSize };
    this.#worker = new Worker(new URL('./session-host.ts', import.meta.url));
    this.#worker.unref();
    this.#worker.on('message', (reply: Reply) => this.#settle(reply));
    this.#worker.on('error', (error: Error) =>
      this.#fail(new EngineError(`the worker thread ended: ${error.message}`)),
    );
    this.#worker.on('exit', () => this.#fail(new EngineError('the worker thread ended')));
  }

  static async create({ device = 'cpu', threads = availableParallelism() }: EngineOptions = {}): Promise<Engine> {
    return new Engine(device, threads, device === 'cpu' ? await detectBlockSize() : 0);
  }

  /**
   * Loads a lowered graph. With `hostStep`, a run also updates parameters by the gradients that the graph gives; the
   * optimiser's scalars are then inputs of `run`, and its state must have been put.
   */
  async load(lowered: LoweredGraph, hostStep?: HostStep): Promise<Session> {
    const session = await this.#ask({
      kind: 'load',
      graph: { ...this.#describe(lowered), ...(hostStep ? { hostStep } : {}) },
      device: this.device,
      threads: this.threads,
    });
    return {
      run: (inputs, { given = false } = {}) =>
        this.#ask({ kind: 'run', session, inputs }, given ? ownMemory([...inputs.values()]) : []),
      release: async () => {
        await this.#ask({ kind: 'release', session });
      },
    };
  }

  /** Sets resident values, plain layout. */
  async put(values: ReadonlyMap<string, Omit<Value, 'layout'>>): Promise<void> {
    await this.#ask({ kind: 'put', values: inPlainLayout(values) });
  }

  /** As `put`, but the memory of the arrays goes to the engine: they are empty afterwards. */
  async give(values: ReadonlyMap<string, Omit<Value, 'layout'>>): Promise<void> {
    const memory = ownMemory([...values.values()].map(({ data }) => data));
    await this.#ask({ kind: 'put', values: inPlainLayout(values) }, memory);
  }

  /** Copies of resident values, plain layout. */
  async get(names: readonly string[]): Promise<Map<string, Omit<Value, 'layout'>>> {
    const values = await this.#ask({ kind: 'get', names });
    return new Map(
      [...values].map(([name, { dtype, shape, layout, data }]) => [
        name,
        {
          dtype,
          shape,
          data:
            layout === 'plain'
              ? data
              : convertLayout(data as Float32Array, shape, layout, 'plain', this.target.blockSize),
        },
      ]),
    );
  }

  /**
   * Least time of running a graph of its own, in milliseconds, over a budget of repetitions. One whose first run takes
   * several times `knownMs`, the time of another way to the same result, is not run again.
   */
  async time(lowered: LoweredGraph, budgetMs: number, knownMs = Number.POSITIVE_INFINITY): Promise<number> {
    return this.#ask({
      kind: 'time',
      graph: this.#describe(lowered),
      device: this.device,
      threads: this.threads,
      budgetMs,
      knownMs,
    });
  }

  /** Releases what the worker thread holds, buffers before the sessions that made them, and ends it. */
  async close(): Promise<void> {
    await this.#ask({ kind: 'end' }).catch(() => undefined); // an engine that has failed holds nothing any more
    this.#failure ??= new EngineError('the engine is closed');
    await this.#worker.terminate();
  }

  #describe(lowered: LoweredGraph): GraphDescription {
    const { inputs, parameters, outputs, updates, target } = lowered;
    const { blockSize } = target;
    return { bytes: encode(lowered), inputs, parameters, outputs, updates: [...updates], blockSize };
  }

  #ask<R extends Request>(request: R, moved: readonly ArrayBuffer[] = []): Promise<Replies[R['kind']]> {
    if (this.#failure) return Promise.reject(this.#failure);
    const id = this.#next++;
    this.#worker.ref();
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, request }, moved);
    });
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if ('error' in reply) waiting?.reject(new EngineError(reply.error));
    else waiting?.resolve(reply.result as never);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }
}

/** The memory of arrays that share it with nothing. */
function ownMemory(arrays: readonly TensorData[]): ArrayBuffer[] {
  const owned = arrays.filter((data) => data.byteLength === data.buffer.byteLength);
  return [...new Set(owned.map(({ buffer }) => buffer as ArrayBuffer))];
}

function inPlainLayout(values: ReadonlyMap<string, Omit<Value, 'layout'>>): ReadonlyMap<string, Value> {
  return new Map([...values].map(([name, value]) => [name, { ...value, layout: 'plain' }]));
}
