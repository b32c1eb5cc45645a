import { encode, type Graph, type LoweredGraph, lower, type Target, type TensorData } from '@mammoscope/nn';
import * as ort from 'onnxruntime-node';
import { sessionOptions } from './device.ts';

export async function evaluateGraph(
  graph: Graph,
  values: ReadonlyMap<string, TensorData>,
  target: Target,
  choices?: ReadonlyMap<string, string>,
): Promise<Map<string, TensorData>> {
  const lowered: LoweredGraph = lower(graph, target, choices, {
    inputs: new Map([...graph.parameters.keys()].map((name) => [name, 'plain' as const])),
  });
  const session = await ort.InferenceSession.create(encode(lowered), sessionOptions(target.device, 2));
  const feeds: Record<string, ort.Tensor> = {};
  for (const { name, dtype, shape } of [...lowered.inputs, ...lowered.parameters]) {
    feeds[name] = new ort.Tensor(dtype as 'float32', values.get(name) as Float32Array, shape);
  }
  const results = await session.run(feeds);
  await session.release();
  return new Map(Object.entries(results).map(([name, tensor]) => [name, tensor.data as TensorData]));
}
