/** Parameters, multiply-adds and activation memory of a network, from its graph. */
import {
  bytesAlive,
  type ClassifierName,
  classifiers,
  crossEntropy,
  differentiate,
  Graph,
  type GraphNode,
  liveNodes,
  Scope,
  type Shape,
  sizeOf,
  stored,
  type Tensor,
} from '@mammoscope/nn';

/** A part of a network: what its names begin with, such as layer1, features.3, Mixed_5b or block3. */
export interface StageSummary {
  readonly name: string;
  /** Of the stage's last output. */
  readonly shape: Shape;
  readonly parameters: number;
  readonly macs: number;
  /** The most that is alive at one time while the stage runs, other stages' values included. */
  readonly inferenceBytes: number;
  /** The stage's values that the backward pass reads. */
  readonly trainingBytes: number;
}

export interface NetworkSummary {
  readonly model: string;
  readonly input: Shape;
  readonly parameters: number;
  /** Multiply-adds of convolutions and matrix products. */
  readonly macs: number;
  /** Largest sum of values alive at one time, each kept until its last use; without the images and the weights. */
  readonly inferenceBytes: number;
  /** Values that the forward pass of training keeps for the backward pass; without the images and the weights. */
  readonly trainingBytes: number;
  readonly stages: readonly StageSummary[];
}

/** Describes a network for an input; activations are float32. GraphError when the network cannot take the input. */
export function describeNetwork(model: ClassifierName, input: Shape, outputs: number): NetworkSummary {
  const { graph, scope, logits } = build(model, input, outputs, false);
  graph.output('logits', logits);
  const nodes = liveNodes(graph);
  const alive = bytesAlive(nodes);
  const stages = new Map<string, StageSummary>();
  const change = (name: string, update: (stage: StageSummary) => Partial<StageSummary>) => {
    const stage = stages.get(name) ?? { name, shape: [], parameters: 0, macs: 0, inferenceBytes: 0, trainingBytes: 0 };
    stages.set(name, { ...stage, ...update(stage) });
  };
  for (const [i, name] of stageNames(nodes).entries()) {
    const node = nodes[i] as GraphNode;
    change(name, ({ macs, inferenceBytes }) => ({
      shape: (node.outputs[0] as Tensor).shape,
      macs: macs + macsOf(node),
      inferenceBytes: Math.max(inferenceBytes, alive[i] as number),
    }));
  }
  for (const [name, { tensor, kind }] of scope.declarations)
    if (kind === 'weight')
      change(stageOf(name.slice(0, name.lastIndexOf('.'))), ({ parameters }) => ({
        parameters: parameters + sizeOf(tensor.shape),
      }));
  for (const [name, bytes] of keptByStage(model, input, outputs, new Set(stages.keys())))
    change(name, ({ trainingBytes }) => ({ trainingBytes: trainingBytes + bytes }));
  const all = [...stages.values()];
  const sum = (key: 'parameters' | 'macs' | 'trainingBytes') => all.reduce((total, stage) => total + stage[key], 0);
  return {
    model,
    input,
    parameters: sum('parameters'),
    macs: sum('macs'),
    inferenceBytes: Math.max(...alive),
    trainingBytes: sum('trainingBytes'),
    stages: all,
  };
}

function build(model: ClassifierName, input: Shape, outputs: number, training: boolean) {
  const graph = new Graph();
  const scope = new Scope(graph, training);
  const { logits } = classifiers[model](scope, graph.input('image', input), { outputs });
  return { graph, scope, logits };
}

/** Bytes of each stage's values that the gradient of the loss by all weights reads; stages as in evaluation. */
function keptByStage(
  model: ClassifierName,
  input: Shape,
  outputs: number,
  known: ReadonlySet<string>,
): Map<string, number> {
  const { graph, scope, logits } = build(model, input, outputs, true);
  const forward = [...graph.nodes];
  const loss = crossEntropy(logits, graph.input('oneHot', logits.shape));
  const weights = [...scope.declarations.values()].filter(({ kind }) => kind === 'weight').map(({ tensor }) => tensor);
  const lossNode = graph.nodes.length;
  for (const [i, gradient] of differentiate(loss, weights).entries()) if (gradient) graph.output(`${i}`, gradient);
  const read = new Set(
    liveNodes(graph)
      .filter(({ id }) => id >= lossNode)
      .flatMap(({ inputs }) => inputs.map(stored)),
  );
  const kept = new Map<string, number>();
  for (const [i, name] of stageNames(forward, known).entries())
    for (const output of (forward[i] as GraphNode).outputs)
      if (read.has(output)) kept.set(name, (kept.get(name) ?? 0) + 4 * sizeOf(output.shape));
  return kept;
}

/** The stage of each node; one without a name, or with one that is not known, belongs to the stage before it. */
function stageNames(nodes: readonly GraphNode[], known?: ReadonlySet<string>): string[] {
  let current = 'input';
  return nodes.map(({ name }) => {
    if (name.includes('/') && known?.has(stageOf(name)) !== false) current = stageOf(name);
    return current;
  });
}

/** 'layer1' of 'layer1.0.conv1', 'features.3' of 'features.3.squeeze/Conv'. */
function stageOf(name: string): string {
  const [path] = name.split('/') as [string];
  const parts = path.split('.');
  return parts.slice(0, parts[0] === 'features' || parts[0] === 'classifier' ? 2 : 1).join('.');
}

/** Multiply-adds of an op: outputs times the length of the sum behind each. */
function macsOf(node: GraphNode): number {
  const [first, second] = node.inputs as [Tensor, Tensor?];
  const [output] = node.outputs as [Tensor];
  if (node.op === 'Conv') return sizeOf(output.shape) * sizeOf((second as Tensor).shape.slice(1));
  if (node.op === 'Gemm' || node.op === 'MatMul') return sizeOf(output.shape) * (first.shape.at(-1) as number);
  return 0;
}
