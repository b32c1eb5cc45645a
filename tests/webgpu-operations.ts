/**
 * Runs every op of the registry and its gradient on webgpu, and prints for each op how far its outputs are from the loops,
 * how far its gradients are from the CPU's, and whether a node of them falls back to the CPU.
 */
import {
  differentiate,
  functions as f,
  Graph,
  lower,
  type OpName,
  ops,
  type Tensor,
  toTensorData,
} from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import { Engine } from '@mammoscope/runtime';
import { compile } from './onnx-session.ts';
import { activationCases, arithmeticCases } from './operation-cases-arithmetic.ts';
import { convolutionCases, linearCases } from './operation-cases-convolution.ts';
import { indexingCases, movementCases } from './operation-cases-movement.ts';
import { normalizationCases, poolingCases, reductionCases, resizeCases } from './operation-cases-window.ts';
import { type CaseMaker, type OperationCase, relativeError } from './operation-check.ts';
import { uniform, type Values } from './reference-array.ts';
import { fallsBack } from './webgpu-placement.ts';

/** What is known of one op. */
export interface OperationReport {
  /** Largest relative error of an output; NaN, which JSON writes as null, where an output is no number. */
  readonly forward: number | null;
  /** The same of a gradient; 0 for ops without one. */
  readonly gradient: number | null;
  readonly fallsBack: boolean;
  /** What ONNX Runtime says when it cannot run the op at all. */
  readonly failure?: string;
}

const cases: { readonly [K in OpName]: readonly CaseMaker[] } = {
  ...arithmeticCases,
  ...activationCases,
  ...convolutionCases,
  ...linearCases,
  ...poolingCases,
  ...normalizationCases,
  ...reductionCases,
  ...movementCases,
  ...indexingCases,
  ...resizeCases,
};

const SEED = 20_260_101;
const listOf = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T]);

/** Adds a case's outputs and, where the op has them, the gradients of a random functional of the outputs. */
function add(graph: Graph, name: string, { operands, apply, buffers, through }: OperationCase): readonly string[] {
  const tensors = operands.map(({ shape, dtype }, i) => graph.input(`${name}.operand${i}`, shape, dtype ?? 'float32'));
  const outputs = listOf(apply(...(tensors as [Tensor, ...Tensor[]])));
  for (const [i, output] of outputs.entries()) graph.output(`${name}.output${i}`, output);
  const stream = new RandomStream(SEED, 'functional', name);
  const terms = outputs.flatMap((output, i) => {
    if (output.dtype === 'int64' || !(through?.includes(i) ?? true)) return [];
    const weight = graph.constant(uniform(stream, output.shape).data, output.shape);
    return [f.reduceSum(f.mul(f.cast(output, 'float32'), weight))];
  });
  const wanted = tensors.filter((_, i) => !operands[i]?.dtype && !buffers?.includes(i));
  if (terms.length === 0) return [];
  const gradients = differentiate(
    terms.reduce((sum, term) => f.add(sum, term)),
    wanted,
  );
  return gradients.flatMap((gradient, i) => {
    if (!gradient) return [];
    graph.output(`${name}.gradient${i}`, gradient);
    return [`${name}.gradient${i}`];
  });
}

/** Gradients of first derivatives are not defined; their cases stand without. */
function addForward(graph: Graph, name: string, { operands, apply }: OperationCase): readonly string[] {
  const tensors = operands.map(({ shape, dtype }, i) => graph.input(`${name}.operand${i}`, shape, dtype ?? 'float32'));
  for (const [i, output] of listOf(apply(...(tensors as [Tensor, ...Tensor[]]))).entries())
    graph.output(`${name}.output${i}`, output);
  return [];
}

const FIRST_ORDER_ONLY = /Gradient$/;

async function examine(engine: Engine, op: OpName): Promise<OperationReport> {
  const graph = new Graph();
  const drawn = cases[op].map((make, i) => make(new RandomStream(SEED, op, i)));
  const gradients = drawn.flatMap((one, c) => (FIRST_ORDER_ONLY.test(op) ? addForward : add)(graph, `${c}`, one));
  const lowered = lower(graph, engine.target);
  const values = new Map(
    drawn.flatMap(({ operands }, c) => operands.map((operand, i) => [`${c}.operand${i}`, operand] as const)),
  );
  const session = await engine.load(lowered);
  const found = await session.run(
    new Map([...values].map(([name, { dtype, data }]) => [name, toTensorData(dtype ?? 'float32', data)])),
  );
  await session.release();
  const errorOf = (name: string, expected: Values) => {
    const data = Float64Array.from(found.get(`out:${name}`) as Float32Array, Number);
    return relativeError({ shape: expected.shape, data }, expected);
  };
  const forward = drawn.flatMap(({ operands, reference }, c) =>
    listOf(reference(...(operands as [Values, ...Values[]]))).map((expected, i) =>
      errorOf(`${c}.output${i}`, expected),
    ),
  );
  const cpu = await compile(graph);
  const onCpu = await cpu.run(values);
  await cpu.release();
  const backward = gradients.map((name) => errorOf(name, onCpu.get(name) as Values));
  return {
    forward: Math.max(0, ...forward),
    gradient: Math.max(0, ...backward),
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
