/** Training steps of any network: from a loss to the graphs that one update runs. */
import {
  buildAccumulation,
  buildTrainingStep,
  type Graph,
  type GraphPhases,
  type HostStep,
  hostStepOf,
  type Optimiser,
  type Scope,
  type Segment,
  type Tensor,
  type UpdateOptions,
} from '@mammoscope/nn';
import type { Device } from '@mammoscope/runtime';

/** How a training step is built. */
export interface StepOptions {
  readonly optimiser: Optimiser;
  readonly weightDecay: number;
  /** On a CPU parameters are updated on the host, on other devices by the graph. */
  readonly device: Device;
  /** Parts of the network to compute again in the backward pass; none unless given. */
  readonly segments?: readonly Segment[];
  /** Runs whose gradients are averaged for one update; 1 unless given. */
  readonly accumulate?: number;
  /** Largest L2 norm of all gradients together; 0, as when it is not given, for no limit. */
  readonly clipNorm?: number;
}

/** A training step, and what the host adds to it. */
export interface TrainingStep {
  readonly graph: Graph;
  /** With accumulation: the graph that updates the parameters after the runs of the other. */
  readonly apply?: Graph;
  readonly hostStep?: HostStep;
}

/** A training step in two phases, between which the host decides (ADR 0009). */
export interface PhasedStep {
  readonly phases: GraphPhases;
  readonly hostStep?: HostStep;
}

/** The graphs that a step runs. */
export function graphsOf(step: TrainingStep | PhasedStep): readonly Graph[] {
  if ('phases' in step) return [step.phases.early, step.phases.late];
  return step.apply ? [step.graph, step.apply] : [step.graph];
}

/** The training step of a loss over all weights of a scope. */
export function stepOf(
  loss: Tensor,
  scope: Scope,
  { optimiser, weightDecay, device, segments = [], accumulate = 1, clipNorm = 0 }: StepOptions,
): TrainingStep {
  const parameters = [...scope.declarations.values()].flatMap(({ kind, tensor }) =>
    kind === 'weight' ? [tensor] : [],
  );
  const options: UpdateOptions = {
    optimiser,
    groups: [{ parameters, weightDecay }],
    segments,
    updates: device === 'cpu' ? 'host' : 'graph',
    ...(clipNorm > 0 ? { clipNorm } : {}),
  };
  const host = options.updates === 'host' ? { hostStep: hostStepOf(options) } : {};
  if (accumulate === 1) return { graph: buildTrainingStep(loss, options), ...host };
  const { accumulate: graph, apply } = buildAccumulation(loss, accumulate, options);
  return { graph, apply, ...host };
}
