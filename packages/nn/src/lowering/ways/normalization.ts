/** Batch normalisation forward and backward. */
import type { Tensor } from '../../graph/tensor.ts';
import { sameShape, sizeOf } from '../../graph/tensor.ts';
import { holdsBlocked, type Layout } from '../layout.ts';
import type { Lowering, Way } from '../lowering.ts';
import { type AffineEnd, channelAffine, channelDot, channelSum, type Images } from './channels.ts';
import { activated, swallowActivation } from './fused-activation.ts';

/** Blocked when the images are blocked already, plain otherwise. */
export function imageLayout(lowering: Lowering, images: Tensor): Layout {
  const blocked = holdsBlocked(images.shape, lowering.target.blockSize) && images.dtype === 'float32';
  return blocked && lowering.naturalLayout(images) === 'blocked' ? 'blocked' : 'plain';
}

/** 1 / sqrt(variance + epsilon). */
export function inverseDeviation(lowering: Lowering, variance: string, epsilon: number, like: Tensor): string {
  const root = lowering.emit('Sqrt', [lowering.emit('Add', [variance, lowering.scalar(epsilon, like.dtype)])]);
  return lowering.emit('Reciprocal', [root]);
}

/**
 * What follows y, if it can be computed in the same pass: an activation, or the addition of a tensor that is there already and
 * then an activation. Returns the tensor that the pass then holds; the nodes swallowed are marked done.
 */
export function swallowEnd(
  lowering: Lowering,
  y: Tensor,
  layout: Layout,
): { readonly result: Tensor; readonly end: AffineEnd } {
  const ended = (tensor: Tensor, addend?: string) => {
    const activation = swallowActivation(lowering, tensor);
    return {
      result: activated(tensor, activation),
      end: { ...(addend === undefined ? {} : { addend }), ...(activation ? { activation } : {}) },
    };
  };
  const next = lowering.soleConsumer(y);
  const other = next?.op === 'Add' ? next.inputs.find((input) => input !== y) : undefined;
  if (!next || !other || !sameShape(other.shape, y.shape) || !lowering.isAvailable(other)) return ended(y);
  lowering.done.add(next);
  return ended(next.outputs[0] as Tensor, lowering.value(other, layout));
}

export const batchNormalizationWays: readonly Way<'BatchNormalization'>[] = [
  {
    name: 'affine',
    emit(lowering, node) {
      const [x, scale, bias, mean, variance] = node.inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
      const layout = imageLayout(lowering, x);
      const inverse = inverseDeviation(lowering, lowering.value(variance), node.attributes.epsilon, x);
      const slope = lowering.emit('Mul', [lowering.value(scale), inverse]);
      const shift = lowering.emit('Sub', [lowering.value(bias), lowering.emit('Mul', [lowering.value(mean), slope])]);
      const { result, end } = swallowEnd(lowering, node.outputs[0] as Tensor, layout);
      lowering.define(
        result,
        channelAffine(lowering, { value: lowering.value(x, layout), shape: x.shape, layout }, slope, shift, end),
        layout,
      );
    },
  },
];

export const batchNormalizationTrainingWays: readonly Way<'BatchNormalizationTraining'>[] = [
  {
    // Two sums: the mean, then the mean square of what is left, which does not cancel when the mean is large.
    name: 'centred',
    emit(lowering, node) {
      const [x, scale, bias] = node.inputs as [Tensor, Tensor, Tensor];
      const [y, mean, variance, centred] = node.outputs as [Tensor, Tensor, Tensor, Tensor];
      const layout = imageLayout(lowering, x);
      const images: Images = { value: lowering.value(x, layout), shape: x.shape, layout };
      const perElement = lowering.scalar((x.shape[1] as number) / sizeOf(x.shape), x.dtype);
      const meanName = lowering.emit('Mul', [channelSum(lowering, images), perElement]);
      const centredName = channelAffine(lowering, images, null, lowering.emit('Neg', [meanName]));
      const varianceName = lowering.emit('Mul', [
        channelDot(lowering, { ...images, value: centredName }, centredName),
        perElement,
      ]);
      const slope = lowering.emit('Mul', [
        lowering.value(scale),
        inverseDeviation(lowering, varianceName, node.attributes.epsilon, x),
      ]);
      const { result, end } = swallowEnd(lowering, y, layout);
      lowering.define(mean, meanName);
      lowering.define(variance, varianceName);
      lowering.define(centred, centredName, layout);
      lowering.define(
        result,
        channelAffine(lowering, { ...images, value: centredName }, slope, lowering.value(bias), end),
        layout,
      );
    },
  },
];

export const batchNormalizationGradientWays: readonly Way<'BatchNormalizationGradient'>[] = [
  {
    // dx = s (dy - mean(dy) - c mean(dy c) / (variance + epsilon)), s = scale / sqrt(variance + epsilon), c = centred:
    // affine in dy and in c per channel.
    name: 'affine',
    emit(lowering, node) {
      const [centred, dy, scale, variance] = node.inputs as [Tensor, Tensor, Tensor, Tensor];
      const [dx, dScale, dBias] = node.outputs as [Tensor, Tensor, Tensor];
      const layout = imageLayout(lowering, centred);
      const images = (value: string): Images => ({ value, shape: dy.shape, layout });
      const [c, gradient] = [lowering.value(centred, layout), lowering.value(dy, layout)];
      const inverse = inverseDeviation(lowering, lowering.value(variance), node.attributes.epsilon, dy);
      const slope = lowering.emit('Mul', [lowering.value(scale), inverse]);
      const sum = channelSum(lowering, images(gradient));
      const sumProduct = channelDot(lowering, images(gradient), c);
      lowering.define(dBias, sum);
      lowering.define(dScale, lowering.emit('Mul', [sumProduct, inverse]));
      if (!lowering.isRead(dx)) return;
      const minusPerElement = lowering.scalar(-(dy.shape[1] as number) / sizeOf(dy.shape), dy.dtype);
      const shift = lowering.emit('Mul', [lowering.emit('Mul', [sum, slope]), minusPerElement]);
      const squareInverse = lowering.emit('Mul', [inverse, inverse]);
      const slopeOfC = lowering.emit('Mul', [
        lowering.emit('Mul', [lowering.emit('Mul', [sumProduct, slope]), squareInverse]),
        minusPerElement,
      ]);
      const rest = channelAffine(lowering, images(c), slopeOfC, shift);
      lowering.define(dx, channelAffine(lowering, images(gradient), slope, null, { addend: rest }), layout);
    },
  },
];
