import { ImagingError } from '../errors.ts';
import { type Plane, requirePlane } from '../plane.ts';

/**
 * Means of squares of `factor` pixels; the last column and row are means of what is left. The result has
 * ceil(width / factor) by ceil(height / factor) pixels. Throws option-invalid.
 */
export function averageDown(plane: Plane, factor: number): Plane {
  requirePlane(plane, 'averageDown');
  if (!Number.isInteger(factor) || factor < 1) {
    throw new ImagingError('option-invalid', `averageDown requires a whole factor of at least 1, got ${factor}`);
  }
  const [width, height] = [Math.ceil(plane.width / factor), Math.ceil(plane.height / factor)];
  const data = new Float32Array(width * height);
  const sums = new Float64Array(width);
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    const last = Math.min(plane.height, (y + 1) * factor);
    for (let row = y * factor; row < last; row++) {
      let at = row * plane.width;
      const end = at + plane.width;
      for (let x = 0; x < width; x++) {
        let sum = sums[x] as number;
        for (const stop = Math.min(end, at + factor); at < stop; at++) sum += plane.data[at] as number;
        sums[x] = sum;
      }
    }
    const rows = last - y * factor;
    for (let x = 0; x < width; x++) {
      const columns = Math.min(plane.width, (x + 1) * factor) - x * factor;
      data[y * width + x] = (sums[x] as number) / (rows * columns);
    }
  }
  return { width, height, data };
}
