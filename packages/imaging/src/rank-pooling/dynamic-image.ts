import { ImagingError } from '../errors.ts';
import type { Plane } from '../plane.ts';
import type { Samples } from './gram-range.ts';
import { approximateRankPool, type RankPooling, type RankPoolingOptions, rankPool } from './rank-pooling.ts';

/** A frame in grey or in red, green and blue. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  /** [height * width] in grey, [3 * height * width] in colour, one channel after the other. A Plane is a grey frame. */
  readonly data: Samples;
}

/** Frames that are read one at a time, in the order in which they are ranked. An ImageStack is one. */
export interface FrameSource {
  readonly depth: number;
  readonly slice: (slice: number) => Promise<Frame>;
}

/** psi of Equation 1: a frame's feature vector. */
export type FeatureMap = (frame: Frame) => Samples;

/** psi as in Liang et al. 2019, who "applied RankSVM directly on DBT data": the pixel values. */
export const pixelValues: FeatureMap = ({ data }) => data;

/** How a dynamic image is made. */
export interface DynamicImageOptions extends RankPoolingOptions {
  /** Equation 1 solved, or its first gradient step in its place; 'exact' unless given. */
  readonly method?: 'exact' | 'approximate';
}

/** Frames as one image that shows how they change. */
export interface DynamicImage {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  /** 0 to 255, [channels * height * width]: the least and the greatest value of d over all channels are 0 and 255. */
  readonly data: Uint8Array;
  /** Of the slices, [T]. */
  readonly weights: Float64Array;
  /** Where Equation 1 was solved. */
  readonly exact?: Pick<RankPooling, 'objective' | 'dualityGap' | 'lambda'>;
}

/**
 * The dynamic image of frames (Liang et al. 2019, section III-A): d of rank pooling their pixels, in 8 bits by
 * round(255 (d - least) / (greatest - least)) with the same two numbers for all channels, as Bilen et al. draw theirs.
 * Throws ImagingError slices-unusable: one frame, frames all alike, or of different sizes or channels.
 */
export async function dynamicImage(
  frames: FrameSource,
  { method = 'exact', ...options }: DynamicImageOptions = {},
): Promise<DynamicImage> {
  const { width, height, data } = await frames.slice(0);
  const channels = data.length / (width * height);
  if (channels !== 1 && channels !== 3)
    throw new ImagingError(
      'option-invalid',
      `a frame of ${width} x ${height} has one or three values a pixel, got ${data.length} in all`,
    );
  const source = featuresOf(frames, pixelValues);
  if (method === 'approximate') {
    const { d, weights } = await approximateRankPool(source);
    return { width, height, channels, data: eightBits(d), weights };
  }
  const { d, weights, ...exact } = await rankPool(source, options);
  return { width, height, channels, data: eightBits(d), weights, exact };
}

/** The features of frames as rankPool takes them. Throws slices-unusable when a frame differs in size from the first that was read. */
export function featuresOf(frames: FrameSource, psi: FeatureMap) {
  let size: Pick<Plane, 'width' | 'height'> | undefined;
  return {
    depth: frames.depth,
    slice: async (t: number): Promise<Samples> => {
      const frame = await frames.slice(t);
      size ??= frame;
      if (frame.width !== size.width || frame.height !== size.height)
        throw new ImagingError(
          'slices-unusable',
          `frame ${t} is ${frame.width} x ${frame.height} pixels and others are ${size.width} x ${size.height}: all frames must be of one size, export them again`,
        );
      return psi(frame);
    },
  };
}

/** Numbers as 0 to 255, linearly from the least to the greatest. Throws slices-unusable where all are equal. */
export function eightBits(values: Float64Array): Uint8Array {
  let [least, greatest] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  if (!(greatest > least))
    throw new ImagingError(
      'slices-unusable',
      'the dynamic image is of one value: every pixel changes as all others do',
    );
  const result = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++)
    result[i] = Math.round((255 * ((values[i] as number) - least)) / (greatest - least));
  return result;
}
