/** Parameters, multiply-adds and activation memory of a network, from its graph. */
import {
  Graph,
  type GraphNode,
  liveNodes,
  type NetworkName,
  networks,
  Scope,
  type Shape,
  sizeOf,
  type Tensor,
} from '@mammoscope/nn';

/** A part of a network: everything whose name begins alike, up to the first dot. */
export interface StageSummary {
  readonly name: string;
  /** Of the stage's last output. */
  readonly shape: Shape;
  readonly parameters: number;
  readonly macs: number;
  readonly activationBytes: number;
}

export interface NetworkSummary {
  readonly model: string;
  readonly input: Shape;
  readonly parameters: number;
  /** Multiply-adds of convolutions and matrix products. */
  readonly macs: number;
  /** Largest sum of values alive at one time, each kept until its last use. */
  readonly inferenceBytes: number;
  /** All outputs of all ops, which training keeps for the backward pass. */
  readonly trainingBytes: number;
  readonly stages: readonly StageSummary[];
}

/** Describes a network for an input; activations are float32. */
export function describeNetwork(model: NetworkName, input: Shape, outputs: number): NetworkSummary {
  const graph = new Graph();
  const scope = new Scope(graph, false);
  const { logits } = networks[model](scope, graph.input('image', input), { outputs });
  graph.output('logits', logits);
  const nodes = liveNodes(graph);
  const weights = [...scope.declarations].filter(([, { kind }]) => kind === 'weight');
  const stages = new Map<string, StageSummary>();
  const empty = (name: string): StageSummary => ({ name, shape: [], parameters: 0, macs: 0, activationBytes: 0 });
  const change = (name: string, update: (stage: StageSummary) => Partial<StageSummary>) => {
    const stage = stages.get(name) ?? empty(name);
    stages.set(name, { ...stage, ...update(stage) });
  };
  for (const node of nodes) {
    const [output] = node.outputs as [Tensor];
    change(stageOf(node.name), (stage) => ({
      shape: output.shape,
      macs: stage.macs + macsOf(node),
      activationBytes: stage.activationBytes + bytesOf(node),
    }));
  }
  for (const [name, { tensor }] of weights)
    change(stageOf(name), (stage) => ({ parameters: stage.parameters + sizeOf(tensor.shape) }));
  return {
    model,
    input,
    parameters: weights.reduce((sum, [, { tensor }]) => sum + sizeOf(tensor.shape), 0),
    macs: nodes.reduce((sum, node) => sum + macsOf(node), 0),
    inferenceBytes: peakBytes(nodes),
    trainingBytes: nodes.reduce((sum, node) => sum + bytesOf(node), 0),
    stages: [...stages.values()],
  };
}

/** 'layer1' of 'layer1.0.conv1.weight', 'features.3' of 'features.3.squeeze/Conv'; ops outside a layer by their name. */
function stageOf(name: string): string {
  const [path] = name.split('/') as [string];
  const parts = path.split('.');
  return parts[0] === 'features' || parts[0] === 'classifier' ? parts.slice(0, 2).join('.') : (parts[0] as string);
}

/** Multiply-adds of an op: outputs times the length of the sum behind each. */
function macsOf(node: GraphNode): number {
  const [first, second] = node.inputs as [Tensor, Tensor?];
  const [output] = node.outputs as [Tensor];
  if (node.op === 'Conv') return sizeOf(output.shape) * sizeOf((second as Tensor).shape.slice(1));
  if (node.op === 'Gemm' || node.op === 'MatMul') return sizeOf(output.shape) * (first.shape.at(-1) as number);
  return 0;
}

const bytesOf = (node: GraphNode) =>
  node.op === 'Reshape' ? 0 : 4 * node.outputs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);

function peakBytes(nodes: readonly GraphNode[]): number {
  const lastUse = new Map<Tensor, number>();
  for (const [i, node] of nodes.entries())
    for (const input of node.inputs) if (input.origin.kind === 'node') lastUse.set(input, i);
  let alive = 0;
  let peak = 0;
  const freed = Array.from({ length: nodes.length + 1 }, () => 0);
  for (const [i, node] of nodes.entries()) {
    alive += bytesOf(node);
    peak = Math.max(peak, alive);
    const until = Math.max(...node.outputs.map((output) => lastUse.get(output) ?? nodes.length));
    freed[until] = (freed[until] as number) + bytesOf(node);
    alive -= freed[i] as number;
  }
  return peak;
}
