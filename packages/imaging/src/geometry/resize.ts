import { ImagingError } from '../errors.ts';

/**
 * Bilinear resizing with half-pixel centres: output pixel i looks at input position (i + 0.5) * in / out - 0.5. When an
 * axis shrinks, the triangle filter is widened by the same factor, so that nothing aliases (Pillow's BILINEAR, PyTorch's
 * `interpolate(mode='bilinear', align_corners=False, antialias=True)`). Weights that fall outside the image are dropped
 * and the rest made to sum to 1, which is edge replication when enlarging.
 * @param plane [height * width], row-major; the result is [outHeight * outWidth]. Throws option-invalid.
 */
export function resizeBilinear(
  plane: Float32Array,
  width: number,
  height: number,
  outWidth: number,
  outHeight: number,
): Float32Array {
  for (const side of [width, height, outWidth, outHeight]) {
    if (!Number.isInteger(side) || side < 1) {
      throw new ImagingError('option-invalid', `resizeBilinear requires sides of at least 1 pixel, got ${side}`);
    }
  }
  if (plane.length !== width * height) {
    throw new ImagingError(
      'option-invalid',
      `resizeBilinear requires ${width} x ${height} values, got ${plane.length}: pass matching sizes`,
    );
  }
  const rows = resizeRows(plane, width, height, outWidth); // [height, outWidth]
  return resizeColumns(rows, outWidth, height, outHeight); // [outHeight, outWidth]
}

/** For every output index: the first input index, and `taps` weights (zeros where fewer are needed). */
interface AxisWeights {
  readonly first: Int32Array;
  readonly weights: Float64Array;
  readonly taps: number;
}

function axisWeights(size: number, outSize: number): AxisWeights {
  const scale = size / outSize;
  const support = Math.max(1, scale); // half width of the triangle, in input pixels
  const taps = Math.min(size, Math.ceil(support) * 2 + 1);
  const first = new Int32Array(outSize);
  const weights = new Float64Array(outSize * taps);
  for (let i = 0; i < outSize; i++) {
    const centre = (i + 0.5) * scale - 0.5;
    const start = Math.min(Math.max(0, Math.ceil(centre - support)), size - taps);
    first[i] = start;
    let sum = 0;
    for (let t = 0; t < taps; t++) {
      const weight = Math.max(0, 1 - Math.abs(start + t - centre) / support);
      weights[i * taps + t] = weight;
      sum += weight;
    }
    for (let t = 0; t < taps; t++) weights[i * taps + t] = (weights[i * taps + t] as number) / sum;
  }
  return { first, weights, taps };
}

function resizeRows(plane: Float32Array, width: number, height: number, outWidth: number): Float32Array {
  if (width === outWidth) return plane.slice();
  const { first, weights, taps } = axisWeights(width, outWidth);
  const result = new Float32Array(height * outWidth);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < outWidth; x++) {
      const from = y * width + (first[x] as number);
      let sum = 0;
      for (let t = 0; t < taps; t++) sum += (weights[x * taps + t] as number) * (plane[from + t] as number);
      result[y * outWidth + x] = sum;
    }
  }
  return result;
}

function resizeColumns(plane: Float32Array, width: number, height: number, outHeight: number): Float32Array {
  if (height === outHeight) return plane;
  const { first, weights, taps } = axisWeights(height, outHeight);
  const result = new Float32Array(outHeight * width);
  const sums = new Float64Array(width);
  for (let y = 0; y < outHeight; y++) {
    sums.fill(0);
    for (let t = 0; t < taps; t++) {
      const weight = weights[y * taps + t] as number;
      const from = ((first[y] as number) + t) * width;
      if (weight !== 0)
        for (let x = 0; x < width; x++) sums[x] = (sums[x] as number) + weight * (plane[from + x] as number);
    }
    result.set(sums, y * width);
  }
  return result;
}
