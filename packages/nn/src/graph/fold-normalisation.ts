/**
 * Batch normalisation by running statistics taken into the convolution before it: s (w * x + b - m) / d + t, d = sqrt(variance + epsilon),
 * is a convolution by (s / d) w with the bias t + (b - m) s / d. For networks whose weights stand still.
 */
import { copier, scopeOf } from './cut.ts';
import { GraphError } from './errors.ts';
import { Graph } from './graph.ts';
import type { GraphNode, Tensor } from './tensor.ts';

/** A convolution that has taken in the normalisation after it, by the names of parameters. */
export interface FoldedConvolution {
  /** The kernel, which keeps its name and is scaled. */
  readonly weight: string;
  /** Of the convolution itself, where it had one. */
  readonly ownBias?: string;
  readonly scale: string;
  /** Of the normalisation; under its name the folded graph has the bias of the convolution. */
  readonly bias: string;
  readonly mean: string;
  readonly variance: string;
  readonly epsilon: number;
}

/** A graph without the normalisations that could be folded, and what its parameters must become. */
export interface FoldedGraph {
  readonly graph: Graph;
  readonly folded: readonly FoldedConvolution[];
}

/**
 * Folds every normalisation that alone reads a convolution and that an activation alone reads. One that something is added to stays:
 * addition and activation come at no cost in its pass. Kernels and statistics must be parameters that nothing else reads.
 * GraphError for a graph that updates parameters.
 */
export function foldNormalisation(from: Graph): FoldedGraph {
  if (from.updates.size > 0)
    throw new GraphError(
      'graph',
      'normalisation is folded into convolutions whose weights stand still: give a graph without updates',
    );
  const graph = new Graph();
  const readers = new Map<Tensor, GraphNode[]>();
  for (const node of from.nodes)
    for (const input of node.inputs) readers.set(input, [...(readers.get(input) ?? []), node]);
  const kept = new Set(from.outputs.values());
  const soleReader = (tensor: Tensor) =>
    kept.has(tensor) || readers.get(tensor)?.length !== 1 ? undefined : readers.get(tensor)?.[0];

  const copies = new Map<Tensor, Tensor>();
  const copy = copier(graph, from, copies);
  const folded: FoldedConvolution[] = [];
  for (const node of from.nodes) {
    const [y] = node.outputs as [Tensor];
    const norm = node.op === 'Conv' ? soleReader(y) : undefined;
    if (norm?.op !== 'BatchNormalization' || norm.inputs[0] !== y) continue;
    const [result] = norm.outputs as [Tensor];
    const end = soleReader(result)?.op;
    const [x, w] = node.inputs as [Tensor, Tensor];
    const own = [...node.inputs.slice(1), ...norm.inputs.slice(1)];
    const names = own.map(({ origin }) => (origin.kind === 'parameter' ? origin.name : undefined));
    if ((end !== 'Relu' && end !== 'LeakyRelu') || names.includes(undefined) || !own.every(soleReader)) continue;
    const [scale, bias, mean, variance] = names.slice(-4) as [string, string, string, string];
    const { epsilon } = norm.attributes as GraphNode<'BatchNormalization'>['attributes'];
    const [weight, ownBias] = names.slice(0, -4) as [string, string?];
    folded.push({ weight, ...(ownBias === undefined ? {} : { ownBias }), scale, bias, mean, variance, epsilon });
    const addend = graph.parameter(bias, [w.shape[0] as number], w.dtype);
    const inputs = [copy(x), copy(w), addend];
    const made = graph.inScope(scopeOf(node), () => graph.apply(node.op, inputs, node.attributes));
    copies.set(result, made[0] as Tensor);
  }
  for (const [name, tensor] of from.outputs) graph.output(name, copy(tensor));
  return { graph, folded };
}

/** Weights of a network as its folded graph wants them; what is folded is computed in float64. */
export function foldedWeights(
  folded: readonly FoldedConvolution[],
  weights: ReadonlyMap<string, Float32Array>,
): ReadonlyMap<string, Float32Array> {
  const result = new Map(weights);
  const valuesOf = (name: string): Float32Array => {
    const values = weights.get(name);
    if (!values) throw new RangeError(`folding requires the weight "${name}"`);
    return values;
  };
  for (const { weight, ownBias, scale, bias, mean, variance, epsilon } of folded) {
    const [kernel, variances] = [valuesOf(weight), valuesOf(variance)];
    const slopes = Float64Array.from(valuesOf(scale), (s, c) => s / Math.sqrt((variances[c] as number) + epsilon));
    const perChannel = kernel.length / slopes.length;
    const slopeOf = (channel: number) => slopes[channel] as number;
    result.set(
      weight,
      kernel.map((value, i) => value * slopeOf(Math.floor(i / perChannel))),
    );
    const [shifts, means] = [valuesOf(bias), valuesOf(mean)];
    const own = ownBias === undefined ? undefined : valuesOf(ownBias);
    result.set(
      bias,
      shifts.map((shift, c) => shift + ((own?.[c] ?? 0) - (means[c] as number)) * slopeOf(c)),
    );
    for (const name of [scale, mean, variance, ...(ownBias === undefined ? [] : [ownBias])]) result.delete(name);
  }
  return result;
}
