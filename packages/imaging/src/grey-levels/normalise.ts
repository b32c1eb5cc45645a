import { ImagingError } from '../errors.ts';

/**
 * (x - min) / (max - min) of one image: values in [0, 1]. A constant image becomes zeros.
 * @param plane any number of values, any layout. Throws option-invalid for an empty plane or a value that is not finite.
 */
export function minMaxNormalise(plane: Float32Array): Float32Array {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < plane.length; i++) {
    const value = finiteValue(plane, i);
    if (value < low) low = value;
    if (value > high) high = value;
  }
  requireValues(plane);
  const result = new Float32Array(plane.length);
  const range = high - low;
  if (range > 0) for (let i = 0; i < plane.length; i++) result[i] = ((plane[i] as number) - low) / range;
  return result;
}

/**
 * (x - mean) / sd of one image, sd with divisor n (numpy's default), summed in double precision over two passes. A
 * constant image becomes zeros.
 * @param plane any number of values, any layout. Throws option-invalid for an empty plane or a value that is not finite.
 */
export function zScoreNormalise(plane: Float32Array): Float32Array {
  requireValues(plane);
  let sum = 0;
  for (let i = 0; i < plane.length; i++) sum += finiteValue(plane, i);
  const mean = sum / plane.length;
  let squares = 0;
  for (let i = 0; i < plane.length; i++) squares += ((plane[i] as number) - mean) ** 2;
  const standardDeviation = Math.sqrt(squares / plane.length);
  const result = new Float32Array(plane.length);
  // Exactly 0 for a constant image: a double holds the sum of 2^29 equal floats without rounding.
  if (standardDeviation > 0) {
    for (let i = 0; i < plane.length; i++) result[i] = ((plane[i] as number) - mean) / standardDeviation;
  }
  return result;
}

function requireValues(plane: Float32Array): void {
  if (plane.length === 0) throw new ImagingError('option-invalid', 'a plane to normalise must have values, got none');
}

function finiteValue(plane: Float32Array, index: number): number {
  const value = plane[index] as number;
  if (!Number.isFinite(value)) {
    throw new ImagingError('option-invalid', `a plane to normalise must be finite, got ${value} at pixel ${index}`);
  }
  return value;
}
