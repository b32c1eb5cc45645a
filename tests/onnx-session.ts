/** Graphs run in ONNX Runtime on the CPU, a session kept for many runs; and the block size of this machine. */
import {
  type Choices,
  encode,
  encodeModel,
  type Graph,
  lower,
  type OnnxModel,
  type Target,
  toTensorData,
} from '@mammoscope/nn';
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

/** Lowers a graph and opens a session for it. Parameters are given in plain layout. Rejects when a kernel is missing. */
export async function compile(graph: Graph, target: Target = PLAIN, choices?: Choices): Promise<Compiled> {
  const plain = new Map([...graph.parameters.keys()].map((name) => [name, 'plain' as const]));
  const lowered = lower(graph, target, choices, { inputs: plain });
  const session = await ort.InferenceSession.create(encode(lowered), OPTIONS);
  const ports = [...lowered.inputs, ...lowered.parameters];
  return {
    async run(values) {
      const feeds: Record<string, ort.Tensor> = {};
      for (const { name, dtype, shape } of ports) {
        const given = values.get(name);
        if (!given) throw new Error(`no values are given for ${name}`);
        feeds[name] = new ort.Tensor(dtype as 'float32', toTensorData(dtype, given.data) as Float32Array, shape);
      }
      const results = await session.run(feeds);
      return new Map(
        Object.entries(results).map(([name, tensor]) => [
          name.replace(/^out:/, ''),
          { shape: tensor.dims, data: Float64Array.from(tensor.data as ArrayLike<number>, Number) },
        ]),
      );
    },
    release: () => session.release(),
  };
}

/** Channels in a block of ONNX Runtime's blocked layout here (8 or 16), 0 where it has none. */
export async function nativeBlockSize(): Promise<number> {
  const shape = [1, 16, 2, 1];
  const model: OnnxModel = {
    nodes: [
      {
        opType: 'ReorderInput',
        domain: 'com.microsoft.nchwc',
        name: 'probe',
        inputs: ['x'],
        outputs: ['y'],
        attributes: {},
      },
    ],
    inputs: [{ name: 'x', dtype: 'float32', shape }],
    outputs: [{ name: 'y', dtype: 'float32', shape }],
    initializers: [],
  };
  try {
    const session = await ort.InferenceSession.create(encodeModel(model), OPTIONS);
    const x = Float32Array.from({ length: 32 }, (_, i) => i); // x[c, row] = 2 c + row
    const { y } = await session.run({ x: new ort.Tensor('float32', x, shape) });
    await session.release();
    // In memory [C/b, row, b]: the first element of row 1 stands b places from the start.
    return ((y as ort.Tensor).data as Float32Array).indexOf(1);
  } catch {
    return 0;
  }
}
