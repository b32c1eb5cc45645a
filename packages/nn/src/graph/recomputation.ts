import { barrier } from './functions.ts';
import type { Graph } from './graph.ts';
import { type GraphNode, sizeOf, type Tensor } from './tensor.ts';

/** Consecutive nodes that are computed again in the backward pass; what enters them is kept. */
export type Segment = readonly GraphNode[];

/** Makes the copies of segments while a graph is differentiated, each when the first gradient reaches it. */
export class Recomputation {
  readonly #segmentOf = new Map<GraphNode, Segment>();
  readonly #copies = new Map<GraphNode, GraphNode>();

  constructor(segments: readonly Segment[]) {
    for (const segment of segments) for (const node of segment) this.#segmentOf.set(node, segment);
  }

  /** The node whose operands and results a gradient rule should use: a copy where the node is in a segment. */
  nodeFor(node: GraphNode, arriving: readonly (Tensor | null)[]): GraphNode {
    const segment = this.#segmentOf.get(node);
    if (!segment) return node;
    if (!this.#copies.has(node)) this.#copy(segment, arriving.find((gradient) => gradient !== null) as Tensor);
    return this.#copies.get(node) as GraphNode;
  }

  /**
   * Copies a segment. What enters it waits for the gradient, by a barrier on one operand of each node that reads only what
   * is kept; otherwise a runtime would compute the copy early, or see that it equals the original. The operand is one that
   * a node has computed, where there is one: a barrier on it copies nothing, on a graph's input or parameter it does.
   */
  #copy(segment: Segment, after: Tensor): void {
    const { graph } = after;
    const copied = new Map<Tensor, Tensor>();
    for (const node of segment) {
      const enters = !node.inputs.some((input) => copied.has(input));
      const held = enters ? (node.inputs.find(({ origin }) => origin.kind === 'node') ?? smallest(node.inputs)) : null;
      const name = `recomputed/${node.name.slice(0, node.name.lastIndexOf('/'))}`;
      const copy = graph.inScope(name, () => {
        const inputs = node.inputs.map((input) =>
          input === held ? barrier(input, after) : (copied.get(input) ?? input),
        );
        graph.apply(node.op, inputs, node.attributes);
        return graph.nodes.at(-1) as GraphNode;
      });
      for (const [i, output] of node.outputs.entries()) copied.set(output, copy.outputs[i] as Tensor);
      this.#copies.set(node, copy);
    }
  }
}

function smallest(tensors: readonly Tensor[]): Tensor | null {
  return tensors.reduce<Tensor | null>(
    (least, tensor) => (least === null || sizeOf(tensor.shape) < sizeOf(least.shape) ? tensor : least),
    null,
  );
}

/**
 * Segments of a network for recomputation: runs of nodes of one block, by the first `depth` parts of their dotted names
 * ('layer1.0', 'features.3'). Nodes with fewer parts, as a stem has, form runs of their own, and nodes without a name
 * belong to the run before them. Runs of a single node are left alone.
 */
export function segmentsByBlock(graph: Graph, depth = 2): Segment[] {
  const segments: GraphNode[][] = [[]];
  let current = '';
  for (const node of graph.nodes) {
    const block = node.name.includes('/') ? blockOf(node.name, depth) : current;
    if (block !== current) segments.push([]);
    segments.at(-1)?.push(node);
    current = block;
  }
  return segments.filter((segment) => segment.length > 1);
}

function blockOf(name: string, depth: number): string {
  const parts = (name.split('/')[0] as string).split('.');
  return parts.length < depth ? 'shallow' : parts.slice(0, depth).join('.');
}
