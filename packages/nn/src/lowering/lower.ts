import { GraphError } from '../graph/errors.ts';
import type { Graph } from '../graph/graph.ts';
import type { OpName } from '../graph/ops/index.ts';
import type { DType, GraphNode, Shape, Tensor } from '../graph/tensor.ts';
import { showShape } from '../graph/tensor.ts';
import { encodeModel, type OnnxModel, type OnnxNode, type OnnxValue } from '../onnx/model.ts';
import type { Layout, Target } from './layout.ts';
import { Lowering, type Way } from './lowering.ts';
import { ways } from './ways/index.ts';

/** For each signature (see `signature`) the name of the way to use. */
export type Choices = ReadonlyMap<string, string>;

/** A value that enters or leaves a lowered graph. */
export interface Port {
  /** Name of the ONNX input or output. */
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
  /** How its elements are ordered in memory. */
  readonly layout: Layout;
}

/** A graph as an ONNX model for one target. */
export interface LoweredGraph {
  readonly model: OnnxModel;
  readonly target: Target;
  /** Given at every run. */
  readonly inputs: readonly Port[];
  /** Kept between runs. */
  readonly parameters: readonly Port[];
  readonly outputs: readonly Port[];
  /** For each updated parameter the ONNX output with its next value; same layout as the parameter. */
  readonly updates: ReadonlyMap<string, string>;
}

/** What names a node's shapes and geometry: nodes of one signature are written the same way. */
export function signature(node: GraphNode, target: Target): string {
  const operands = node.inputs.map((input) => `${input.dtype}${showShape(input.shape)}`).join(' ');
  return `${node.op} ${operands} ${JSON.stringify(node.attributes)} ${target.device}/${target.blockSize}`;
}

/** The ways that a node can be written on a target, preferred first: those that suit its shapes, then in the order of the table. */
export function applicableWays(node: GraphNode, target: Target): readonly Way<OpName>[] {
  const all = ways[node.op] as unknown as readonly Way<OpName>[];
  const applicable = all.filter((way) => way.applies?.(node, target) ?? true);
  if (applicable.length === 0)
    throw new GraphError('graph', `${node.name}: no way to write ${node.op} for ${target.device}`);
  const suits = (way: Way<OpName>) => way.suits?.(node) ?? false;
  return applicable.some(suits) ? [...applicable].sort((a, b) => Number(suits(b)) - Number(suits(a))) : applicable;
}

/** Nodes that the outputs and updates of a graph depend on, in order. */
export function liveNodes(graph: Graph): GraphNode[] {
  const needed = new Set<Tensor>([...graph.outputs.values(), ...graph.updates.values()]);
  const live: GraphNode[] = [];
  for (const node of graph.nodes.slice().reverse()) {
    if (!node.outputs.some((output) => needed.has(output))) continue;
    for (const input of node.inputs) needed.add(input);
    live.push(node);
  }
  return live.reverse();
}

/** How values are ordered outside a lowered graph, by their names in the graph. */
export interface OutsideLayouts {
  /** Inputs and parameters; where it is silent the first use decides. */
  readonly inputs?: ReadonlyMap<string, Layout>;
  /** Outputs, 'any' for those that leave in the layout that they have; where it is silent they leave plain. */
  readonly outputs?: ReadonlyMap<string, Layout | 'any'>;
}

