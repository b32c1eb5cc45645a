/**
 * The worker thread that holds sessions and resident values. onnxruntime-node's run blocks the thread that calls it, so
 * it is called here and the caller's event loop stays free.
 */
import { parentPort } from 'node:worker_threads';
import { KEPT_PREFIX, sizeOf, type TensorData } from '@mammoscope/nn';
import * as ort from 'onnxruntime-node';
import { sessionOptions } from './device.ts';
import { fitsDevice } from './device-copy.ts';
import { GRADIENT_OUTPUT, updateOnHost } from './host-update.ts';
import type { Envelope, GraphDescription, Replies, Reply, Request, Value } from './protocol.ts';
import { giveBack, hostTensor, ResidentValues } from './resident-values.ts';

interface Loaded {
  readonly session: ort.InferenceSession;
  readonly graph: GraphDescription;
  /** Whether parameters stay on the device. CUDA's do not: onnxruntime-node knows buffers of WebGPU alone. */
  readonly onDevice: boolean;
  /** Buffers that gradients are written to: in the arena they lie between everything else, and the largest are laid out twice. */
  readonly gradients: Readonly<Record<string, ort.Tensor>>;
}

const values = new ResidentValues();
const sessions = new Map<number, Loaded>();
let nextSession = 0;

const handlers: { readonly [K in Request['kind']]: (request: Extract<Request, { kind: K }>) => Promise<Replies[K]> } = {
  async load({ graph, device, threads }) {
    const onDevice = device === 'webgpu';
    const dtypes = new Map(graph.parameters.map(({ name, dtype }) => [name, dtype]));
    const staying = graph.updates.filter(([parameter]) => fitsDevice(dtypes.get(parameter) ?? 'float32'));
    const locations = onDevice
      ? { preferredOutputLocation: Object.fromEntries(staying.map(([, output]) => [output, 'gpu-buffer' as const])) }
      : {};
    const session = await ort.InferenceSession.create(graph.bytes, {
      ...sessionOptions(device, threads),
      ...locations,
    });
    const gradients = graph.hostStep ? gradientBuffers(graph) : {};
    sessions.set(nextSession, { session, graph: { ...graph, bytes: new Uint8Array() }, onDevice, gradients });
    return nextSession++;
  },

  async release({ session }) {
    await values.outlive(session);
    await sessions.get(session)?.session.release();
    sessions.delete(session);
    return null;
  },

  async end() {
    await values.release();
    for (const { session } of sessions.values()) await session.release();
    sessions.clear();
    return null;
  },

  async put({ values: given }) {
    values.put(given);
    return null;
  },

  async get({ names }) {
    return values.get(names);
  },

  async run({ session: id, inputs }) {
    const { session, graph, onDevice, gradients } = find(id);
    const feeds: Record<string, ort.Tensor> = {};
    for (const { name, dtype, shape } of graph.inputs) {
      const data = inputs.get(name);
      if (!data || data.length !== sizeOf(shape))
        throw new Error(`input "${name}" requires ${sizeOf(shape)} elements, got ${data?.length ?? 'none'}`);
      feeds[name] = hostTensor(dtype, data, shape);
    }
    if (onDevice) await values.moveToDevice(graph.parameters);
    for (const port of graph.parameters) feeds[port.name] = values.tensor(port, graph.blockSize);
    const byName = new Map(graph.parameters.map((port) => [port.name, port]));
    const results = onDevice
      ? await session.run(feeds)
      : await session.run(feeds, {
          ...Object.fromEntries(graph.outputs.map(({ name }) => [name, null])),
          ...spares(graph, byName),
          ...gradients,
          ...keptBuffers(graph),
        });
    for (const [parameter, output] of graph.updates) {
      values.advance(parameter, results[output] as ort.Tensor, byName.get(parameter)?.layout ?? 'plain', id);
    }
    for (const { name, layout } of graph.outputs.filter(isKept))
      values.keep(name.slice(OUTPUT_PREFIX.length), results[name] as ort.Tensor, layout);
    if (graph.hostStep) {
      updateOnHost(values, graph, graph.hostStep, results, inputs);
      for (const { name } of graph.outputs.filter(isGradient)) giveBack(results[name] as ort.Tensor);
    }
    for (const { buffer } of inputs.values()) if (buffer.byteLength >= LARGE) (buffer as ArrayBuffer).transfer(0);
    const returned = graph.outputs.filter((port) => !isGradient(port) && !isKept(port));
    return new Map(returned.map(({ name }) => [name, (results[name] as ort.Tensor).data as TensorData]));
  },

  async time({ graph, device, threads, budgetMs, knownMs }) {
    const session = await ort.InferenceSession.create(graph.bytes, sessionOptions(device, threads));
    const feeds: Record<string, ort.Tensor> = {};
    for (const { name, dtype, shape } of graph.inputs) feeds[name] = hostTensor(dtype, ramp(sizeOf(shape)), shape);
    // A run takes no longer than its threads together: what is more is other work on the machine.
    const runMs = async () => {
      const [start, before] = [performance.now(), process.cpuUsage()];
      await session.run(feeds);
      const { user, system } = process.cpuUsage(before);
      return Math.min(performance.now() - start, (user + system) / 1000);
    };
    const firstMs = await runMs();
    const hopeless = firstMs > budgetMs && firstMs > HOPELESS * knownMs;
    let least = hopeless ? firstMs : Number.POSITIVE_INFINITY;
    for (let run = 0, spent = 0; !hopeless && (spent < budgetMs || (run < 3 && spent < LONG * budgetMs)); run++) {
      const elapsed = await runMs();
      least = Math.min(least, elapsed);
      spent += elapsed;
    }
    await session.release();
    return least;
  },
};

