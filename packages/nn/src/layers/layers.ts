/** Layers: functions of a scope and options that return functions on tensors. Parameter names are PyTorch's. */
import * as f from '../graph/functions.ts';
import type { Tensor } from '../graph/tensor.ts';
import { defaultUniform, type Initialiser, type Scope } from './scope.ts';

/** A layer: images in, images out. */
export type Layer = (x: Tensor) => Tensor;

export interface ConvLayerOptions extends f.ConvOptions {
  readonly inputs: number;
  readonly outputs: number;
  /** One number for a square kernel, or one an axis. */
  readonly kernel: number | readonly number[];
  readonly bias?: boolean;
  readonly initialiser?: (shape: readonly number[]) => Initialiser;
  readonly biasInitialiser?: Initialiser;
}

/** Convolution over as many axes as the kernel has (2 when it is one number): [N, inputs, ...] to [N, outputs, ...]. */
export function convolution(scope: Scope, options: ConvLayerOptions): Layer {
  const { inputs, outputs, kernel, groups = 1, bias = true } = options;
  const extents = typeof kernel === 'number' ? [kernel, kernel] : kernel;
  const shape = [outputs, inputs / groups, ...extents];
  const fanIn = shape.slice(1).reduce((a, b) => a * b, 1);
  const weight = scope.weight('weight', shape, options.initialiser?.(shape) ?? defaultUniform(fanIn));
  const addend = bias ? scope.weight('bias', [outputs], options.biasInitialiser ?? defaultUniform(fanIn)) : undefined;
  return (x) => scope.build(() => f.conv(x, weight, addend, options));
}

/** How the two parameters of a linear layer start, where not by PyTorch's default. */
export interface LinearInitialisers {
  readonly initialiser?: Initialiser;
  readonly biasInitialiser?: Initialiser;
}

/** Linear map of [N, inputs] to [N, outputs]. */
export function linear(scope: Scope, inputs: number, outputs: number, start: LinearInitialisers = {}): Layer {
  const weight = scope.weight('weight', [outputs, inputs], start.initialiser ?? defaultUniform(inputs));
  const bias = scope.weight('bias', [outputs], start.biasInitialiser ?? defaultUniform(inputs));
  return (x) => scope.build(() => f.gemm(x, weight, bias, { transB: true }));
}

/** max(x, 0), named after a scope. */
export function relu(scope: Scope): Layer {
  return (x) => scope.build(() => f.relu(x));
}

/**
 * Batch normalisation over channels (Ioffe and Szegedy 2015). In training by the batch's statistics, which also move the
 * running ones: r <- (1 - momentum) r + momentum s, with the unbiased variance, as PyTorch does.
 */
export function batchNorm(scope: Scope, channels: number, { epsilon = 1e-5, momentum = 0.1 } = {}): Layer {
  const weight = scope.weight('weight', [channels], { kind: 'constant', value: 1 });
  const bias = scope.weight('bias', [channels], { kind: 'constant', value: 0 });
  const runningMean = scope.buffer('running_mean', [channels], { kind: 'constant', value: 0 });
  const runningVariance = scope.buffer('running_var', [channels], { kind: 'constant', value: 1 });
  return (x) =>
    scope.build(() => {
      if (!scope.training) return f.batchNormalization(x, weight, bias, runningMean, runningVariance, epsilon);
      const { y, mean, variance } = f.batchNormalizationTraining(x, weight, bias, epsilon);
      const count = x.shape.reduce((a, b) => a * b, 1) / channels;
      const unbiased = count / Math.max(count - 1, 1);
      scope.graph.update(runningMean, f.add(f.mul(runningMean, 1 - momentum), f.mul(mean, momentum)));
      scope.graph.update(
        runningVariance,
        f.add(f.mul(runningVariance, 1 - momentum), f.mul(variance, momentum * unbiased)),
      );
      return y;
    });
}

/** Normalises [N, C, ...] over everything but N within each of `groups` groups of channels (Wu and He 2018). */
export function groupNorm(scope: Scope, groups: number, channels: number, { epsilon = 1e-5 } = {}): Layer {
  const weight = scope.weight('weight', [channels], { kind: 'constant', value: 1 });
  const bias = scope.weight('bias', [channels], { kind: 'constant', value: 0 });
  return (x) => scope.build(() => f.groupNormalization(x, weight, bias, groups, epsilon));
}

/** Normalises over the last axes, whose extents are given (Ba, Kiros and Hinton 2016). */
export function layerNorm(scope: Scope, extents: readonly number[], { epsilon = 1e-5 } = {}): Layer {
  const weight = scope.weight('weight', extents, { kind: 'constant', value: 1 });
  const bias = scope.weight('bias', extents, { kind: 'constant', value: 0 });
  return (x) => {
    const axes = extents.map((_, axis) => x.shape.length - extents.length + axis);
    return scope.build(() => f.add(f.mul(standardise(x, axes, epsilon), weight), bias));
  };
}

/** (x - mean) / sqrt(variance + epsilon) over axes. */
function standardise(x: Tensor, axes: readonly number[], epsilon: number): Tensor {
  const centred = f.sub(x, f.reduceMean(x, axes, true));
  const variance = f.reduceMean(f.mul(centred, centred), axes, true);
  return f.div(centred, f.sqrt(f.add(variance, epsilon)));
}

/**
 * Dropout (Srivastava et al. 2014): in training, each element is zeroed with the probability given and the rest scaled
 * up. The uniform numbers are an input called 'random/<name>', which the runtime draws from seed, step and name, so a
 * step is repeatable on every device.
 */
export function dropout(scope: Scope, probability: number): Layer {
  if (probability < 0 || probability >= 1)
    throw new RangeError(`dropout requires a probability in [0, 1), got ${probability}`);
  return (x) => {
    if (!scope.training || probability === 0) return x;
    const uniform = scope.graph.input(`${RANDOM_INPUT_PREFIX}${scope.nameOf('dropout')}`, x.shape, x.dtype);
    const kept = f.cast(f.greaterOrEqual(uniform, probability), x.dtype);
    return scope.build(() => f.mul(f.mul(x, 1 / (1 - probability)), kept));
  };
}

/** Inputs with this prefix are uniform random numbers in [0, 1). */
export const RANDOM_INPUT_PREFIX = 'random/';

/** Layers one after the other. */
export function sequence(...layers: readonly Layer[]): Layer {
  return (x) => layers.reduce((value, layer) => layer(value), x);
}
