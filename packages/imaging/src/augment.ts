import { RandomStream } from '@mammoscope/random';
import { ImagingError } from './errors.ts';

/**
 * One augmentation, drawn or written by hand. Content is flipped, scaled and rotated about the image centre
 * ((width - 1) / 2, (height - 1) / 2), then translated, in one affine map; then value -> gain * value + offset.
 */
export interface AugmentationParameters {
  /** Left and right exchanged. */
  readonly flipHorizontal: boolean;
  /** Top and bottom exchanged. */
  readonly flipVertical: boolean;
  /** Counter-clockwise as displayed (rows downwards). */
  readonly angleDeg: number;
  /** To the right. */
  readonly translateXPx: number;
  /** Downwards. */
  readonly translateYPx: number;
  /** Above 1 magnifies. */
  readonly scale: number;
  readonly gain: number;
  /** In the units of the plane. */
  readonly offset: number;
}

/** A closed range [low, high] that is drawn from uniformly. */
export type DrawRange = readonly [low: number, high: number];

/** What drawAugmentation may do; what is absent is left alone. */
export interface AugmentationOptions {
  /** Probability of a left-right flip, 0 to 1. */
  readonly flipHorizontal?: number;
  /** Probability of a top-bottom flip, 0 to 1. */
  readonly flipVertical?: number;
  readonly angleDeg?: DrawRange;
  readonly translateXPx?: DrawRange;
  readonly translateYPx?: DrawRange;
  readonly scale?: DrawRange;
  readonly gain?: DrawRange;
  readonly offset?: DrawRange;
}

/**
 * What lies outside the image: 'reflect' mirrors about the centre of the border pixel, which is not repeated (numpy's
 * and PyTorch's 'reflect'); 'edge' repeats the border pixel; a number is a constant in the units of the input plane.
 */
export type BorderFill = 'reflect' | 'edge' | number;

/** The augmentation that changes nothing. */
export const NO_AUGMENTATION: AugmentationParameters = {
  flipHorizontal: false,
  flipVertical: false,
  angleDeg: 0,
  translateXPx: 0,
  translateYPx: 0,
  scale: 1,
  gain: 1,
  offset: 0,
};

/**
 * The random stream of one image in one epoch: what is drawn for an image depends on nothing else, so workers may take
 * images in any order.
 */
export function augmentationStream(seed: number, epoch: number, imageIndex: number): RandomStream {
  return new RandomStream(seed, 'augment', epoch, imageIndex);
}

/**
 * Draws parameters, always with eight uniform numbers, so that switching one option on does not change the others.
 * Throws option-invalid for a probability outside [0, 1], a range that is reversed or not finite, a scale not above 0.
 */
export function drawAugmentation(random: RandomStream, options: AugmentationOptions): AugmentationParameters {
  return {
    flipHorizontal: random.uniform() < probability('flipHorizontal', options.flipHorizontal),
    flipVertical: random.uniform() < probability('flipVertical', options.flipVertical),
    angleDeg: drawFrom(random, 'angleDeg', options.angleDeg ?? [0, 0]),
    translateXPx: drawFrom(random, 'translateXPx', options.translateXPx ?? [0, 0]),
    translateYPx: drawFrom(random, 'translateYPx', options.translateYPx ?? [0, 0]),
    scale: drawFrom(random, 'scale', options.scale ?? [1, 1], Number.MIN_VALUE),
    gain: drawFrom(random, 'gain', options.gain ?? [1, 1]),
    offset: drawFrom(random, 'offset', options.offset ?? [0, 0]),
  };
}

function probability(name: string, value = 0): number {
  if (!(value >= 0 && value <= 1)) {
    throw new ImagingError('option-invalid', `augmentation ${name} must be a probability from 0 to 1, got ${value}`);
  }
  return value;
}

function drawFrom(random: RandomStream, name: string, [low, high]: DrawRange, least = -Infinity): number {
  if (!(Number.isFinite(low) && Number.isFinite(high) && low <= high && low >= least)) {
    const required = least > 0 ? 'a range [low, high] above 0' : 'a range [low, high]';
    throw new ImagingError('option-invalid', `augmentation ${name} must be ${required}, got [${low}, ${high}]`);
  }
  return random.uniform(low, high);
}

/** x_in = a * x_out + b * y_out + c, y_in = d * x_out + e * y_out + f, in pixel indices. */
export interface InverseMap {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly e: number;
  readonly f: number;
}

/**
 * The map from output to input pixel indices. Forward, with F the flips, R the rotation and m the centre:
 * out = R (scale F (in - m)) + m + t, so in = F R^T (out - m - t) / scale + m. Multiples of 90 degrees have exact sines.
 */
