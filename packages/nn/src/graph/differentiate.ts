import { GraphError } from './errors.ts';
import { add } from './functions.ts';
import { gradients } from './gradients.ts';
import { Recomputation, type Segment } from './recomputation.ts';
import type { GraphNode, Tensor } from './tensor.ts';
import { sameShape, showShape } from './tensor.ts';

/**
 * Reverse-mode differentiation as a transformation of the graph: adds the nodes that compute the gradient of a scalar
 * with respect to each tensor given, and returns those gradients (null where the scalar does not depend on one).
 * Only nodes on a path from a `wrt` tensor to the scalar get a gradient, so frozen layers cost nothing.
 *
 * `segments` are runs of nodes whose results are not kept for the backward pass but computed again when it reaches them
 * (Chen et al. 2016, "Training deep nets with sublinear memory cost"): less memory for one more forward pass.
 */
export function differentiate(
  scalar: Tensor,
  wrt: readonly Tensor[],
  seed?: Tensor,
  segments: readonly Segment[] = [],
): (Tensor | null)[] {
  const { graph } = scalar;
  if (scalar.shape.length !== 0 && seed === undefined) {
    throw new GraphError(
      'shape',
      `differentiate requires a scalar, got ${showShape(scalar.shape)}; reduce it first or give a seed`,
    );
  }
  if (seed && !sameShape(seed.shape, scalar.shape)) {
    throw new GraphError(
      'shape',
      `the seed of a gradient requires ${showShape(scalar.shape)}, got ${showShape(seed.shape)}`,
    );
  }
  const active = dependents(graph.nodes, wrt);
  const gradientOf = new Map<Tensor, Tensor>([[scalar, seed ?? graph.constant(1, [], scalar.dtype)]]);
  const recomputation = new Recomputation(segments);
  for (const node of graph.nodes.slice(0).reverse()) {
    const arriving = node.outputs.map((output) => gradientOf.get(output) ?? null);
    if (arriving.every((gradient) => gradient === null) || !node.outputs.some((output) => active.has(output))) continue;
    // The rule of an op takes a node of that op; the table's index type cannot say so.
    const rule = gradients[node.op] as (
      node: GraphNode,
      outputGradients: readonly (Tensor | null)[],
    ) => readonly (Tensor | null)[];
    const leaving = graph.inScope(`gradient/${node.name}`, () => rule(recomputation.nodeFor(node, arriving), arriving));
    for (const [position, input] of node.inputs.entries()) {
      const gradient = leaving[position] ?? null;
      if (gradient === null || !active.has(input)) continue;
      const known = gradientOf.get(input);
      gradientOf.set(input, known ? graph.inScope(`gradient/${node.name}`, () => add(known, gradient)) : gradient);
    }
  }
  return wrt.map((tensor) => gradientOf.get(tensor) ?? null);
}

/** All tensors that are computed from the given ones, the given ones included. */
function dependents(nodes: readonly GraphNode[], from: readonly Tensor[]): ReadonlySet<Tensor> {
  const reached = new Set<Tensor>(from);
  for (const node of nodes) {
    if (node.inputs.some((input) => reached.has(input))) for (const output of node.outputs) reached.add(output);
  }
  return reached;
}
