/**
 * Group normalisation forward and backward, as affine maps: y is affine in x, and dx in dy and x, by numbers of each image and
 * channel. Blocked, each such map is one pass over memory. Small values are [N, G, C / G], and [N, G, 1] where a group shares
 * them.
 */
import { type Shape, sizeOf, type Tensor } from '../../graph/tensor.ts';
import type { Lowering, Way } from '../lowering.ts';
import { channelAffine, type Images, imageDot, imageSum } from './channels.ts';
import { imageLayout, inverseDeviation, swallowEnd } from './normalization.ts';

const groupsOf = ({ shape }: Tensor, groups: number): Shape => {
  const [n, c] = shape as [number, number];
  return [n, groups, c / groups];
};

const reduce = (lowering: Lowering, op: 'ReduceSum' | 'ReduceMean', value: string, axis: number, keep: boolean) =>
  lowering.emit(op, [value, lowering.int64([axis])], { attributes: { keepdims: { int: keep ? 1 : 0 } } });

/** Sums [N, G, C / G] over the pixels of each channel as the mean over all elements of a group, [N, G, 1]. */
function groupMean(lowering: Lowering, sums: string, { shape, dtype }: Tensor): string {
  const perPixel = lowering.scalar(1 / sizeOf(shape.slice(2)), dtype);
  return lowering.emit('Mul', [reduce(lowering, 'ReduceMean', sums, 2, true), perPixel]);
}

export const groupNormalizationWays: readonly Way<'GroupNormalization'>[] = [
  {
    // Blocked, by sums of x and of its squares, which are two readings and no copy; a mean of m deviations costs the variance
    // m^2 roundings of float32, and m is about 1 in a network. Plain, by what is left when the mean is taken away.
    name: 'affine',
    emit(lowering, node) {
      const [x, scale, bias] = node.inputs as [Tensor, Tensor, Tensor];
      const [y, mean, variance] = node.outputs as [Tensor, Tensor, Tensor];
      const { groups, epsilon } = node.attributes;
      const shape = groupsOf(x, groups);
      const layout = imageLayout(lowering, x);
      const images: Images = { value: lowering.value(x, layout), shape: x.shape, layout };
      const perChannel = (vector: Tensor) => lowering.reshape(lowering.value(vector), [1, ...shape.slice(1)]);
      const own = (statistic: Tensor, value: string) => {
        if (lowering.isRead(statistic)) lowering.define(statistic, lowering.reshape(value, statistic.shape));
      };
      if (layout === 'blocked') {
        const meanName = groupMean(lowering, lowering.reshape(imageSum(lowering, images), shape), x);
        const square = groupMean(lowering, lowering.reshape(imageDot(lowering, images, images.value), shape), x);
        const varianceName = lowering.emit('Max', [
          lowering.emit('Sub', [square, lowering.emit('Mul', [meanName, meanName])]),
          lowering.scalar(0, x.dtype),
        ]);
        const inverse = inverseDeviation(lowering, varianceName, epsilon, x);
        const slope = lowering.emit('Mul', [perChannel(scale), inverse]);
        const shift = lowering.emit('Sub', [perChannel(bias), lowering.emit('Mul', [meanName, slope])]);
        const { result, end } = swallowEnd(lowering, y, layout);
        own(mean, meanName);
        own(variance, varianceName);
        lowering.define(result, channelAffine(lowering, images, slope, shift, end, 'image'), layout);
        return;
      }
      const [n, , perGroup] = shape as [number, number, number];
      const group = lowering.reshape(images.value, [n, groups, perGroup * sizeOf(x.shape.slice(2))]);
      const meanName = reduce(lowering, 'ReduceMean', group, 2, true);
      const centred = lowering.emit('Sub', [group, meanName]);
      const varianceName = reduce(lowering, 'ReduceMean', lowering.emit('Mul', [centred, centred]), 2, true);
      const slope = lowering.emit('Mul', [perChannel(scale), inverseDeviation(lowering, varianceName, epsilon, x)]);
      const { result, end } = swallowEnd(lowering, y, layout);
      own(mean, meanName);
      own(variance, varianceName);
      const scaled = channelAffine(
        lowering,
        { ...images, value: lowering.reshape(centred, x.shape) },
        slope,
        null,
        {},
        'image',
      );
      lowering.define(
        result,
        channelAffine(lowering, { ...images, value: scaled }, null, lowering.value(bias), end),
        layout,
      );
    },
  },
];

export const groupNormalizationGradientWays: readonly Way<'GroupNormalizationGradient'>[] = [
  {
    // With i = 1 / sqrt(variance + epsilon), z = i (x - mean) and means over a group: dx = i (scale dy - mean(scale dy) -
    // z mean(scale dy z)), dscale = sum dy z, dbias = sum dy.
    name: 'affine',
    emit(lowering, node) {
      const [x, dy, scale, mean, variance] = node.inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
      const [dx, dScale, dBias] = node.outputs as [Tensor, Tensor, Tensor];
      const { groups, epsilon } = node.attributes;
      const shape = groupsOf(x, groups);
      const [n, , perGroup] = shape as [number, number, number];
      const layout = imageLayout(lowering, x);
      const images = (value: string): Images => ({ value, shape: x.shape, layout });
      const [value, gradient] = [lowering.value(x, layout), lowering.value(dy, layout)];
      const mul = (...factors: readonly string[]) => factors.reduce((a, b) => lowering.emit('Mul', [a, b]));
      const shared = (statistic: Tensor) => lowering.reshape(lowering.value(statistic), [n, groups, 1]);
      const overImages = (sums: string) =>
        reduce(lowering, 'ReduceSum', lowering.reshape(sums, x.shape.slice(0, 2)), 0, false);

      const inverse = inverseDeviation(lowering, shared(variance), epsilon, x);
      const sum = lowering.reshape(imageSum(lowering, images(gradient)), shape);
      const dot = lowering.reshape(imageDot(lowering, images(gradient), value), shape);
      const dotCentred = mul(lowering.emit('Sub', [dot, mul(shared(mean), sum)]), inverse); // sum dy z
      lowering.define(dBias, overImages(sum));
      lowering.define(dScale, overImages(dotCentred));
      if (!lowering.isRead(dx)) return;
      const slope = lowering.reshape(lowering.value(scale), [1, groups, perGroup]);
      const slopeOfX = lowering.emit('Neg', [mul(groupMean(lowering, mul(slope, dotCentred), x), inverse, inverse)]);
      const shift = lowering.emit('Neg', [
        lowering.emit('Add', [mul(groupMean(lowering, mul(slope, sum), x), inverse), mul(slopeOfX, shared(mean))]),
      ]);
      const each = (value: string) => lowering.emit('Expand', [value, lowering.int64([1, 1, perGroup])]);
      const rest = channelAffine(lowering, images(value), each(slopeOfX), each(shift), {}, 'image');
      lowering.define(
        dx,
        channelAffine(lowering, images(gradient), mul(slope, inverse), null, { addend: rest }, 'image'),
        layout,
      );
    },
  },
];
