import { GraphError } from './errors.ts';
import { type Attributes, type OpName, ops } from './ops/index.ts';
import type { DType, GraphNode, Origin, Shape, Tensor } from './tensor.ts';
import { sameShape, showShape, sizeOf, toTensorData } from './tensor.ts';

/**
 * A network as a directed acyclic graph of ops on tensors of static shape. Nodes are kept in the order in which they
 * were built, which is a topological order. The graph holds no weights: parameters are inputs with a name and a shape.
 */
export class Graph {
  readonly nodes: GraphNode[] = [];
  /** Values given at every run: images, labels, learning rates. */
  readonly inputs = new Map<string, Tensor>();
  /** Values that persist between runs: weights, running statistics, optimiser state. */
  readonly parameters = new Map<string, Tensor>();
  readonly outputs = new Map<string, Tensor>();
  /** The value that each changed parameter has after a run. */
  readonly updates = new Map<string, Tensor>();
  /** Outputs that are stored like a parameter (gradients), by name. */
  readonly outputLikes = new Map<string, string>();
  /** Parameters that are stored like another one (optimiser state like its weight), by name. */
  readonly likes = new Map<string, string>();
  #tensors = 0;
  #scope = '';
  readonly #constants = new Map<string, Tensor>();

  /** A value given at every run. */
  input(name: string, shape: Shape, dtype: DType = 'float32'): Tensor {
    return this.#outside(this.inputs, 'input', name, shape, dtype);
  }

  /** A value that persists between runs. */
  parameter(name: string, shape: Shape, dtype: DType = 'float32'): Tensor {
    return this.#outside(this.parameters, 'parameter', name, shape, dtype);
  }

  /** A parameter of the shape and storage of another: a moment of its gradient, an average of it. */
  parameterLike(name: string, like: Tensor): Tensor {
    if (like.origin.kind !== 'parameter') throw new GraphError('graph', `"${name}" can only be like a parameter`);
    const made = this.parameter(name, like.shape, like.dtype);
    this.likes.set(name, like.origin.name);
    return made;
  }

  /** Sets the value that a parameter has after a run; the shape must stay. */
  update(parameter: Tensor, value: Tensor): void {
    if (parameter.origin.kind !== 'parameter') throw new GraphError('graph', `${describe(parameter)} is no parameter`);
    const { name } = parameter.origin;
    this.#own(parameter, `parameter "${name}"`);
    this.#own(value, `the next value of parameter "${name}"`);
    if (this.updates.has(name)) throw new GraphError('graph', `parameter "${name}" is updated twice`);
    if (!sameShape(parameter.shape, value.shape)) {
      throw new GraphError(
        'shape',
        `parameter "${name}" of ${showShape(parameter.shape)} cannot become ${showShape(value.shape)}`,
      );
    }
    if (parameter.dtype !== value.dtype) {
      throw new GraphError('dtype', `parameter "${name}" of ${parameter.dtype} cannot become ${value.dtype}`);
    }
    this.updates.set(name, value);
  }

  /** A constant tensor; scalars are shared. */
  constant(values: ArrayLike<number> | number, shape?: Shape, dtype: DType = 'float32'): Tensor {
    if (typeof values === 'number') {
      const key = `${dtype}:${Object.is(values, -0) ? '-0' : values}`;
      const known = this.#constants.get(key);
      if (known) return known;
      const made = this.#tensor(dtype, [], { kind: 'constant', data: toTensorData(dtype, [values]) });
      this.#constants.set(key, made);
      return made;
    }
    const extents = shape ?? [values.length];
    if (sizeOf(extents) !== values.length) {
      throw new GraphError(
        'shape',
        `a constant of shape ${showShape(extents)} needs ${sizeOf(extents)} values, got ${values.length}`,
      );
    }
    return this.#tensor(dtype, extents, { kind: 'constant', data: toTensorData(dtype, values) });
  }

