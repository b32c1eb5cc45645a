/**
 * Batch normalisation by running statistics as a scaling of the kernel before it: s (w * x + b - m) / d + t, d = sqrt(variance +
 * epsilon), is the convolution by (s / d) w with the bias t + (b - m) s / d. Where weights stand still, foldNormalisation does so once
 * and for all; here the scaling is part of the graph, so that gradients go through it to kernel, scale and shift.
 */
import { copier, scopeOf } from './cut.ts';
import * as f from './functions.ts';
import { Graph } from './graph.ts';
import { type GraphNode, sizeOf, type Tensor } from './tensor.ts';

/** What a graph's normalisations become. */
export interface ScaledKernelOptions {
  /** Whether a kernel is worth scaling for a result; when it is no larger than half of the result, unless given. */
  readonly worth?: (kernel: Tensor, result: Tensor) => boolean;
}

/** Scaling reads and writes a kernel at every run, normalising reads and writes the result. */
const smaller = (kernel: Tensor, result: Tensor): boolean => 2 * sizeOf(kernel.shape) <= sizeOf(result.shape);

/** A copy of a graph, before gradients and updates, in which normalisations that alone read a convolution scale its kernel. */
export function scaleKernels(from: Graph, { worth = smaller }: ScaledKernelOptions = {}): Graph {
  const graph = new Graph();
  const copies = new Map<Tensor, Tensor>();
  const copy = copier(graph, from, copies);
  const readers = new Map<Tensor, GraphNode[]>();
  for (const node of from.nodes)
    for (const input of node.inputs) readers.set(input, [...(readers.get(input) ?? []), node]);
  const outputs = new Set(from.outputs.values());
  for (const node of from.nodes) {
    const [y] = node.outputs as [Tensor];
    const [norm, ...others] = readers.get(y) ?? [];
    if (node.op !== 'Conv' || norm?.op !== 'BatchNormalization' || others.length > 0 || outputs.has(y)) continue;
    if (norm.inputs[0] !== y || !worth(node.inputs[1] as Tensor, y)) continue;
    const [x, w, own] = node.inputs.map(copy) as [Tensor, Tensor, Tensor?];
    const [scale, bias, mean, variance] = norm.inputs.slice(1).map(copy) as [Tensor, Tensor, Tensor, Tensor];
    const { epsilon } = norm.attributes as GraphNode<'BatchNormalization'>['attributes'];
    const [slope, shift] = graph.inScope(scopeOf(norm), () => {
      const slopes = f.div(scale, f.sqrt(f.add(variance, epsilon)));
      return [slopes, f.sub(bias, f.mul(own ? f.sub(mean, own) : mean, slopes))] as const;
    });
    const [result] = graph.inScope(scopeOf(node), () => {
      const column = f.reshape(slope, [slope.shape[0] as number, ...w.shape.slice(1).map(() => 1)]);
      return graph.apply(node.op, [x, f.mul(w, column), shift], node.attributes);
    });
    copies.set(norm.outputs[0] as Tensor, result as Tensor);
  }
  for (const [name, tensor] of from.outputs) graph.output(name, copy(tensor));
  return graph;
}