/** Inputs of so many bytes are freed once they were read: a collection may be many runs away. */
const LARGE = 2 ** 20;
/** A first run allocates and is slow, but not by this factor. */
const HOPELESS = 4;
/** Budgets after which a run is not repeated a third time. */
const LONG = 10;

function find(id: number): Loaded {
  const loaded = sessions.get(id);
  if (!loaded) throw new Error(`session ${id} does not exist`);
  return loaded;
}

/** Buffers for the next state of each parameter, so that no run allocates them. */
function spares(
  graph: GraphDescription,
  ports: ReadonlyMap<string, GraphDescription['parameters'][number]>,
): Record<string, ort.Tensor> {
  return Object.fromEntries(
    graph.updates.flatMap(([parameter, output]) => {
      const port = ports.get(parameter);
      return port ? [[output, values.spare(port)]] : [];
    }),
  );
}

const isGradient = ({ name }: { readonly name: string }): boolean => name.startsWith(GRADIENT_OUTPUT);

/** How the ONNX outputs of a graph begin. */
const OUTPUT_PREFIX = 'out:';

/** Values that stay for the late phase of a graph that is cut in two. */
const isKept = ({ name }: { readonly name: string }): boolean => name.startsWith(`${OUTPUT_PREFIX}${KEPT_PREFIX}`);

function keptBuffers(graph: GraphDescription): Record<string, ort.Tensor> {
  return Object.fromEntries(
    graph.outputs
      .filter(isKept)
      .map((port) => [port.name, values.kept({ ...port, name: port.name.slice(OUTPUT_PREFIX.length) })]),
  );
}

function gradientBuffers(graph: GraphDescription): Record<string, ort.Tensor> {
  const ports = graph.outputs.filter(isGradient);
  return Object.fromEntries(
    ports.map(({ name, shape }) => [name, hostTensor('float32', new Float32Array(sizeOf(shape)), shape)]),
  );
}

/** Numbers in (-1, 1) without subnormals, which would distort a timing. */
function ramp(size: number): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => ((i * 31) % 997) / 498.5 - 0.9991);
}

/** The memory of copies of resident values, which goes to the caller: a second copy of all weights would double the memory. */
function copiesIn(reply: Reply): ArrayBuffer[] {
  if (!('result' in reply) || !(reply.result instanceof Map)) return [];
  const values: readonly unknown[] = [...reply.result.values()];
  return values.flatMap((value) => (isCopy(value) ? [value.data.buffer as ArrayBuffer] : []));
}

const isCopy = (value: unknown): value is Value => typeof value === 'object' && value !== null && 'layout' in value;

/** Requests are answered one after the other: a run must see the values that the one before it left. */
let queue: Promise<void> = Promise.resolve();
parentPort?.on('message', ({ id, request }: Envelope) => {
  queue = queue.then(async () => {
    let reply: Reply;
    try {
      // A handler takes the request of its kind; the table's index type cannot say so.
      const handle = handlers[request.kind] as (request: Request) => Promise<Replies[Request['kind']]>;
      reply = { id, result: await handle(request) };
    } catch (error) {
      reply = { id, error: error instanceof Error ? error.message : String(error) };
    }
    parentPort?.postMessage(reply, copiesIn(reply));
  });
});
