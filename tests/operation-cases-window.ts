/** Cases of pooling, resampling, normalisation and reduction. */
import { type Attributes, functions as f, type Tensor } from '@mammoscope/nn';
import type { RandomStream } from '@mammoscope/random';
import { type CaseMaker, several } from './operation-check.ts';
import { elementwise, pick, reduced, separated, shapeOf, total, uniform, type Values } from './reference-array.ts';
import {
  groupGradient,
  normalisationGradient,
  normalised,
  normalisedByBatch,
  normalisedByGroup,
} from './reference-normalization.ts';
import { averagePooled, maxPoolBack, maxPooled, pooledShape, resampled } from './reference-window.ts';

/** A random window that fits, in 1 to 3 dimensions: overlapping or with gaps, pads smaller than the kernel. */
function drawPool(stream: RandomStream) {
  const axes = stream.integer(1, 3);
  const kernel = shapeOf(stream, axes, 1, 3);
  const strides = shapeOf(stream, axes, 1, 3);
  const pads = [...kernel, ...kernel].map((k) => stream.integer(0, k - 1));
  const x = [...shapeOf(stream, 2, 1, 2), ...kernel.map((k) => stream.integer(k, k + (axes === 3 ? 2 : 4)))];
  return { x, pool: { kernel, strides, pads, ceilMode: stream.chance(0.5) } };
}

/** Windows side by side; then rounding up that would start a window in the end padding, so it is dropped, and one that keeps a window that overhangs. */
const PINNED_POOLS = [
  { x: [2, 2, 6, 4], pool: { kernel: [3, 2], strides: [3, 2], pads: [0, 0, 0, 0], ceilMode: false } },
  { x: [1, 2, 4], pool: { kernel: [2], strides: [3], pads: [1, 1], ceilMode: true } },
  { x: [1, 2, 4, 6], pool: { kernel: [3, 3], strides: [2, 2], pads: [1, 0, 1, 1], ceilMode: true } },
  { x: [2, 1, 8, 7], pool: { kernel: [3, 2], strides: [3, 3], pads: [0, 0, 0, 0], ceilMode: true } },
];
const pools: readonly ((stream: RandomStream) => ReturnType<typeof drawPool>)[] = [
  ...PINNED_POOLS.map((pinned) => () => pinned),
  ...new Array<typeof drawPool>(10).fill(drawPool),
];

const mean = (list: readonly number[]) => total(list) / list.length;

export const poolingCases = {
  MaxPool: pools.map(
    (poolOf): CaseMaker =>
      (stream) => {
        const { x, pool } = poolOf(stream);
        return {
          operands: separated(stream, [x]),
          apply: (image) => image.graph.apply('MaxPool', [image], pool),
          reference: (image) => maxPooled(image, pool),
        };
      },
  ),
  AveragePool: [true, false].flatMap((countIncludePad) =>
    pools.map(
      (poolOf): CaseMaker =>
        (stream) => {
          const { x, pool } = poolOf(stream);
          const attributes = { ...pool, countIncludePad };
          return {
            operands: [uniform(stream, x)],
            apply: (image) => image.graph.apply('AveragePool', [image], attributes),
            reference: (image) => averagePooled(image, attributes),
          };
        },
    ),
  ),
  GlobalAveragePool: [1, 2, 3].map(
    (axes): CaseMaker =>
      (stream) => ({
        operands: [uniform(stream, shapeOf(stream, axes + 2))],
        apply: (x) => f.globalAveragePool(x),
        reference: (x) => reduced(x, [...x.shape.keys()].slice(2), true, mean),
      }),
  ),
  /** Also with equal elements in a window, where the first takes all. */
  MaxPoolGradient: pools.map(
    (poolOf): CaseMaker =>
      (stream) => {
        const { x, pool } = poolOf(stream);
        const [distinct] = separated(stream, [x]) as [Values];
        const image = stream.chance(0.5) ? distinct : elementwise([distinct], Math.round);
        return {
          operands: [image, maxPooled(image, pool), uniform(stream, pooledShape(x, pool))],
          apply: (a, y, dy) => f.maxPoolGradient(a, y, dy, pool),
          reference: (a, _, dy) => maxPoolBack(a, dy, pool),
        };
      },
  ),
};

type Extents = readonly [from: readonly number[], to: readonly number[]];
const resized =
  (mode: Attributes<'Resize'>['mode'], extents: (stream: RandomStream) => Extents): CaseMaker =>
  (stream) => {
    const [from, size] = extents(stream);
    return {
      operands: [uniform(stream, [...shapeOf(stream, 2, 1, 2), ...from])],
      apply: (x) => f.resize(x, size, mode),
      reference: (x) => resampled(x, { mode, size }),
    };
  };

export const resizeCases = {
  /** Up, down and both at once, in 1 to 3 dimensions, in every mode; 14 to 4 and 21 to 3 are where float32 rounds down. */
  Resize: (['nearest', 'linear', 'linear-align-corners'] as const).flatMap((mode) => [
    resized(mode, () => [
      [14, 21],
      [4, 3],
    ]),
    resized(mode, () => [
      [2, 3],
      [4, 9],
    ]),
    ...[1, 1, 2, 2, 2, 3].map((axes) =>
      resized(mode, (stream) => [
        shapeOf(stream, axes, 1, axes === 3 ? 3 : 6),
        shapeOf(stream, axes, 1, axes === 3 ? 4 : 9),
      ]),
    ),
  ]),
};

