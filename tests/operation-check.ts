/**
 * The one harness that every op goes through. Forward: ONNX Runtime against an independent loop in float64. Backward: the
 * gradient table against central differences, of ONNX Runtime itself where it has float64 kernels, of the loop elsewhere.
 */
import assert from 'node:assert/strict';
import { type DType, differentiate, functions as f, Graph, type OpName, type Tensor } from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import { compile } from './onnx-session.ts';
import { total, uniform, type Values } from './reference-array.ts';

/** At least one; how many there are is the case's own business. */
type Operands<T> = [T, ...T[]];

/** One use of an op: random operands, the op, and the loop that says what it computes. */
export interface OperationCase {
  readonly operands: readonly Values[];
  readonly apply: (...operands: Operands<Tensor>) => Tensor | readonly Tensor[];
  readonly reference: (...operands: Operands<Values>) => Values | readonly Values[];
  /** Operands that the op takes as given: no gradient is due. */
  readonly buffers?: readonly number[];
  /** Outputs through which gradients go; all unless said otherwise. */
  readonly through?: readonly number[];
}

/** Makes a case from random numbers. */
export type CaseMaker = (stream: RandomStream) => OperationCase;

/** A number of random cases made the same way. */
export const several = (times: number, make: CaseMaker): readonly CaseMaker[] => new Array<CaseMaker>(times).fill(make);

/** Half the distance of a central difference; operands are kept farther than this from kinks. */
const STEP = 2 ** -16;

/** Largest relative differences allowed. */
export const TOLERANCE = {
  float64: { forward: 1e-12, gradient: 1e-6 },
  float32: { forward: 1e-5, gradient: 1e-4 },
} as const;

/** Largest difference of two arrays over the largest element of the second; over 1 where that is all zeros. */
export function relativeError(actual: Values, expected: Values): number {
  assert.deepEqual(actual.shape, expected.shape);
  const scale = expected.data.reduce((most, element) => Math.max(most, Math.abs(element)), 0) || 1;
  // Math.max keeps a NaN, which no tolerance allows.
  return expected.data.reduce(
    (most, element, i) => Math.max(most, Math.abs((actual.data[i] as number) - element) / scale),
    0,
  );
}

/** Fails unless two arrays agree to a relative error. */
export function assertClose(actual: Values | undefined, expected: Values, tolerance: number, what: string): void {
  assert.ok(actual, `${what} is missing`);
  const error = relativeError(actual, expected);
  assert.ok(error <= tolerance, `${what}: relative error ${error.toExponential(2)}, allowed ${tolerance}`);
}

const listOf = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T]);

/** A case as a part of a graph: its operands, its outputs, and a random weight for each element of the outputs. */
interface Built {
  readonly operands: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** Weights of the linear functional of the outputs whose gradient is taken, null for outputs outside it. */
  readonly weights: readonly (Values | null)[];
}

function build(
  graph: Graph,
  op: OpName,
  name: string,
  { operands, apply, through }: OperationCase,
  dtype: DType,
): Built {
  const tensors = operands.map((values, i) => graph.input(`${name}.operand${i}`, values.shape, values.dtype ?? dtype));
  const first = graph.nodes.length;
  const outputs = listOf(apply(...(tensors as Operands<Tensor>)));
  assert.ok(
    graph.nodes.slice(first).some((node) => node.op === op),
    `${name} does not use ${op}`,
  );
  const stream = new RandomStream(5, 'functional', name);
  const weights = outputs.map((output, i) =>
    (through?.includes(i) ?? true) && output.dtype !== 'int64' ? uniform(stream, output.shape, -1.5, 1.5) : null,
  );
  for (const [i, output] of outputs.entries()) graph.output(`${name}.output${i}`, output);
  return { operands: tensors, outputs, weights };
}

/** The gradients of the weighted sum of the outputs, as the gradient table builds them; null where it gives none. */
function gradientsOf(graph: Graph, { operands, outputs, weights }: Built, dtype: DType): (Tensor | null)[] {
  const terms = outputs.flatMap((output, i) => {
    const weight = weights[i];
    if (!weight) return [];
    const constant = graph.constant(weight.data, weight.shape, dtype);
    return [f.reduceSum(f.mul(f.cast(output, dtype), constant))];
  });
  const scalar = terms.reduce((sum, term) => f.add(sum, term));
  return differentiate(scalar, operands);
}

const functional = (outputs: readonly Values[], weights: readonly (Values | null)[]): number =>
  total(
    outputs.map((output, i) => {
      const weight = weights[i];
      return weight ? output.data.reduce((sum, element, k) => sum + element * (weight.data[k] as number), 0) : 0;
    }),
  );

/** Every element of the operands that has a gradient, by operand and index. */
const coordinates = ({ operands, buffers = [] }: OperationCase): (readonly [operand: number, index: number])[] =>
  operands.flatMap((operand, i) =>
    operand.dtype || buffers.includes(i) ? [] : Array.from(operand.data, (_, index) => [i, index] as const),
  );

