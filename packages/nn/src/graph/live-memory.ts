/** How much of a graph is alive at a time, counted from its shapes. */
import { type GraphNode, sizeOf, type Tensor } from './tensor.ts';

const BYTES_PER_ELEMENT = 4; // float32

/** The value whose memory a tensor is: a reshape has none of its own. */
export function stored(tensor: Tensor): Tensor {
  const { origin } = tensor;
  return origin.kind === 'node' && origin.node.op === 'Reshape' ? stored(origin.node.inputs[0] as Tensor) : tensor;
}

/**
 * Bytes alive while each node runs, in order: its outputs, and all before them that it or a later node reads. Inputs,
 * parameters and outputs of the graph are left out, and so is what a kernel needs for itself.
 */
export function bytesAlive(nodes: readonly GraphNode[]): number[] {
  const lastUse = new Map<Tensor, number>();
  for (const [i, node] of nodes.entries()) for (const input of node.inputs) lastUse.set(stored(input), i);
  const freedAfter = Array.from({ length: nodes.length }, () => 0);
  let alive = 0;
  return nodes.map((node, i) => {
    for (const output of node.outputs) {
      if (stored(output) !== output) continue;
      const bytes = BYTES_PER_ELEMENT * sizeOf(output.shape);
      const last = lastUse.get(output) ?? i;
      alive += bytes;
      freedAfter[last] = (freedAfter[last] as number) + bytes;
    }
    const now = alive;
    alive -= freedAfter[i] as number;
    return now;
  });
}