export function inverseMap(width: number, height: number, parameters: AugmentationParameters): InverseMap {
  const { angleDeg, scale, translateXPx, translateYPx } = parameters;
  const [cosine, sine] = exactRotation(angleDeg);
  const [signX, signY] = [parameters.flipHorizontal ? -1 : 1, parameters.flipVertical ? -1 : 1];
  // Counter-clockwise with rows downwards is R = [cos, sin; -sin, cos], so R^T = [cos, -sin; sin, cos].
  const [a, b] = [(signX * cosine) / scale, (-signX * sine) / scale];
  const [d, e] = [(signY * sine) / scale, (signY * cosine) / scale];
  const [centreX, centreY] = [(width - 1) / 2, (height - 1) / 2];
  const [fromX, fromY] = [centreX + translateXPx, centreY + translateYPx];
  return { a, b, c: centreX - (a * fromX + b * fromY), d, e, f: centreY - (d * fromX + e * fromY) };
}

function exactRotation(angleDeg: number): readonly [cosine: number, sine: number] {
  const quarters = angleDeg / 90;
  if (Number.isInteger(quarters)) {
    const exact = [[1, 0], [0, 1], [-1, 0], [0, -1]] as const; // biome-ignore format: one row
    return exact[((quarters % 4) + 4) % 4] as readonly [number, number];
  }
  const angle = (angleDeg * Math.PI) / 180;
  return [Math.cos(angle), Math.sin(angle)];
}

/**
 * Applies an augmentation to a plane [height * width], row-major, and returns a new one of the same size. One inverse
 * mapping with bilinear interpolation: flips, whole-pixel translations and (on squares) multiples of 90 degrees are
 * exact. Shrinking (scale below 1) is not antialiased. Gain and offset also apply to a constant border.
 * Throws option-invalid for sizes that do not match and parameters that are not finite.
 */
export function applyAugmentation(
  plane: Float32Array,
  width: number,
  height: number,
  parameters: AugmentationParameters,
  options: { readonly fill: BorderFill },
): Float32Array {
  checkArguments(plane, width, height, parameters, options.fill);
  const { a, b, c, d, e, f } = inverseMap(width, height, parameters);
  const { gain, offset } = parameters;
  const { fill } = options;
  const result = new Float32Array(plane.length);
  for (let y = 0, at = 0; y < height; y++) {
    const [rowX, rowY] = [b * y + c, e * y + f];
    for (let x = 0; x < width; x++, at++) {
      const fromX = a * x + rowX;
      const fromY = d * x + rowY;
      const left = Math.floor(fromX);
      const top = Math.floor(fromY);
      const u = fromX - left;
      const v = fromY - top;
      let value: number;
      if (left >= 0 && top >= 0 && left < width - 1 && top < height - 1) {
        const p = top * width + left;
        const above = (plane[p] as number) * (1 - u) + (plane[p + 1] as number) * u;
        const below = (plane[p + width] as number) * (1 - u) + (plane[p + width + 1] as number) * u;
        value = above * (1 - v) + below * v;
      } else {
        const above =
          pixelOrFill(plane, width, height, left, top, fill) * (1 - u) +
          pixelOrFill(plane, width, height, left + 1, top, fill) * u;
        const below =
          pixelOrFill(plane, width, height, left, top + 1, fill) * (1 - u) +
          pixelOrFill(plane, width, height, left + 1, top + 1, fill) * u;
        value = above * (1 - v) + below * v;
      }
      result[at] = gain * value + offset;
    }
  }
  return result;
}

function pixelOrFill(
  plane: Float32Array,
  width: number,
  height: number,
  x: number,
  y: number,
  fill: BorderFill,
): number {
  if (typeof fill === 'number' && (x < 0 || y < 0 || x >= width || y >= height)) return fill;
  const column = fill === 'reflect' ? reflected(x, width) : Math.min(width - 1, Math.max(0, x));
  const row = fill === 'reflect' ? reflected(y, height) : Math.min(height - 1, Math.max(0, y));
  return plane[row * width + column] as number;
}

/** ... 2 1 | 0 1 2 ... n-1 | n-2 n-3 ..., of period 2 (n - 1). */
function reflected(index: number, size: number): number {
  if (size === 1) return 0;
  const period = 2 * (size - 1);
  const within = ((index % period) + period) % period;
  return within < size ? within : period - within;
}

function checkArguments(
  plane: Float32Array,
  width: number,
  height: number,
  parameters: AugmentationParameters,
  fill: BorderFill,
): void {
  if (plane.length !== width * height) {
    throw new ImagingError(
      'option-invalid',
      `applyAugmentation requires ${width} x ${height} values, got ${plane.length}: pass matching sizes`,
    );
  }
  const { angleDeg, translateXPx, translateYPx, scale, gain, offset } = parameters;
  for (const [name, value] of Object.entries({ angleDeg, translateXPx, translateYPx, scale, gain, offset })) {
    if (!Number.isFinite(value) || (name === 'scale' && value <= 0)) {
      const required = name === 'scale' ? 'above 0' : 'finite';
      throw new ImagingError('option-invalid', `augmentation ${name} must be ${required}, got ${value}`);
    }
  }
  if (typeof fill === 'number' && !Number.isFinite(fill)) {
    throw new ImagingError('option-invalid', `augmentation fill must be 'reflect', 'edge' or finite, got ${fill}`);
  }
}
