/** Cutting a graph in two at a tensor: a frozen feature extractor and a head that is trained on what it gives. */
import { GraphError } from './errors.ts';
import { describe, Graph } from './graph.ts';
import type { GraphNode, Tensor } from './tensor.ts';

/** The two parts of a graph. */
export interface CutGraph {
  /** The graph's inputs to the tensor of the cut, which is its output. */
  readonly extractor: Graph;
  /** The tensor of the cut, an input now, to the graph's outputs. */
  readonly head: Graph;
}

/**
 * Cuts a graph at a tensor, so that head(extractor(x)) is what the graph was. The extractor has one output and the head
 * an input in its place, both called `name`; parameters keep their names, updates go with what they are computed from,
 * and inputs that only one part reads (random numbers, labels) with that part. GraphError when the head would also need
 * something else of what the extractor computes or reads, as with a skip connection around the cut.
 */
export function cutGraph(graph: Graph, at: Tensor, name = 'features'): CutGraph {
  const computed = dependents(graph, [at]);
  const shared = [...ancestors(at)].filter(({ origin }) => origin.kind === 'input');
  requireSeparation(graph, at, shared, computed);

  const extractor = new Graph();
  const copyFront = copier(extractor, graph);
  extractor.output(name, copyFront(at));
  const head = new Graph();
  const copyBack = copier(head, graph, new Map([[at, head.input(name, at.shape, at.dtype)]]));
  for (const [output, tensor] of graph.outputs) head.output(output, copyBack(tensor));
  for (const [parameter, value] of graph.updates) {
    const [part, copy] = computed.has(value) ? [head, copyBack] : [extractor, copyFront];
    part.update(copy(graph.parameters.get(parameter) as Tensor), copy(value));
  }
  return { extractor, head };
}

/** GraphError when the head would need a shared input by a way that does not lead through the tensor of the cut. */
function requireSeparation(graph: Graph, at: Tensor, shared: readonly Tensor[], computed: ReadonlySet<Tensor>): void {
  const cut = `the graph cannot be cut at ${describe(at)}`;
  if (at.origin.kind !== 'node') throw new GraphError('graph', `${cut}: it is no computed value`);
  const around = dependents(graph, shared, at);
  const outputs = [...graph.outputs].map(([name, tensor]) => [`output "${name}"`, tensor] as const);
  if (!outputs.some(([, tensor]) => computed.has(tensor)))
    throw new GraphError('graph', `${cut}: no output depends on it; name the outputs before cutting`);
  const updates = [...graph.updates].filter(([, value]) => computed.has(value));
  const ends = [...outputs, ...updates.map(([name, value]) => [`the update of "${name}"`, value] as const)];
  const end = ends.find(([, tensor]) => around.has(tensor));
  if (!end) return;
  const join = graph.nodes
    .filter(({ inputs }) => inputs.some((x) => computed.has(x) && (x === at || !around.has(x))))
    .flatMap(({ inputs }) => inputs.filter((x) => around.has(x)))[0];
  throw new GraphError(
    'graph',
    `${cut}: ${end[0]} depends on ${describe(join ?? end[1])} by a way around it; cut where all ways have met`,
  );
}

/** All tensors that are computed from the given ones, the given ones included, on ways that do not lead through `except`. */
function dependents(graph: Graph, from: readonly Tensor[], except?: Tensor): ReadonlySet<Tensor> {
  const reached = new Set(from);
  for (const { inputs, outputs } of graph.nodes)
    if (inputs.some((input) => reached.has(input)))
      for (const output of outputs) if (output !== except) reached.add(output);
  return reached;
}

/** All tensors that one is computed from, itself included. */
function ancestors(of: Tensor): ReadonlySet<Tensor> {
  const reached = new Set([of]);
  for (const tensor of reached) // a set is walked over what is added on the way, too
    if (tensor.origin.kind === 'node') for (const input of tensor.origin.node.inputs) reached.add(input);
  return reached;
}

/** Copies tensors of a graph into another with all that they are computed from, each once; `copies` stand for tensors. */
export function copier(to: Graph, from: Graph, copies: Map<Tensor, Tensor> = new Map()): (tensor: Tensor) => Tensor {
  const copyOutside = (tensor: Tensor): Tensor => {
    const { origin, shape, dtype } = tensor;
    switch (origin.kind) {
      case 'input':
        return to.input(origin.name, shape, dtype);
      case 'parameter':
        return to.parameter(origin.name, shape, dtype);
      case 'constant': {
        const values = Array.from(origin.data, Number);
        return shape.length === 0 ? to.constant(values[0] as number, [], dtype) : to.constant(values, shape, dtype);
      }
      default:
        throw new RangeError(`${describe(tensor)} comes after what is computed from it`);
    }
  };
  const copyOf = (tensor: Tensor): Tensor => {
    const known = copies.get(tensor) ?? copyOutside(tensor);
    copies.set(tensor, known);
    return known;
  };
  return (wanted) => {
    const needed = missing(wanted, copies);
    for (const node of from.nodes) {
      if (!needed.has(node)) continue;
      const made = to.inScope(scopeOf(node), () => to.apply(node.op, node.inputs.map(copyOf), node.attributes));
      for (const [i, output] of node.outputs.entries()) if (!copies.has(output)) copies.set(output, made[i] as Tensor);
    }
    return copyOf(wanted);
  };
}

/** The nodes that a tensor is computed from and that are not copied yet. */
function missing(wanted: Tensor, copies: ReadonlyMap<Tensor, Tensor>): ReadonlySet<GraphNode> {
  const nodes = new Set<GraphNode>();
  const reached = new Set([wanted]);
  for (const tensor of reached) {
    if (copies.has(tensor) || tensor.origin.kind !== 'node') continue;
    nodes.add(tensor.origin.node);
    for (const input of tensor.origin.node.inputs) reached.add(input);
  }
  return nodes;
}

/** 'layer1.0.conv1' of 'layer1.0.conv1/Conv'. */
export const scopeOf = ({ name }: GraphNode) => name.slice(0, Math.max(name.lastIndexOf('/'), 0));
