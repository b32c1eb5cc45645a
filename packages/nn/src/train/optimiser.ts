/** What optimisers have in common: groups of parameters, scalars from the host, state beside each parameter. */
import { GraphError } from '../graph/errors.ts';
import * as f from '../graph/functions.ts';
import type { Graph } from '../graph/graph.ts';
import { describe } from '../graph/graph.ts';
import type { Tensor } from '../graph/tensor.ts';
import { sameShape, showShape } from '../graph/tensor.ts';

/** Parameters that share a learning rate and a weight decay. A parameter in no group is frozen. */
export interface ParameterGroup {
  readonly parameters: readonly Tensor[];
  /** How strongly weights are pulled to zero; what it multiplies is the optimiser's affair. 0 unless given. */
  readonly weightDecay?: number;
}

/** The gradient of each parameter, by parameter. */
export type Gradients = ReadonlyMap<Tensor, Tensor>;

/** A rule that turns gradients into the next values of parameters, as part of a graph. */
export interface Optimiser {
  /** State `s` of parameter `p` is the parameter called `s/p`: of p's shape and storage, all zero before the first step. */
  readonly stateNames: readonly string[];
  /**
   * Adds the nodes that update the parameters of the groups and their state, and declares the state and the scalar
   * inputs `optimiser/<group>/<scalar>`. GraphError when a gradient is missing or does not fit.
   */
  build(graph: Graph, groups: readonly ParameterGroup[], gradients: Gradients): void;
  /**
   * The values of the scalar inputs at a step, counted from 1, given the learning rate of each group. They are computed
   * here, in float64, because 1 - 0.999^t in float32 is off by 1e-5 at the first step. A graph may not read all of them.
   */
  scalars(step: number, learningRates: readonly number[]): Record<string, number>;
  /**
   * The same rule on host arrays, in place: one pass over memory where a graph takes about ten, and no copies of outputs.
   * Elements are computed in float64 and stored as float32; their order does not matter. `states` are in the order of
   * `stateNames`, `scalars` those of the parameter's group by their short names.
   */
  updateOnHost(values: HostValues, scalars: Readonly<Record<string, number>>, weightDecay: number): void;
  /** Plain data from which optimiserFrom makes the same optimiser, in another thread. */
  readonly description: OptimiserDescription;
}

/** A parameter, its gradient and its states, elements in one order. */
export interface HostValues {
  readonly parameter: Float32Array;
  readonly gradient: Float32Array;
  readonly states: readonly Float32Array[];
}

/** An optimiser as plain data: its name and its constants. */
export interface OptimiserDescription {
  readonly kind: 'adam' | 'adamW' | 'sgd';
  readonly options: Readonly<Record<string, number | boolean>>;
}

/** How a step updates parameters on the host, as plain data. */
export interface HostStep {
  readonly optimiser: OptimiserDescription;
  readonly groups: readonly { readonly parameters: readonly string[]; readonly weightDecay: number }[];
}

/** Names of the states of the parameters of a host step. */
export function hostStateNames({ groups }: HostStep, { stateNames }: Optimiser): Map<string, string> {
  const parameters = groups.flatMap((group) => group.parameters);
  return new Map(
    parameters.flatMap((parameter) => stateNames.map((state) => [`${state}/${parameter}`, parameter] as const)),
  );
}

/** A group as the update rules see it. */
export interface GroupScope {
  readonly weightDecay: number;
  /** A scalar input of this group. */
  scalar(name: string): Tensor;
}

/** A parameter as the update rules see it. */
export interface ParameterScope {
  readonly parameter: Tensor;
  readonly gradient: Tensor;
  /** Declares a state of this parameter, given the state's name. */
  state(name: string): Tensor;
}

/** What happens once a group and then for each parameter, whose next value it returns. */
export type UpdateRule = (group: GroupScope) => (scope: ParameterScope) => Tensor;

/** Applies an update rule to every parameter of every group. */
export function buildUpdates(
  graph: Graph,
  groups: readonly ParameterGroup[],
  gradients: Gradients,
  rule: UpdateRule,
): void {
  for (const [index, { parameters, weightDecay = 0 }] of groups.entries()) {
    const [first] = parameters;
    if (!first) continue;
    if (!(weightDecay >= 0))
      throw new RangeError(`group ${index} requires a weight decay of 0 or more, got ${weightDecay}`);
    graph.inScope(`optimiser/${index}`, () => {
      const update = rule({ weightDecay, scalar: (name) => graph.input(scalarName(index, name), [], first.dtype) });
      for (const parameter of parameters) {
        const gradient = gradientOf(gradients, parameter);
        const state = (name: string) => graph.parameterLike(`${name}/${describe(parameter)}`, parameter);
        graph.update(parameter, update({ parameter, gradient, state }));
      }
    });
  }
}

function gradientOf(gradients: Gradients, parameter: Tensor): Tensor {
  const gradient = gradients.get(parameter);
  if (!gradient) throw new GraphError('graph', `parameter "${describe(parameter)}" is in a group but has no gradient`);
  if (!sameShape(gradient.shape, parameter.shape)) {
    throw new GraphError(
      'shape',
      `the gradient of "${describe(parameter)}" requires ${showShape(parameter.shape)}, got ${showShape(gradient.shape)}`,
    );
  }
  return gradient;
}

/** The gradient with that of the L2 penalty, g + weightDecay p. */
export function withPenalty(gradient: Tensor, parameter: Tensor, weightDecay: number): Tensor {
  return weightDecay === 0 ? gradient : f.add(gradient, f.mul(parameter, weightDecay));
}

/** The scalars of all groups, one record a group, under the names of their inputs. */
export function groupScalars(
  step: number,
  learningRates: readonly number[],
  ofGroup: (learningRate: number) => Readonly<Record<string, number>>,
): Record<string, number> {
  if (!Number.isInteger(step) || step < 1) throw new RangeError(`an optimiser counts steps from 1, got ${step}`);
  return Object.fromEntries(
    learningRates.flatMap((rate, index) => {
      if (!(rate >= 0 && rate < Infinity))
        throw new RangeError(`group ${index} requires a finite learning rate of 0 or more, got ${rate}`);
      return Object.entries(ofGroup(rate)).map(([name, value]) => [scalarName(index, name), value] as const);
    }),
  );
}

/** Name of the input that holds a scalar of a group. */
export const scalarName = (group: number, name: string) => `optimiser/${group}/${name}`;
