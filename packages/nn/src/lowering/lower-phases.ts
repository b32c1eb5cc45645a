import { type GraphPhases, KEPT_PREFIX } from '../graph/phases.ts';
import type { Target } from './layout.ts';
import { type Choices, type LoweredGraph, lower } from './lower.ts';

/** The two phases of a graph as ONNX models. */
export interface LoweredPhases {
  readonly early: LoweredGraph;
  readonly late: LoweredGraph;
}

/** Writes both phases; both have what is kept, as it lies when the early phase ends, and the weights in one layout. */
export function lowerPhases({ early, late }: GraphPhases, target: Target, choices?: Choices): LoweredPhases {
  const kept = new Map(
    [...early.outputs.keys()].filter((name) => name.startsWith(KEPT_PREFIX)).map((name) => [name, 'any'] as const),
  );
  const first = lower(early, target, choices, { outputs: kept });
  const left = first.outputs.map(({ name, layout }) => [name.replace(/^out:/, ''), layout] as const);
  // Weights that both read would be converted twice a step if the two wanted them in different layouts.
  const shared = first.parameters.map(({ name, layout }) => [name, layout] as const);
  return { early: first, late: lower(late, target, choices, { inputs: new Map([...left, ...shared]) }) };
}
