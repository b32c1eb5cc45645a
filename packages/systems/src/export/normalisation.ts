import { functions as f, type Tensor } from '@mammoscope/nn';
import type { Preprocessing } from '../data/image-source.ts';

/**
 * Images [N, 1, H, W] normalised one by one, as imaging's zScoreNormalise and minMaxNormalise do it on the host, in
 * float32; a constant image becomes zeros. Both begin with (x - min) / (max - min): z-scores do not change by it, it is
 * exact where images are constant, and stored values of 16 bits do not lose digits in sums of squares.
 */
export function normaliseImages(images: Tensor, normalisation: Preprocessing['normalisation']): Tensor {
  const axes = images.shape.map((_, axis) => axis).slice(1);
  const oneIfZero = (x: Tensor) => f.where(f.greater(x, 0), x, 1);
  const smallest = f.neg(f.reduceMax(f.neg(images), axes, true)); // [N, 1, 1, 1]
  const above = f.sub(images, smallest);
  const unit = f.div(above, oneIfZero(f.reduceMax(above, axes, true)));
  if (normalisation === 'minMax') return unit;
  const centred = f.sub(unit, f.reduceMean(unit, axes, true));
  const deviation = f.sqrt(f.reduceMean(f.mul(centred, centred), axes, true));
  return f.div(centred, oneIfZero(deviation));
}
