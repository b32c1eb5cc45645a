import type { Graph } from '../graph/graph.ts';
import type { Shape, Tensor } from '../graph/tensor.ts';

/** How a parameter starts. Fans and gains follow PyTorch's torch.nn.init. */
export type Initialiser =
  | { readonly kind: 'constant'; readonly value: number }
  /** Normal with standard deviation gain / sqrt(fan). */
  | { readonly kind: 'normal'; readonly fan: number; readonly gain: number }
  /** Uniform on +-bound. */
  | { readonly kind: 'uniform'; readonly bound: number };

/** What a network declares of one parameter or buffer. */
export interface Declaration {
  readonly tensor: Tensor;
  readonly initialiser: Initialiser;
  /** Buffers (running statistics) are kept with the weights and are not trained. */
  readonly kind: 'weight' | 'buffer';
}

/**
 * A place in a network: parameters declared in it get dotted names, as PyTorch's state dicts have them. Layers are
 * functions of a scope; child scopes share the table of declarations.
 */
export class Scope {
  readonly graph: Graph;
  /** Batch statistics and dropout (true), or running statistics and none (false). */
  readonly training: boolean;
  readonly declarations: Map<string, Declaration>;
  readonly #prefix: string;

  constructor(graph: Graph, training: boolean, prefix = '', declarations: Map<string, Declaration> = new Map()) {
    this.graph = graph;
    this.training = training;
    this.#prefix = prefix;
    this.declarations = declarations;
  }

  /** The scope of a part of the network. */
  child(...names: readonly (string | number)[]): Scope {
    return new Scope(
      this.graph,
      this.training,
      [this.#prefix, ...names].filter((name) => name !== '').join('.'),
      this.declarations,
    );
  }

  /** The same place with running statistics and without dropout, whatever the mode of the rest of the network. */
  frozen(): Scope {
    return new Scope(this.graph, false, this.#prefix, this.declarations);
  }

  /** The dotted name of something in this scope. */
  nameOf(name: string): string {
    return this.#prefix === '' ? name : `${this.#prefix}.${name}`;
  }

  /** Declares a trained parameter. */
  weight(name: string, shape: Shape, initialiser: Initialiser): Tensor {
    return this.#declare(name, shape, initialiser, 'weight');
  }

  /** Declares a value that is kept with the weights and not trained. */
  buffer(name: string, shape: Shape, initialiser: Initialiser): Tensor {
    return this.#declare(name, shape, initialiser, 'buffer');
  }

  /** Names nodes built inside after this scope. */
  build<T>(build: () => T): T {
    return this.graph.inScope(this.#prefix, build);
  }

  #declare(name: string, shape: Shape, initialiser: Initialiser, kind: Declaration['kind']): Tensor {
    const full = this.nameOf(name);
    const tensor = this.graph.parameter(full, shape);
    this.declarations.set(full, { tensor, initialiser, kind });
    return tensor;
  }
}

/** He initialisation over outputs, which torchvision gives its ResNets (He et al. 2015, equation 10; fan out). */
export const heFanOut = (shape: Shape): Initialiser => ({
  kind: 'normal',
  gain: Math.SQRT2,
  fan: shape.reduce((a, b) => a * b, 1) / (shape[1] as number),
});

/** He initialisation over inputs: the default of PyTorch's kaiming_normal_ (He et al. 2015, equation 10). */
export const heFanIn = (shape: Shape): Initialiser => ({
  kind: 'normal',
  gain: Math.SQRT2,
  fan: shape.slice(1).reduce((a, b) => a * b, 1),
});

/** He initialisation over inputs, uniform: the default of PyTorch's kaiming_uniform_, whose variance is heFanIn's. */
export const heUniform = (shape: Shape): Initialiser => ({
  kind: 'uniform',
  bound: Math.sqrt(6 / shape.slice(1).reduce((a, b) => a * b, 1)),
});

/** Normal with a standard deviation given. */
export const gaussian = (standardDeviation: number): Initialiser => ({
  kind: 'normal',
  gain: standardDeviation,
  fan: 1,
});

/** Zeros. */
export const zeros: Initialiser = { kind: 'constant', value: 0 };

/** PyTorch's default for convolutions and linear layers: uniform on +-1/sqrt(fan in). */
export const defaultUniform = (fanIn: number): Initialiser => ({ kind: 'uniform', bound: 1 / Math.sqrt(fanIn) });
