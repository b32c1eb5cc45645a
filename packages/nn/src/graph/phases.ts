/** Cutting a graph in two in time: what can be computed before some inputs are known, and what waits for them. */
import { GraphError } from './errors.ts';
import { Graph } from './graph.ts';
import type { GraphNode, Tensor } from './tensor.ts';

/** Values with this prefix leave the early phase and enter the late one as they are. */
export const KEPT_PREFIX = 'kept/';

/** The two phases of a graph. */
export interface GraphPhases {
  /** The outputs that do not depend on the late inputs; of what they need, the values that the late phase reads, as 'kept/<n>'. */
  readonly early: Graph;
  /** The rest; the kept values are parameters of it. */
  readonly late: Graph;
}

/**
 * Cuts a graph at inputs that the caller makes from what the graph itself gives: a detector's proposals and targets come
 * from its outputs. Nothing is computed twice: early(x) gives those outputs, and late(the inputs named, and those early
 * ones that it reads too) goes on from what was kept. Values that are computed again for the sake of memory, and all
 * gradients, depend on the loss and fall to the late phase by themselves. GraphError for a name that is no input, or when
 * a phase would give nothing.
 */
export function cutInPhases(graph: Graph, lateInputs: Iterable<string>): GraphPhases {
  const isLate = new Set<Tensor>();
  for (const name of lateInputs) {
    const input = graph.inputs.get(name);
    if (!input) throw new GraphError('graph', `the graph has no input "${name}" to wait for`);
    isLate.add(input);
  }
  for (const { inputs, outputs } of graph.nodes)
    if (inputs.some((input) => isLate.has(input))) for (const output of outputs) isLate.add(output);

  // Early is what the early ends need and no more: what could be computed early but serves the late phase alone, such as a
  // transposed operand of a gradient, would only have to be kept.
  const early = new Part(graph);
  for (const tensor of ends(graph)) if (!isLate.has(tensor)) early.need(tensor);
  early.collect(() => true);
  const late = new Part(graph);
  for (const tensor of ends(graph)) if (isLate.has(tensor)) late.need(tensor);
  const kept = late.collect((node) => !early.has(node));
  if (!early.gives || !late.gives)
    throw new GraphError(
      'graph',
      'one phase gives nothing: name an output that the late inputs are made from, and one that depends on them',
    );

  for (const [i, tensor] of kept.entries()) late.standFor(tensor, `${KEPT_PREFIX}${i}`);
  early.copy((tensor) => !isLate.has(tensor));
  late.copy((tensor) => isLate.has(tensor));
  for (const [i, tensor] of kept.entries()) early.made.output(`${KEPT_PREFIX}${i}`, early.copyOf(tensor));
  return { early: early.made, late: late.made };
}

const ends = (graph: Graph): readonly Tensor[] => [...graph.outputs.values(), ...graph.updates.values()];

/** A part of a graph as a graph of its own, its nodes in their order. */
class Part {
  readonly made = new Graph();
  readonly #from: Graph;
  readonly #needed = new Set<Tensor>();
  readonly #nodes = new Set<GraphNode>();
  readonly #copies = new Map<Tensor, Tensor>();

  constructor(from: Graph) {
    this.#from = from;
  }

  get gives(): boolean {
    return this.#needed.size > 0;
  }

  need(tensor: Tensor): void {
    this.#needed.add(tensor);
  }

  has(node: GraphNode): boolean {
    return this.#nodes.has(node);
  }

  /** Finds the nodes that the part is made of, and returns those tensors they need that do not belong to it. */
  collect(belongs: (node: GraphNode) => boolean): readonly Tensor[] {
    const foreign: Tensor[] = [];
    for (const node of [...this.#from.nodes].reverse()) {
      const used = node.outputs.filter((output) => this.#needed.has(output));
      if (used.length === 0) continue;
      if (belongs(node)) {
        for (const input of node.inputs) this.#needed.add(input);
        this.#nodes.add(node);
      } else foreign.push(...used);
    }
    return foreign;
  }

  /** Puts a parameter in the place of a tensor. */
  standFor(tensor: Tensor, name: string): void {
    this.#copies.set(tensor, this.made.parameter(name, tensor.shape, tensor.dtype));
  }

  /** Copies the nodes and those outputs and updates that belong to the part. */
  copy(belongs: (tensor: Tensor) => boolean): void {
    for (const node of this.#from.nodes.filter((node) => this.#nodes.has(node))) {
      const scope = node.name.slice(0, Math.max(node.name.lastIndexOf('/'), 0));
      const copies = this.made.inScope(scope, () =>
        this.made.apply(
          node.op,
          node.inputs.map((input) => this.copyOf(input)),
          node.attributes,
        ),
      );
      for (const [i, output] of node.outputs.entries()) this.#copies.set(output, copies[i] as Tensor);
    }
    for (const [name, tensor] of this.#from.outputs) if (belongs(tensor)) this.made.output(name, this.copyOf(tensor));
    for (const [name, parameter] of this.#from.outputLikes)
      if (this.made.outputs.has(name)) {
        this.copyOf(this.#from.parameters.get(parameter) as Tensor);
        this.made.outputLikes.set(name, parameter);
      }
    for (const [name, value] of this.#from.updates)
      if (belongs(value)) this.made.update(this.copyOf(this.#from.parameters.get(name) as Tensor), this.copyOf(value));
    for (const [name, like] of this.#from.likes) if (this.made.parameters.has(name)) this.made.likes.set(name, like);
  }

  copyOf(tensor: Tensor): Tensor {
    const known = this.#copies.get(tensor);
    if (known) return known;
    const { origin, shape, dtype } = tensor;
    const made =
      origin.kind === 'input'
        ? this.made.input(origin.name, shape, dtype)
        : origin.kind === 'parameter'
          ? this.made.parameter(origin.name, shape, dtype)
          : origin.kind === 'constant'
            ? constantLike(this.made, tensor, Array.from(origin.data, Number))
            : undefined;
    if (!made)
      throw new RangeError(`${origin.kind === 'node' ? origin.node.name : 'a tensor'} belongs to the other phase`);
    this.#copies.set(tensor, made);
    return made;
  }
}

const constantLike = (graph: Graph, { shape, dtype }: Tensor, values: readonly number[]): Tensor =>
  shape.length === 0 ? graph.constant(values[0] as number, [], dtype) : graph.constant(values, shape, dtype);
