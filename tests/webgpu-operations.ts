/**
 * Runs every op of the registry and its gradient on webgpu, and prints for each op how far its outputs are from the loops,
 * how far its gradients are from the CPU's, and whether a node of them falls back to the CPU.
 */
import { lower, type OpName, ops, toTensorData } from '@mammoscope/nn';
import { Engine } from '@mammoscope/runtime';
import { compile } from './onnx-session.ts';
import { relativeError } from './operation-check.ts';
import type { Values } from './reference-array.ts';
import { operationGraph } from './webgpu-cases.ts';
import { fallsBack } from './webgpu-placement.ts';

/** What is known of one op. Errors are the largest relative ones; null stands for NaN, which JSON does not know. */
export interface OperationReport {
  readonly forward: number | null;
  /** 0 for ops without gradients. */
  readonly gradient: number | null;
  readonly fallsBack: boolean;
  /** What ONNX Runtime says when it cannot run the op at all. */
  readonly failure?: string;
}

async function examine(engine: Engine, op: OpName): Promise<OperationReport> {
  const { graph, values, expected, gradients } = operationGraph(op);
  const lowered = lower(graph, engine.target);
  const session = await engine.load(lowered);
  const found = await session.run(
    new Map([...values].map(([name, { dtype, data }]) => [name, toTensorData(dtype ?? 'float32', data)])),
  );
  await session.release();
  const cpu = await compile(graph);
  const onCpu = await cpu.run(values);
  await cpu.release();
  const errorOf = (name: string, right: Values) => {
    const data = Float64Array.from(found.get(`out:${name}`) as Float32Array, Number);
    return relativeError({ shape: right.shape, data }, right);
  };
  return {
    forward: Math.max(...[...expected].map(([name, right]) => errorOf(name, right))),
    gradient: Math.max(0, ...gradients.map((name) => errorOf(name, onCpu.get(name) as Values))),
    fallsBack: await fallsBack(lowered),
  };
}

const engine = await Engine.create({ device: 'webgpu', threads: 1 });
const report: Record<string, OperationReport> = {};
for (const op of Object.keys(ops) as OpName[]) {
  report[op] = await examine(engine, op).catch((error: Error) => ({
    forward: null,
    gradient: null,
    fallsBack: true,
    failure: error.message,
  }));
}
await engine.close();
process.stdout.write(JSON.stringify(report));