  /** Names a tensor as an output of the graph. */
  output(name: string, tensor: Tensor): void {
    if (this.outputs.has(name)) throw new GraphError('graph', `the graph has two outputs called "${name}"`);
    this.#own(tensor, `output "${name}"`);
    this.outputs.set(name, tensor);
  }

  /** Names a tensor as an output that is stored like a parameter, whatever layout that has. */
  outputLike(name: string, tensor: Tensor, parameter: Tensor): void {
    if (parameter.origin.kind !== 'parameter') throw new GraphError('graph', `"${name}" can only be like a parameter`);
    this.output(name, tensor);
    this.outputLikes.set(name, parameter.origin.name);
  }

  /** Applies an op: checks its operands by its shape rule and returns its outputs. GraphError names node and operands. */
  apply<K extends OpName>(op: K, inputs: readonly Tensor[], attributes: Attributes<K>): readonly Tensor[] {
    const name = this.#scope === '' ? op : `${this.#scope}/${op}`;
    for (const [position, input] of inputs.entries()) this.#own(input, `operand ${position} of ${name}`);
    const types = this.#infer(op, inputs, attributes, name);
    const outputs: Tensor[] = [];
    const node: GraphNode<K> = { id: this.nodes.length, op, inputs, attributes, outputs, name };
    for (const [index, type] of types.entries()) {
      outputs.push(this.#tensor(type.dtype, type.shape, { kind: 'node', node: node as GraphNode, index }));
    }
    this.nodes.push(node as GraphNode);
    return outputs;
  }

  /** Runs a builder with a scope in front of the names of its nodes. */
  inScope<T>(scope: string, build: () => T): T {
    const outer = this.#scope;
    this.#scope = scope;
    try {
      return build();
    } finally {
      this.#scope = outer;
    }
  }

  #infer<K extends OpName>(op: K, inputs: readonly Tensor[], attributes: Attributes<K>, name: string) {
    try {
      // The record of an op takes its own attributes; the table's index type cannot say so.
      return (
        ops[op].infer as (
          inputs: readonly Tensor[],
          attributes: Attributes<K>,
        ) => readonly { dtype: DType; shape: Shape }[]
      )(inputs, attributes);
    } catch (error) {
      if (!(error instanceof GraphError) && !(error instanceof RangeError)) throw error;
      const operands = inputs.map((input) => `${describe(input)} ${input.dtype}${showShape(input.shape)}`).join(', ');
      throw new GraphError(
        error instanceof GraphError ? error.code : 'attribute',
        `${name}(${operands}): ${error.message}`,
      );
    }
  }

  #outside(table: Map<string, Tensor>, kind: 'input' | 'parameter', name: string, shape: Shape, dtype: DType): Tensor {
    if (this.inputs.has(name) || this.parameters.has(name)) {
      throw new GraphError('graph', `the graph has two inputs or parameters called "${name}"`);
    }
    if (!shape.every((extent) => Number.isInteger(extent) && extent > 0)) {
      throw new GraphError('shape', `${kind} "${name}" needs positive whole dimensions, got ${showShape(shape)}`);
    }
    const tensor = this.#tensor(dtype, shape, { kind, name });
    table.set(name, tensor);
    return tensor;
  }

  #tensor(dtype: DType, shape: Shape, origin: Origin): Tensor {
    return { id: this.#tensors++, graph: this, dtype, shape, origin };
  }

  #own(tensor: Tensor, what: string): void {
    if (tensor.graph !== this) throw new GraphError('graph', `${what} belongs to another graph`);
  }
}

/** How messages call a tensor. */
export function describe(tensor: Tensor): string {
  switch (tensor.origin.kind) {
    case 'node':
      return tensor.origin.node.outputs.length > 1
        ? `${tensor.origin.node.name}#${tensor.origin.index}`
        : tensor.origin.node.name;
    case 'constant':
      return 'constant';
    default:
      return tensor.origin.name;
  }
}