function moved(operands: readonly Values[], operand: number, index: number, step: number): readonly Values[] {
  return operands.map((values, i) =>
    i === operand ? { ...values, data: values.data.map((x, k) => (k === index ? x + step : x)) } : values,
  );
}

/**
 * Central differences of every case's functional. `evaluate` computes the outputs of all cases at once, those of the
 * cases wanted at least, so that each run moves one element of each case.
 */
async function centralDifferences(
  cases: readonly OperationCase[],
  built: readonly Built[],
  evaluate: (
    operands: readonly (readonly Values[])[],
    wanted: readonly boolean[],
  ) => Promise<readonly (readonly Values[])[]>,
): Promise<readonly (readonly Values[])[]> {
  const walks = cases.map(coordinates);
  const result = cases.map(({ operands }) =>
    operands.map(({ shape, data }) => ({ shape, data: new Float64Array(data.length) })),
  );
  const evaluateAt = async (visit: number, step: number) => {
    const outputs = await evaluate(
      cases.map(({ operands }, c) => {
        const place = walks[c]?.[visit];
        return place ? moved(operands, ...place, step) : operands;
      }),
      walks.map((walk) => visit < walk.length),
    );
    return outputs.map((values, c) => functional(values, (built[c] as Built).weights));
  };
  for (let visit = 0; visit < Math.max(...walks.map((walk) => walk.length)); visit++) {
    const [above, below] = [await evaluateAt(visit, STEP), await evaluateAt(visit, -STEP)];
    for (const [c, walk] of walks.entries()) {
      const place = walk[visit];
      if (!place) continue;
      const [operand, index] = place;
      const gradient = result[c]?.[operand] as { data: Float64Array };
      gradient.data[index] = ((above[c] as number) - (below[c] as number)) / (2 * STEP);
    }
  }
  return result;
}

const feeds = (operands: readonly (readonly Values[])[]): ReadonlyMap<string, Values> =>
  new Map(operands.flatMap((list, c) => list.map((values, i) => [`${c}.operand${i}`, values] as const)));

/** Checks the outputs of cases of one op against their references. Rejects when ONNX Runtime lacks a kernel. */
export async function checkForward(op: OpName, cases: readonly OperationCase[], dtype: 'float32' | 'float64') {
  const graph = new Graph();
  const built = cases.map((one, c) => build(graph, op, `${c}`, one, dtype));
  const session = await compile(graph);
  const results = await session.run(feeds(cases.map(({ operands }) => operands)));
  await session.release();
  for (const [c, { operands, reference }] of cases.entries()) {
    const expected = listOf(reference(...(operands as Operands<Values>)));
    assert.equal(expected.length, built[c]?.outputs.length, `${op} case ${c} has another number of outputs`);
    for (const [i, values] of expected.entries()) {
      assertClose(results.get(`${c}.output${i}`), values, TOLERANCE[dtype].forward, `${op} case ${c} output ${i}`);
    }
  }
}

/** Checks the gradients of cases of one op against central differences. */
export async function checkGradient(op: OpName, cases: readonly OperationCase[], dtype: 'float32' | 'float64') {
  const graph = new Graph();
  const built = cases.map((one, c) => build(graph, op, `${c}`, one, dtype));
  const forward = dtype === 'float64' ? await compile(graph) : null;
  const gradients = built.map((one) => gradientsOf(graph, one, dtype));
  for (const [c, list] of gradients.entries()) {
    for (const [i, gradient] of list.entries()) if (gradient) graph.output(`${c}.gradient${i}`, gradient);
  }
  const expected = await centralDifferences(cases, built, async (operands, wanted) => {
    if (!forward) {
      return cases.map(({ reference }, c) =>
        wanted[c] ? listOf(reference(...(operands[c] as Operands<Values>))) : [],
      );
    }
    const results = await forward.run(feeds(operands));
    return built.map(({ outputs }, c) => outputs.map((_, i) => results.get(`${c}.output${i}`) as Values));
  });
  await forward?.release();
  const session = await compile(graph);
  const results = await session.run(feeds(cases.map(({ operands }) => operands)));
  await session.release();
  for (const [c, one] of cases.entries()) {
    for (const [i, operand] of one.operands.entries()) {
      if (operand.dtype || one.buffers?.includes(i)) continue;
      const zeros = { shape: operand.shape, data: new Float64Array(operand.data.length) };
      const gradient = gradients[c]?.[i] ? results.get(`${c}.gradient${i}`) : zeros;
      const what = `gradient of ${op} case ${c} for operand ${i}`;
      assertClose(gradient, expected[c]?.[i] as Values, TOLERANCE[dtype].gradient, what);
    }
  }
}
