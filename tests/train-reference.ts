/** What the tests of training share: PyTorch's numbers, and running a graph on them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type DType, type Graph, type TensorData, toTensorData } from '@mammoscope/nn';
import { evaluateGraph } from '@mammoscope/runtime';

/** Values by the name of their tensor. */
export type Values = Readonly<Record<string, readonly number[]>>;

interface LossRecord {
  readonly x: readonly number[];
  readonly shape: readonly number[];
  readonly target: readonly number[];
  readonly value: number;
  readonly gradient: readonly number[];
  readonly classWeights?: readonly number[];
  readonly posWeight?: readonly number[];
  readonly beta?: number;
}

/** references/optimisers.json, written by references/scripts/optimisers.py. */
export interface Reference {
  readonly parameters: Values;
  readonly shapes: Values;
  readonly rates: readonly (readonly number[])[];
  readonly gradients: readonly Values[];
  readonly optimisers: Readonly<
    Record<
      string,
      {
        readonly weightDecays: readonly number[];
        readonly after: readonly Values[];
        readonly state: Readonly<Record<string, Values>>;
      }
    >
  >;
  readonly clipping: readonly { readonly maxNorm: number; readonly norm: number; readonly clipped: Values }[];
  readonly losses: Readonly<Record<string, LossRecord>>;
  readonly training: {
    readonly x: readonly number[];
    readonly labels: readonly number[];
    readonly weight: readonly number[];
    readonly bias: readonly number[];
    readonly classWeights: readonly number[];
    readonly rate: number;
    readonly weightDecay: number;
    readonly clipNorm: number;
    readonly steps: readonly {
      readonly loss: number;
      readonly norm: number;
      readonly weight: readonly number[];
      readonly bias: readonly number[];
    }[];
  };
}

export const reference = JSON.parse(
  readFileSync(new URL('../references/optimisers.json', import.meta.url), 'utf8'),
) as Reference;

/** Largest deviation from PyTorch's float64, over the largest value of the tensor. */
export const TOLERANCE = { float32: 1e-6, float64: 1e-12 } as const;
export type Float = keyof typeof TOLERANCE;

/** Runs a graph on the CPU; values are given and returned as numbers, updates under `next:` and outputs under `out:`. */
export async function run(graph: Graph, values: Values): Promise<Record<string, number[]>> {
  const dtypes = new Map<string, DType>(
    [...graph.inputs, ...graph.parameters].map(([name, { dtype }]) => [name, dtype]),
  );
  const data = new Map<string, TensorData>();
  for (const [name, numbers] of Object.entries(values)) {
    const dtype = dtypes.get(name);
    if (dtype) data.set(name, toTensorData(dtype, numbers));
  }
  const results = await evaluateGraph(graph, data, { device: 'cpu', blockSize: 0 });
  return Object.fromEntries([...results].map(([name, result]) => [name, Array.from(result, Number)]));
}

/** Fails unless two tensors agree to a tolerance relative to the largest value expected. */
export function assertClose(
  actual: readonly number[] | undefined,
  expected: readonly number[],
  tolerance: number,
  what: string,
) {
  assert.equal(actual?.length, expected.length, `${what}: number of elements`);
  const scale = Math.max(...expected.map(Math.abs));
  for (const [i, value] of expected.entries()) {
    const deviation = Math.abs((actual?.[i] as number) - value);
    assert.ok(deviation <= tolerance * scale, `${what}[${i}]: ${actual?.[i]} instead of ${value}`);
  }
}

/** Scalars as one-element tensors. */
export const asTensors = (scalars: Readonly<Record<string, number>>): Values =>
  Object.fromEntries(Object.entries(scalars).map(([name, value]) => [name, [value]]));
