/** Updates of resident parameters by the gradients of a run, in place. */
import { GRADIENT_PREFIX, type HostStep, optimiserFrom, scalarName, type TensorData } from '@mammoscope/nn';
import type * as ort from 'onnxruntime-node';
import type { GraphDescription } from './protocol.ts';
import type { ResidentValues } from './resident-values.ts';

/** How the outputs of a graph that hold gradients begin. */
export const GRADIENT_OUTPUT = `out:${GRADIENT_PREFIX}`;

/**
 * Applies a step's optimiser to its parameters. On a CPU this beats updates inside the graph: onnxruntime-node copies
 * every output of a run into a new array, so weights and moments as outputs cost a pass and twice the memory.
 */
export function updateOnHost(
  values: ResidentValues,
  graph: GraphDescription,
  { optimiser: description, groups }: HostStep,
  results: ort.InferenceSession.OnnxValueMapType,
  inputs: ReadonlyMap<string, TensorData>,
): void {
  const optimiser = optimiserFrom(description);
  const gradients = new Map(graph.outputs.map((port) => [port.name, port]));
  for (const [index, { parameters, weightDecay }] of groups.entries()) {
    const scalars = Object.fromEntries(
      ['stepSize', 'epsilon', 'learningRate'].flatMap((name) => {
        const value = inputs.get(scalarName(index, name))?.[0];
        return value === undefined ? [] : [[name, Number(value)]];
      }),
    );
    for (const parameter of parameters) {
      const port = gradients.get(`${GRADIENT_OUTPUT}${parameter}`);
      if (!port) throw new Error(`the graph gives no gradient of "${parameter}"`);
      // The parameter and its states take the layout of the gradient, where they do not have it already.
      const resident = (name: string) => values.tensor({ ...port, name }, graph.blockSize).data as Float32Array;
      const states = optimiser.stateNames.map((state) => resident(`${state}/${parameter}`));
      const gradient = (results[port.name] as ort.Tensor).data as Float32Array;
      optimiser.updateOnHost({ parameter: resident(parameter), gradient, states }, scalars, weightDecay);
    }
  }
}
