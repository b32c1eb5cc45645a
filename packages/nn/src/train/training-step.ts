/** Whole training steps as transformations of a graph that ends in a loss. */
import { differentiate } from '../graph/differentiate.ts';
import { GraphError } from '../graph/errors.ts';
import * as f from '../graph/functions.ts';
import { describe, Graph } from '../graph/graph.ts';
import type { Segment } from '../graph/recomputation.ts';
import type { Tensor } from '../graph/tensor.ts';
import { clipByGlobalNorm, globalNorm } from './clipping.ts';
import type { Gradients, HostStep, Optimiser, ParameterGroup } from './optimiser.ts';

/** Name of the output with the loss, a scalar. */
export const LOSS_OUTPUT = 'loss';
/** Name of the output with the L2 norm of all gradients together, before clipping, a scalar. */
export const GRADIENT_NORM_OUTPUT = 'gradientNorm';
/** Outputs with this prefix are gradients, stored like their parameter. */
export const GRADIENT_PREFIX = 'gradient/';
/** Gradients of micro-batches are added up in parameters with this prefix. */
export const ACCUMULATOR_PREFIX = 'accumulated/';

/** What is trained, and how gradients become updates. */
export interface UpdateOptions {
  readonly optimiser: Optimiser;
  readonly groups: readonly ParameterGroup[];
  /** Largest L2 norm of all gradients together; no limit unless given. */
  readonly clipNorm?: number;
  /** Parts of the network to compute again in the backward pass instead of keeping them (see segmentsByBlock). */
  readonly segments?: readonly Segment[];
  /**
   * Where parameters are updated: by nodes of the graph (unless said otherwise), or by the caller with
   * Optimiser.updateOnHost, to whom the graph gives the gradients as outputs 'gradient/<parameter>'.
   */
  readonly updates?: 'graph' | 'host';
  /** Whether the graph has the norm of the gradients as an output. */
  readonly reportNorm?: boolean;
}

/**
 * Adds gradients and optimiser to the graph of a loss, which becomes a training step: one run gives the loss and the
 * next values of parameters and optimiser state. Returns that graph. GraphError when the loss is no scalar or does not
 * depend on a parameter of a group.
 */
export function buildTrainingStep(loss: Tensor, options: UpdateOptions): Graph {
  const { graph } = loss;
  graph.output(LOSS_OUTPUT, loss);
  buildUpdate(graph, gradientsOf(loss, options), options);
  return graph;
}

/** A training step's update on the host, as plain data. */
export function hostStepOf({ optimiser, groups }: UpdateOptions): HostStep {
  return {
    optimiser: optimiser.description,
    groups: groups.map(({ parameters, weightDecay = 0 }) => ({ parameters: parameters.map(describe), weightDecay })),
  };
}

/** The two graphs of gradient accumulation. */
export interface Accumulation {
  /** Run once a micro-batch: adds its share of the gradient to the accumulators and gives its loss. */
  readonly accumulate: Graph;
  /** Run after the last micro-batch: updates the parameters by the accumulators and sets these to zero. */
  readonly apply: Graph;
}

/**
 * Makes the graph of a loss over a micro-batch into a training step over `microBatches` of them, whose loss is the mean
 * of theirs. The gradient of the k-th parameter p_k is added up in 'accumulated/p_k', which starts at zero. Batch
 * statistics, and the mean of a loss with class weights, stay those of a micro-batch.
 */
export function buildAccumulation(loss: Tensor, microBatches: number, options: UpdateOptions): Accumulation {
  if (!Number.isInteger(microBatches) || microBatches < 1) {
    throw new RangeError(`buildAccumulation requires 1 or more micro-batches, got ${microBatches}`);
  }
  const accumulate = loss.graph;
  accumulate.output(LOSS_OUTPUT, loss);
  // The share enters as the gradient of the loss, a scalar, and costs nothing.
  const share = accumulate.constant(1 / microBatches, [], loss.dtype);
  for (const [parameter, gradient] of gradientsOf(loss, options, share)) {
    const accumulator = accumulate.parameterLike(`${ACCUMULATOR_PREFIX}${describe(parameter)}`, parameter);
    accumulate.update(accumulator, f.add(accumulator, gradient));
  }
  return { accumulate, apply: buildApplication(options) };
}

/** A graph with the parameters of the groups, updated by gradients that are parameters themselves and become zero. */
function buildApplication({ groups, ...options }: UpdateOptions): Graph {
  const graph = new Graph();
  const accumulators = new Map<Tensor, Tensor>();
  const copies = groups.map(({ parameters, ...group }) => ({
    ...group,
    parameters: parameters.map((original) => {
      const parameter = graph.parameter(describe(original), original.shape, original.dtype);
      accumulators.set(parameter, graph.parameterLike(`${ACCUMULATOR_PREFIX}${describe(original)}`, parameter));
      return parameter;
    }),
  }));
  buildUpdate(graph, accumulators, { ...options, groups: copies });
  for (const accumulator of accumulators.values()) graph.update(accumulator, zerosLike(accumulator));
  return graph;
}

/** Zeros in the layout of a tensor, also where it is not finite, and without a constant of its size in the model. */
function zerosLike(tensor: Tensor): Tensor {
  return f.cast(f.greater(tensor, Infinity), tensor.dtype);
}

/** Clips gradients when asked, and gives them to the optimiser. */
function buildUpdate(graph: Graph, gradients: Gradients, options: UpdateOptions): void {
  const { optimiser, groups, clipNorm, reportNorm = false } = options;
  const clipped = clipNorm === undefined ? null : clipByGlobalNorm([...gradients.values()], clipNorm);
  if (reportNorm) graph.output(GRADIENT_NORM_OUTPUT, clipped?.norm ?? globalNorm([...gradients.values()]));
  const limited = clipped
    ? new Map([...gradients.keys()].map((parameter, i) => [parameter, clipped.gradients[i] as Tensor]))
    : gradients;
  if (options.updates === 'host')
    for (const [parameter, gradient] of limited)
      graph.outputLike(`${GRADIENT_PREFIX}${describe(parameter)}`, gradient, parameter);
  else optimiser.build(graph, groups, limited);
}

/** The gradients of a loss with respect to all parameters of the groups. */
function gradientsOf(loss: Tensor, { groups, segments }: UpdateOptions, seed?: Tensor): Gradients {
  const parameters = groups.flatMap((group) => group.parameters);
  if (parameters.length === 0)
    throw new GraphError('graph', 'a training step requires at least one parameter to train');
  const gradients = differentiate(loss, parameters, seed, segments);
  return new Map(
    parameters.map((parameter, i) => {
      const gradient = gradients[i];
      if (gradient) return [parameter, gradient];
      throw new GraphError(
        'graph',
        `the loss does not depend on "${describe(parameter)}"; leave it out of the groups of parameters`,
      );
    }),
  );
}