/** Writes a graph as an ONNX model. Dead nodes are left out. */
export function lower(
  graph: Graph,
  target: Target,
  choices: Choices = new Map(),
  layouts: OutsideLayouts = {},
): LoweredGraph {
  const live = liveNodes(graph);
  const lowering = new Lowering(graph, target, live, layouts.inputs);
  const stored = new Map(
    [...graph.outputLikes].map(([name, parameter]) => [graph.outputs.get(name) as Tensor, parameter]),
  );
  for (const node of live) {
    if (lowering.done.has(node)) continue;
    lowering.enter(node);
    const applicable = applicableWays(node, target);
    const chosen = choices.get(signature(node, target));
    const way = applicable.find(({ name }) => name === chosen) ?? (applicable[0] as Way<OpName>);
    way.emit(lowering, node);
    // A gradient is brought to its parameter's layout at once, not when the graph ends: see leavesLast.
    for (const output of node.outputs) {
      const layout = lowering.outsideLayouts.get(stored.get(output) ?? '');
      if (layout !== undefined && lowering.isAvailable(output)) lowering.value(output, layout);
    }
  }
  const outputs: Port[] = [];
  const onnxOutputs: OnnxValue[] = [];
  const leave = (name: string, tensor: Tensor, layout: Layout): Port => {
    lowering.exportAs(name, tensor, layout);
    onnxOutputs.push({ name, dtype: tensor.dtype, shape: tensor.shape });
    return { name, dtype: tensor.dtype, shape: tensor.shape, layout };
  };
  for (const [name, tensor] of graph.outputs) {
    const wanted = layouts.outputs?.get(name);
    const layout = wanted === 'any' ? lowering.naturalLayout(tensor) : wanted;
    const like = lowering.outsideLayouts.get(graph.outputLikes.get(name) ?? '');
    outputs.push(leave(`out:${name}`, tensor, layout ?? like ?? 'plain'));
  }
  const updates = new Map<string, string>();
  for (const [name, tensor] of graph.updates) {
    const parameter = graph.parameters.get(name) as Tensor;
    const layout = lowering.outsideLayouts.get(name) ?? lowering.naturalLayout(tensor) ?? 'plain';
    lowering.value(parameter, layout);
    updates.set(name, leave(`next:${name}`, tensor, layout).name);
  }
  const port = (name: string, { dtype, shape }: Tensor): Port => ({
    name,
    dtype,
    shape,
    layout: lowering.outsideLayouts.get(name) ?? 'plain',
  });
  const used = (table: ReadonlyMap<string, Tensor>) =>
    [...table].filter(([name]) => lowering.outsideLayouts.has(name)).map(([name, tensor]) => port(name, tensor));
  const [inputs, parameters] = [used(graph.inputs), used(graph.parameters)];
  const ports = [...inputs, ...parameters];
  const recomputes = live.some(({ op }) => op === 'Barrier');
  return {
    model: {
      nodes: leavesLast(lowering.nodes),
      inputs: recomputes && target.device === 'cpu' ? ports.map(withFreeExtents) : ports,
      outputs: onnxOutputs,
      initializers: lowering.initializers,
    },
    target,
    inputs,
    parameters,
    outputs,
    updates,
  };
}

/**
 * An input whose extents are not told. ONNX Runtime's planner on a CPU gives the buffer of a dead value to any later value of
 * the same shape, and keeps it until then: with shapes known, values that are computed again would have held their memory
 * all the time. Without them it looks through all dead values each time, which takes it seconds for 10,000 nodes (ADR 0006).
 */
function withFreeExtents(input: OnnxValue): OnnxValue {
  return { ...input, shape: input.shape.map((_, axis) => `${input.name}.${axis}`) };
}

/**
 * Nodes that no other node reads, moved to the end in reverse. ONNX Runtime orders nodes by a depth-first search from
 * the leaves, the last leaf first; so the first leaf written, and what it alone needs, runs first. Without this every
 * weight gradient waits for the whole backward pass, and all that it needs is kept until then.
 */
function leavesLast(nodes: readonly OnnxNode[]): OnnxNode[] {
  const read = new Set(nodes.flatMap((node) => node.inputs));
  const isLeaf = (node: OnnxNode) => !node.outputs.some((output) => read.has(output));
  return [...nodes.filter((node) => !isLeaf(node)), ...nodes.filter(isLeaf).reverse()];
}

/** The bytes of a lowered graph's ONNX file. */
export function encode(lowered: LoweredGraph): Uint8Array {
  return encodeModel(lowered.model);
}
