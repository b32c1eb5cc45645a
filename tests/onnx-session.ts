/** Graphs run in ONNX Runtime on the CPU, a session kept for many runs. */
import { type Choices, encode, type Graph, lower, permuteFilter, type Target, toTensorData } from '@mammoscope/nn';
import * as ort from 'onnxruntime-node';
import type { Values } from './reference-array.ts';

/** A graph ready to run: inputs and parameters by name to outputs by name. */
export interface Compiled {
  run(values: ReadonlyMap<string, Values>): Promise<ReadonlyMap<string, Values>>;
  release(): Promise<void>;
}

const OPTIONS: ort.InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  logSeverityLevel: 4,
};

/** Every op in plain layout on the CPU. */
export const PLAIN: Target = { device: 'cpu', blockSize: 0 };

/**
 * Lowers a graph and opens a session for it. Values are given and returned in plain layout, whatever the lowering keeps
 * them in. Rejects when a kernel is missing.
 */
export async function compile(graph: Graph, target: Target = PLAIN, choices?: Choices): Promise<Compiled> {
  const lowered = lower(graph, target, choices);
  const session = await ort.InferenceSession.create(encode(lowered), OPTIONS);
  const ports = [...lowered.inputs, ...lowered.parameters];
  const filters = new Set(lowered.parameters.flatMap(({ name, layout }) => (layout === 'filter' ? [name] : [])));
  const updated = new Map([...lowered.updates].map(([parameter, output]) => [output, parameter]));
  const { blockSize } = target;
  return {
    async run(values) {
      const feeds: Record<string, ort.Tensor> = {};
      for (const { name, dtype, shape } of ports) {
        const given = values.get(name);
        if (!given) throw new Error(`no values are given for ${name}`);
        const plain = toTensorData(dtype, given.data) as Float32Array;
        const data = filters.has(name) ? permuteFilter(plain, shape, blockSize, 'filter') : plain;
        feeds[name] = new ort.Tensor(dtype as 'float32', data, shape);
      }
      const results = Object.entries(await session.run(feeds)).map(([name, tensor]) => {
        const filter = filters.has(updated.get(name) ?? '');
        const data = tensor.data as Float32Array;
        const plain = filter ? permuteFilter(data, tensor.dims, blockSize, 'plain') : data;
        return [name.replace(/^out:/, ''), { shape: tensor.dims, data: Float64Array.from(plain, Number) }] as const;
      });
      return new Map(results);
    },
    release: () => session.release(),
  };
}
