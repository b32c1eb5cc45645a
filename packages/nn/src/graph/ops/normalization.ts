import type { Tensor } from '../tensor.ts';
import { type Shape, sameShape, showShape } from '../tensor.ts';
import { commonDType, op, requireOperands, requirePositive, requireShape } from './op.ts';

function requireChannelVectors(x: Tensor, vectors: readonly Tensor[]): readonly [number] {
  const channels = x.shape[1] as number;
  requireShape(
    x.shape.length >= 2 && vectors.every((vector) => sameShape(vector.shape, [channels])),
    () =>
      `requires [N, C, ...] and vectors of C elements, got ${[x, ...vectors].map((t) => showShape(t.shape)).join(', ')}`,
  );
  return [channels];
}

/** Groups of consecutive channels, and what is added to a variance. */
export interface GroupNormalizationAttributes {
  readonly groups: number;
  readonly epsilon: number;
}

function requireGroups(x: Tensor, groups: number): Shape {
  requirePositive('groups', [groups]);
  requireShape(
    (x.shape[1] as number) % groups === 0,
    () => `requires channels that ${groups} groups divide, got ${showShape(x.shape)}`,
  );
  return [x.shape[0] as number, groups];
}

/**
 * Batch normalisation (Ioffe and Szegedy 2015), by running statistics and by the batch's own, with its gradient; group
 * normalisation (Wu and He 2018) with its gradient.
 */
export const normalizationOps = {
  /** [x, scale, bias, mean, variance] to scale (x - mean) / sqrt(variance + epsilon) + bias; ONNX's op in inference. */
  BatchNormalization: op<{ epsilon: number }>({
    infer(inputs) {
      requireOperands(inputs, 5);
      const [x, ...vectors] = inputs as [Tensor, ...Tensor[]];
      requireChannelVectors(x, vectors);
      return [{ dtype: commonDType(inputs), shape: x.shape }];
    },
  }),
  /**
   * [x, scale, bias] to [y, mean [C], variance [C] (biased), centred = x - mean]: `centred` is what the gradient
   * needs, so x itself need not be kept.
   */
  BatchNormalizationTraining: op<{ epsilon: number }>({
    infer(inputs) {
      requireOperands(inputs, 3);
      const [x, ...vectors] = inputs as [Tensor, Tensor, Tensor];
      const vector = requireChannelVectors(x, vectors);
      const dtype = commonDType(inputs);
      return [
        { dtype, shape: x.shape },
        { dtype, shape: vector },
        { dtype, shape: vector },
        { dtype, shape: x.shape },
      ];
    },
  }),
  /** [centred, dy, scale, variance] to [dx, dscale [C], dbias [C]]. */
  BatchNormalizationGradient: op<{ epsilon: number }>({
    infer(inputs) {
      requireOperands(inputs, 4);
      const [centred, dy, ...vectors] = inputs as [Tensor, Tensor, Tensor, Tensor];
      requireShape(sameShape(centred.shape, dy.shape), () => 'requires centred and dy of one shape');
      const vector = requireChannelVectors(centred, vectors);
      const dtype = commonDType(inputs);
      return [
        { dtype, shape: centred.shape },
        { dtype, shape: vector },
        { dtype, shape: vector },
      ];
    },
  }),
  /** [x, scale [C], bias [C]] to [y, mean [N, G], variance [N, G] (biased)], each image by itself. */
  GroupNormalization: op<GroupNormalizationAttributes>({
    infer(inputs, { groups }) {
      requireOperands(inputs, 3);
      const [x, ...vectors] = inputs as [Tensor, Tensor, Tensor];
      requireChannelVectors(x, vectors);
      const statistics = { dtype: commonDType(inputs), shape: requireGroups(x, groups) };
      return [{ dtype: statistics.dtype, shape: x.shape }, statistics, statistics];
    },
  }),
  /** [x, dy, scale, mean, variance] to [dx, dscale [C], dbias [C]]. */
  GroupNormalizationGradient: op<GroupNormalizationAttributes>({
    infer(inputs, { groups }) {
      requireOperands(inputs, 5);
      const [x, dy, scale, ...statistics] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
      requireShape(sameShape(x.shape, dy.shape), () => 'requires x and dy of one shape');
      const vector = requireChannelVectors(x, [scale]);
      const each = requireGroups(x, groups);
      requireShape(
        statistics.every(({ shape }) => sameShape(shape, each)),
        () =>
          `requires a mean and a variance ${showShape(each)}, got ${statistics.map((t) => showShape(t.shape)).join(', ')}`,
      );
      const dtype = commonDType(inputs);
      return [
        { dtype, shape: x.shape },
        { dtype, shape: vector },
        { dtype, shape: vector },
      ];
    },
  }),
};
