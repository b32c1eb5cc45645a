import { GraphError } from '../graph/errors.ts';
import type { Graph } from '../graph/graph.ts';
import type { OpName } from '../graph/ops/index.ts';
import type { DType, GraphNode, Shape, Tensor } from '../graph/tensor.ts';
import { sizeOf, toTensorData } from '../graph/tensor.ts';
import { elementType, type OnnxAttribute, type OnnxInitializer, type OnnxNode } from '../onnx/model.ts';
import { holdsBlocked, holdsFilter, imageOf, type Layout, type Target } from './layout.ts';

/** Domains of ONNX Runtime's own ops: fused products, and the blocked layout. */
export type Domain = '' | 'com.microsoft' | 'com.microsoft.nchwc';

/** A call of one ONNX op. */
export interface Emission {
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
  readonly domain?: Domain;
  /** Number of outputs; 1 unless said otherwise. */
  readonly outputs?: number;
}

/**
 * The state of one lowering: the ONNX nodes written so far and, for each tensor, the ONNX values that hold it in one or
 * more layouts. A way asks for its operands in the layout it wants; conversions are written once and shared.
 */
export class Lowering {
  readonly target: Target;
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxInitializer[] = [];
  /** Layout that each parameter and input has outside, decided by its first use. */
  readonly outsideLayouts = new Map<string, Layout>();
  /** Nodes whose outputs another node's way has written already. */
  readonly done = new Set<GraphNode>();
  readonly #values = new Map<Tensor, Map<Layout, string>>();
  readonly #constants = new Map<string, string>();
  readonly #consumers: ReadonlyMap<Tensor, readonly GraphNode[]>;
  readonly #outputs: ReadonlySet<Tensor>;
  readonly #likes: ReadonlyMap<string, string>;
  readonly #exported = new Set<string>();
  /** Positions of the nodes that write and read a value, of the first #indexed nodes: a step has thousands of outputs. */
  readonly #writers = new Map<string, number>();
  readonly #readers = new Map<string, number[]>();
  #indexed = 0;
  #scope = '';
  #count = 0;

  constructor(
    graph: Graph,
    target: Target,
    live: readonly GraphNode[],
    presetLayouts: ReadonlyMap<string, Layout> = new Map(),
  ) {
    this.target = target;
    this.#likes = graph.likes;
    this.#outputs = new Set([...graph.outputs.values(), ...graph.updates.values()]);
    for (const [name, layout] of presetLayouts) this.outsideLayouts.set(name, layout);
    const consumers = new Map<Tensor, GraphNode[]>();
    for (const node of live) {
      for (const input of node.inputs) consumers.set(input, [...(consumers.get(input) ?? []), node]);
    }
    this.#consumers = consumers;
  }

  /** Sets the node in whose name ONNX nodes are written from here on. */
  enter(node: GraphNode): void {
    this.#scope = `${node.name}:${node.id}`;
  }

  /** Writes an ONNX node and returns the name of its first output. */
  emit(opType: string, inputs: readonly string[], emission: Emission = {}): string {
    return this.emitAll(opType, inputs, emission)[0] as string;
  }

  /** Writes an ONNX node and returns the names of all its outputs. */
  emitAll(
    opType: string,
    inputs: readonly string[],
    { attributes = {}, domain = '', outputs = 1 }: Emission = {},
  ): string[] {
    const name = `${this.#scope}/${opType}.${this.#count++}`;
    const names = Array.from({ length: outputs }, (_, i) => (outputs === 1 ? name : `${name}#${i}`));
    this.nodes.push({ opType, domain, name, inputs, outputs: names, attributes });
    return names;
  }

  /** The only consumer of a tensor, null when it has several or is an output of the graph. */
  soleConsumer(tensor: Tensor): GraphNode | null {
    const consumers = this.#consumers.get(tensor) ?? [];
    return consumers.length === 1 && !this.#outputs.has(tensor) ? (consumers[0] as GraphNode) : null;
  }

  /** True when anything reads a tensor. */
  isRead(tensor: Tensor): boolean {
    return this.#outputs.has(tensor) || (this.#consumers.get(tensor) ?? []).length > 0;
  }