const EPSILON = 1e-3;

/** Images in 0 to 3 dimensions with more than a few elements a channel, so that the variance is well away from zero. */
function drawImages(stream: RandomStream) {
  const shape = [stream.integer(3, 5), stream.integer(1, 3), ...shapeOf(stream, stream.integer(0, 3), 1, 2)];
  const vector = (low = -1, high = 1) => uniform(stream, shape.slice(1, 2), low, high);
  return { images: uniform(stream, shape, -1, 3), vector };
}

/** Images in 1 to 3 dimensions of one to three groups of one to three channels, with more than a few elements a group. */
function drawGroups(stream: RandomStream) {
  const [groups, perGroup] = [stream.integer(1, 3), stream.integer(1, 3)];
  const axes = stream.integer(1, 3);
  const shape = [
    stream.integer(1, 3),
    groups * perGroup,
    ...shapeOf(stream, axes, axes === 1 ? 6 : 3, axes === 1 ? 8 : 3),
  ];
  const vector = () => uniform(stream, shape.slice(1, 2));
  return { images: uniform(stream, shape, -1, 3), vector, groups };
}

export const normalizationCases = {
  BatchNormalization: several(4, (stream) => {
    const { images, vector } = drawImages(stream);
    return {
      operands: [images, vector(), vector(), vector(), vector(0.5, 2)],
      buffers: [3, 4],
      apply: (x, scale, bias, average, variance) => f.batchNormalization(x, scale, bias, average, variance, EPSILON),
      reference: (x, ...vectors) => normalised(x, vectors as [Values, Values, Values, Values], EPSILON),
    };
  }),
  BatchNormalizationTraining: several(4, (stream) => {
    const { images, vector } = drawImages(stream);
    return {
      operands: [images, vector(), vector()],
      through: [0],
      apply: (x, scale, bias) => x.graph.apply('BatchNormalizationTraining', [x, scale, bias], { epsilon: EPSILON }),
      reference: (x, scale, bias) => normalisedByBatch(x, scale, bias, EPSILON),
    };
  }),
  BatchNormalizationGradient: several(4, (stream) => {
    const { images, vector } = drawImages(stream);
    const [, , variance, centred] = normalisedByBatch(images, vector(), vector(), EPSILON);
    return {
      operands: [centred, uniform(stream, images.shape), vector(), variance],
      apply: (...operands) =>
        (operands[0] as Tensor).graph.apply('BatchNormalizationGradient', operands, { epsilon: EPSILON }),
      reference: (c, dy, scale, v) => normalisationGradient(c, dy, scale, v, EPSILON),
    };
  }),
  GroupNormalization: several(6, (stream) => {
    const { images, vector, groups } = drawGroups(stream);
    return {
      operands: [images, vector(), vector()],
      through: [0],
      apply: (x, scale, bias) => x.graph.apply('GroupNormalization', [x, scale, bias], { groups, epsilon: EPSILON }),
      reference: (x, scale, bias) => normalisedByGroup(x, scale, bias, groups, EPSILON),
    };
  }),
  GroupNormalizationGradient: several(6, (stream) => {
    const { images, vector, groups } = drawGroups(stream);
    const [, mean, variance] = normalisedByGroup(images, vector(), vector(), groups, EPSILON);
    return {
      operands: [images, uniform(stream, images.shape), vector(), mean, variance],
      apply: (...operands) =>
        (operands[0] as Tensor).graph.apply('GroupNormalizationGradient', operands, { groups, epsilon: EPSILON }),
      reference: (...values) => groupGradient(values as [Values, Values, Values, Values, Values], groups, EPSILON),
    };
  }),
};

const reduction = (
  apply: (x: Tensor, axes: number[] | undefined, keepDims: boolean) => Tensor,
  reference: (list: readonly number[]) => number,
): readonly CaseMaker[] =>
  several(6, (stream) => {
    const shape = shapeOf(stream, stream.integer(1, 4));
    const axes = [...shape.keys()].filter(() => stream.chance(0.5));
    const either = axes.map((axis) => pick(stream, [axis, axis - shape.length]));
    const keepDims = stream.chance(0.5);
    return {
      operands: separated(stream, [shape]),
      apply: (x) => apply(x, either.length === 0 ? undefined : either, keepDims),
      reference: (x) => reduced(x, axes, keepDims, reference),
    };
  });

/** Two elements share the maximum: each gets half, as the central difference says. */
const tiedMaxima: CaseMaker = () => ({
  operands: [{ shape: [2, 3], data: Float64Array.of(1, 4, 4, 0, -2, 0) }],
  apply: (x) => f.reduceMax(x, -1),
  reference: (x) => reduced(x, [1], false, (list) => Math.max(...list)),
});

export const reductionCases = {
  ReduceSum: reduction(f.reduceSum, total),
  ReduceMean: reduction(f.reduceMean, mean),
  ReduceMax: [...reduction(f.reduceMax, (list) => Math.max(...list)), tiedMaxima],
  ReduceSumSquare: reduction(f.reduceSumSquare, (list) => total(list.map((x) => x * x))),
};
