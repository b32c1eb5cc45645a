import { ImagingError } from '../errors.ts';
import type { ImageStack } from '../formats/image-stack.ts';
import { resampleSize } from '../geometry/resample.ts';
import type { Plane } from '../plane.ts';

/** How the slices of a stack become frames. */
export interface StackFramesOptions {
  /** Frames with a longer side are shrunk to it, by the mean of the area that a pixel covers; no limit unless given. */
  readonly maxSidePx?: number;
  /** Called with every frame when it is first read. */
  readonly onFrame?: (frame: Plane, slice: number) => void;
}

/**
 * The slices of a stack as frames to be pooled: stored values, bright where there is tissue (DICOM's MONOCHROME1 is turned over).
 * Whole numbers stay whole when they are shrunk, rounded, so that a volume takes two bytes a pixel and not four.
 */
export function stackFrames(
  stack: Pick<ImageStack, 'depth' | 'slice' | 'facts'>,
  { maxSidePx = Infinity, onFrame }: StackFramesOptions = {},
) {
  if (!(maxSidePx >= 1))
    throw new ImagingError('option-invalid', `frames must keep a side of 1 px or more, got ${maxSidePx}`);
  const seen = new Set<number>();
  return {
    depth: stack.depth,
    slice: async (slice: number): Promise<Plane> => {
      const { PhotometricInterpretation: photometric, BitsStored: bits } = stack.facts(slice);
      const stored = await stack.slice(slice);
      const scale = Math.min(1, maxSidePx / Math.max(stored.width, stored.height));
      const side = (length: number) => Math.max(1, Math.round(length * scale));
      const plane = scale === 1 ? stored : resampleSize(stored, side(stored.width), side(stored.height));
      const white = photometric === 'MONOCHROME1' && bits !== undefined ? 2 ** bits - 1 : undefined;
      const whole = bits !== undefined && scale < 1;
      const data =
        white === undefined && !whole
          ? plane.data
          : plane.data.map((value) => {
              const kept = whole ? Math.round(value) : value;
              return white === undefined ? kept : white - kept;
            });
      const frame = { ...plane, data };
      if (!seen.has(slice)) {
        seen.add(slice);
        onFrame?.(frame, slice);
      }
      return frame;
    },
  };
}