  /** True when a tensor's value has been written or comes from outside. */
  isAvailable(tensor: Tensor): boolean {
    return tensor.origin.kind !== 'node' || this.#values.has(tensor);
  }

  /** Declares the ONNX value that holds a tensor in a layout. */
  define(tensor: Tensor, name: string, layout: Layout = 'plain'): void {
    const layouts = this.#values.get(tensor) ?? new Map<Layout, string>();
    layouts.set(layout, name);
    this.#values.set(tensor, layouts);
  }

  /** The layout that a tensor has for free; null for a parameter that nothing has asked for yet. */
  naturalLayout(tensor: Tensor): Layout | null {
    const known = this.#values.get(tensor);
    if (known) return known.keys().next().value as Layout;
    if (tensor.origin.kind !== 'parameter' && tensor.origin.kind !== 'input') return 'plain';
    const { name } = tensor.origin;
    const like = this.#likes.get(name);
    return (
      this.outsideLayouts.get(name) ??
      (like ? (this.outsideLayouts.get(like) ?? null) : tensor.origin.kind === 'input' ? 'plain' : null)
    );
  }

  /** The name of the ONNX value that holds a tensor in a layout, converting when no other way has. */
  value(tensor: Tensor, layout: Layout = 'plain'): string {
    if (tensor.origin.kind === 'constant') {
      const plain = this.#constant(tensor.dtype, tensor.shape, tensor.origin.data);
      return layout === 'plain' || sizeOf(tensor.shape) === 1 ? plain : this.#convert(plain, tensor, 'plain', layout);
    }
    if (!this.#values.has(tensor)) this.#importOutside(tensor, layout);
    const layouts = this.#values.get(tensor) as Map<Layout, string>;
    const known = layouts.get(layout);
    if (known !== undefined) return known;
    const [from, source] = layouts.entries().next().value as [Layout, string];
    const converted = this.#convert(source, tensor, from, layout);
    layouts.set(layout, converted);
    return converted;
  }

  /**
   * Gives the value that holds a tensor in a layout the name of an output: the node that writes it is renamed, or a copy
   * is written when the value comes from outside or leaves under another name already.
   */
  exportAs(name: string, tensor: Tensor, layout: Layout): void {
    const value = this.value(tensor, layout);
    this.#indexNodes();
    const writer = this.#exported.has(value) ? undefined : this.#writers.get(value);
    if (writer === undefined) {
      this.nodes.push({
        opType: 'Identity',
        domain: '',
        name: `output/${name}`,
        inputs: [value],
        outputs: [name],
        attributes: {},
      });
      return;
    }
    const renamed = (names: readonly string[]) => names.map((known) => (known === value ? name : known));
    const readers = this.#readers.get(value) ?? [];
    for (const index of [writer, ...readers]) {
      const node = this.nodes[index] as OnnxNode;
      this.nodes[index] = { ...node, inputs: renamed(node.inputs), outputs: renamed(node.outputs) };
    }
    this.#writers.set(name, writer);
    this.#readers.set(name, readers);
    this.#readers.delete(value);
    this.#exported.add(name);
    (this.#values.get(tensor) as Map<Layout, string>).set(layout, name);
  }

  /** A constant vector of int64, as shapes, axes and pads are given. */
  int64(values: readonly number[]): string {
    return this.#constant('int64', [values.length], toTensorData('int64', values));
  }

  /** A scalar constant. */
  scalar(value: number, dtype: DType): string {
    return this.#constant(dtype, [], toTensorData(dtype, [value]));
  }

  /** A constant of one dimension. */
  vector(values: readonly number[], dtype: DType): string {
    return this.#constant(dtype, [values.length], toTensorData(dtype, values));
  }

  /** A view of a value in another shape. Its first extent is left to ONNX Runtime, which then knows no more than of
   * the value: see withFreeExtents. */
  reshape(value: string, shape: Shape): string {
    const free = shape.length > 0 && sizeOf(shape) > 0;
    return this.emit('Reshape', [value, this.int64(free ? [-1, ...shape.slice(1)] : shape)]);
  }

  transpose(value: string, perm: Shape): string {
    return this.emit('Transpose', [value], { attributes: { perm: { ints: perm } } });
  }

  cast(value: string, to: DType): string {
    return this.emit('Cast', [value], { attributes: { to: { int: elementType(to) } } });
  }

  #indexNodes(): void {
    for (; this.#indexed < this.nodes.length; this.#indexed++) {
      const { inputs, outputs } = this.nodes[this.#indexed] as OnnxNode;
      for (const output of outputs) this.#writers.set(output, this.#indexed);
      for (const input of inputs) {
        const readers = this.#readers.get(input);
        if (readers) readers.push(this.#indexed);
        else this.#readers.set(input, [this.#indexed]);
      }
    }
  }

  #importOutside(tensor: Tensor, wanted: Layout): void {
    const { origin } = tensor;
    if (origin.kind !== 'parameter' && origin.kind !== 'input') {
      throw new GraphError(
        'graph',
        `${origin.kind === 'node' ? origin.node.name : 'a constant'} is read before it is written`,
      );
    }
    const fits =
      wanted === 'plain' || (wanted === 'filter' ? holdsFilter : holdsBlocked)(tensor.shape, this.target.blockSize);
    const layout = this.naturalLayout(tensor) ?? (fits && wanted !== 'blocked' ? wanted : 'plain');
    this.outsideLayouts.set(origin.name, layout);
    this.define(tensor, origin.name, layout);
  }

  #constant(dtype: DType, shape: Shape, data: OnnxInitializer['data']): string {
    const key =
      data.length <= 64 ? `${dtype}[${shape}]${Array.from(data as ArrayLike<number | bigint>, String).join()}` : null;
    const known = key === null ? undefined : this.#constants.get(key);
    if (known !== undefined) return known;
    const name = `constant.${this.initializers.length}`;
    this.initializers.push({ name, dtype, shape, data });
    if (key !== null) this.#constants.set(key, name);
    return name;
  }

  #convert(value: string, tensor: Tensor, from: Layout, to: Layout): string {
    if (from === to) return value;
    const [o, i, ...window] = tensor.shape as [number, number, ...number[]];
    const b = this.target.blockSize;
    const domain = 'com.microsoft.nchwc';
    const volume = tensor.shape.length === 5; // in memory its planes lie below each other
    const image = volume ? this.reshape(value, imageOf(tensor.shape)) : value;
    const seen = (converted: string) => (volume ? this.reshape(converted, tensor.shape) : converted);
    if (from === 'plain' && to === 'blocked') return seen(this.emit('ReorderInput', [image], { domain }));
    if (from === 'blocked' && to === 'plain')
      return seen(this.emit('ReorderOutput', [image], { domain, attributes: { channels: { int: i } } }));
    if (from === 'plain' && to === 'filter') {
      const split = this.reshape(value, [o / b, b, i / b, b, sizeOf(window)]);
      return this.reshape(this.transpose(split, [0, 2, 4, 3, 1]), tensor.shape);
    }
    if (from === 'filter' && to === 'plain') {
      const split = this.reshape(value, [o / b, i / b, sizeOf(window), b, b]);
      return this.reshape(this.transpose(split, [0, 4, 1, 3, 2]), tensor.shape);
    }
    return this.#convert(this.#convert(value, tensor, from, 'plain'), tensor, 'plain', to); // blocked and filter
  }
}

/** One way to write an op as ONNX nodes. */
export interface Way<K extends OpName> {
  /** Recorded with a run, so it is stable: 'conv', 'taps-batched'. */
  readonly name: string;
  /** Whether this node can be written this way on this target. Without it: always. */
  readonly applies?: (node: GraphNode<K>, target: Target) => boolean;
  /** Whether it is, for a node of these shapes, the best known way where nobody has timed them. */
  readonly suits?: (node: GraphNode<K>) => boolean;
  readonly emit: (lowering: Lowering, node: GraphNode<K>) => void;
}
