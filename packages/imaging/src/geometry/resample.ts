import { ImagingError } from '../errors.ts';
import { type Plane, requirePlane } from '../plane.ts';
import type { PixelSpacingMm } from './pixel-spacing.ts';

/** Larger results than this are a mistake in the spacing. */
const MAX_SIDE_PX = 32768;

/**
 * A plane at another spacing, the same in both directions: each output pixel is the mean of the area that it covers
 * where an axis shrinks, and is interpolated linearly between pixel centres where it grows. Sides are rounded to whole pixels,
 * over which the image is spread from edge to edge, so that constants stay constant and the mean is kept.
 * @param spacing of the plane, rows then columns. Throws option-invalid.
 */
export function resampleTo(plane: Plane, spacing: PixelSpacingMm, targetMm: number): Plane {
  if (!(targetMm > 0))
    throw new ImagingError('option-invalid', `a spacing to resample to must be above 0 mm, got ${targetMm}`);
  const width = Math.max(1, Math.round((plane.width * spacing.columnMm) / targetMm));
  const height = Math.max(1, Math.round((plane.height * spacing.rowMm) / targetMm));
  return resampleSize(plane, width, height);
}

/** As resampleTo, to a size in pixels. */
export function resampleSize(plane: Plane, width: number, height: number): Plane {
  requirePlane(plane, 'resampling');
  for (const side of [width, height]) {
    if (!Number.isInteger(side) || side < 1 || side > MAX_SIDE_PX) {
      throw new ImagingError(
        'option-invalid',
        `resampling requires sides of 1 to ${MAX_SIDE_PX} pixels, got ${width} x ${height}`,
      );
    }
  }
  const rows = new Float32Array(plane.height * width);
  resampleLines(plane.data, rows, plane.width, width, plane.height, [1, plane.width], [1, width]);
  const data = new Float32Array(height * width);
  resampleLines(rows, data, plane.height, height, width, [width, 1], [width, 1]);
  return { width, height, data };
}

/** Distance from one value of a line to the next, and from line to line. */
type Strides = readonly [along: number, across: number];

function resampleLines(
  from: Float32Array,
  to: Float32Array,
  size: number,
  outSize: number,
  lines: number,
  [inAlong, inAcross]: Strides,
  [outAlong, outAcross]: Strides,
): void {
  const { first, weights } = outSize < size ? areaWeights(size, outSize) : linearWeights(size, outSize);
  for (let i = 0; i < outSize; i++) {
    const own = weights[i] as Float64Array;
    const start = first[i] as number;
    for (let line = 0; line < lines; line++) {
      let sum = 0;
      for (let t = 0; t < own.length; t++) {
        sum += (own[t] as number) * (from[(start + t) * inAlong + line * inAcross] as number);
      }
      to[i * outAlong + line * outAcross] = sum;
    }
  }
}

/** For every output index the first input index and the weights from there. */
interface LineWeights {
  readonly first: readonly number[];
  readonly weights: readonly Float64Array[];
}

/** Output pixel i covers the inputs from i * size / outSize to (i + 1) * size / outSize; each weighs what is covered of it. */
function areaWeights(size: number, outSize: number): LineWeights {
  const scale = size / outSize;
  const first = Array.from({ length: outSize }, (_, i) => Math.floor(i * scale));
  const weights = first.map((start, i) => {
    const [from, to] = [i * scale, Math.min(size, (i + 1) * scale)];
    const taps = Math.min(size, Math.ceil(to - 1e-9)) - start;
    return Float64Array.from(
      { length: taps },
      (_, t) => (Math.min(to, start + t + 1) - Math.max(from, start + t)) / (to - from),
    );
  });
  return { first, weights };
}

/** Output centre (i + 0.5) * size / outSize - 0.5 between two input centres; beyond the outer ones the edge is repeated. */
function linearWeights(size: number, outSize: number): LineWeights {
  const first: number[] = [];
  const weights: Float64Array[] = [];
  for (let i = 0; i < outSize; i++) {
    const at = Math.min(size - 1, Math.max(0, ((i + 0.5) * size) / outSize - 0.5));
    const start = Math.min(Math.floor(at), Math.max(0, size - 2));
    first.push(start);
    weights.push(size === 1 ? Float64Array.of(1) : Float64Array.of(1 - (at - start), at - start));
  }
  return { first, weights };
}
