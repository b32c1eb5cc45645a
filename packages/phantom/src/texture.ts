/** Periodic power-law textures: a coarse cube for the whole breast and a fine tile for what the cube cannot resolve. */
import type { RandomStream } from '@mammoscope/random';
import { type ComplexArray, fft, fft2d } from './fft.ts';

/** A periodic field [size * size * size], z slowest, mean 0, standard deviation 1. */
export interface TextureCube {
  readonly size: number;
  readonly values: Float32Array;
}

/** Signed frequency of coefficient i of n. */
const signed = (i: number, n: number): number => (i <= n / 2 ? i : i - n);

/**
 * A periodic cube of Gaussian noise whose power falls as 1 / f^beta between `lowest` and `highest` cycles a side, and
 * is 0 outside. The projection of such a field along an axis has the same exponent (the Fourier slice theorem), so beta
 * near 3, as measured on mammograms (Burgess, Jacobson and Judy 2001, see powerLawNoise), is the exponent in 3D as well
 * (Metheany et al., "Characterizing anatomical variability in breast CT images", Medical Physics 35, 2008, 4685-4694).
 * @param size a power of two
 */
export function textureCube(
  random: RandomStream,
  size: number,
  beta: number,
  { lowest = 1, highest = size / 2 }: { readonly lowest?: number; readonly highest?: number } = {},
): TextureCube {
  const field = whiteNoise(random, size ** 3);
  fft3d(field, size);
  for (let z = 0, at = 0; z < size; z++) {
    for (let y = 0; y < size; y++) {
      const yz = signed(z, size) ** 2 + signed(y, size) ** 2;
      for (let x = 0; x < size; x++, at++) applyGain(field, at, yz + signed(x, size) ** 2, beta, lowest, highest);
    }
  }
  fft3d(field, size, true);
  return { size, values: standardised(field.real) };
}

/** As textureCube, a periodic square [size * size]. */
export function textureTile(random: RandomStream, size: number, beta: number, lowest: number): Float32Array {
  const field = whiteNoise(random, size * size);
  fft2d(field, size);
  for (let y = 0, at = 0; y < size; y++) {
    for (let x = 0; x < size; x++, at++) {
      applyGain(field, at, signed(y, size) ** 2 + signed(x, size) ** 2, beta, lowest, size / 2);
    }
  }
  fft2d(field, size, true);
  return standardised(field.real);
}

/** The cube at a position in voxels, trilinear, periodic. */
export function sampleCube({ size, values }: TextureCube, x: number, y: number, z: number): number {
  const mask = size - 1;
  const [x0, y0, z0] = [Math.floor(x), Math.floor(y), Math.floor(z)];
  const [fx, fy, fz] = [x - x0, y - y0, z - z0];
  const [xa, xb] = [x0 & mask, (x0 + 1) & mask];
  const [ya, yb] = [(y0 & mask) * size, ((y0 + 1) & mask) * size];
  const [za, zb] = [(z0 & mask) * size * size, ((z0 + 1) & mask) * size * size];
  const along = (row: number) => {
    const a = values[row + xa] as number;
    return a + fx * ((values[row + xb] as number) - a);
  };
  const low = along(za + ya) * (1 - fy) + along(za + yb) * fy;
  const high = along(zb + ya) * (1 - fy) + along(zb + yb) * fy;
  return low + fz * (high - low);
}

function whiteNoise(random: RandomStream, count: number): ComplexArray {
  const real = new Float64Array(count);
  for (let i = 0; i < count; i++) real[i] = random.normal();
  return { real, imaginary: new Float64Array(count) };
}

function applyGain(
  { real, imaginary }: ComplexArray,
  at: number,
  frequencySquared: number,
  beta: number,
  lowest: number,
  highest: number,
): void {
  const inside = frequencySquared >= lowest * lowest && frequencySquared <= highest * highest && frequencySquared > 0;
  const gain = inside ? frequencySquared ** (-beta / 4) : 0; // f^2 to the -beta/4 is f^(-beta/2)
  real[at] = (real[at] as number) * gain;
  imaginary[at] = (imaginary[at] as number) * gain;
}

function fft3d({ real, imaginary }: ComplexArray, size: number, inverse = false): void {
  const area = size * size;
  for (let z = 0; z < size; z++) {
    const [from, to] = [z * area, (z + 1) * area];
    fft2d({ real: real.subarray(from, to), imaginary: imaginary.subarray(from, to) }, size, inverse);
  }
  const line = { real: new Float64Array(size), imaginary: new Float64Array(size) };
  for (let i = 0; i < area; i++) {
    for (let z = 0; z < size; z++) {
      line.real[z] = real[z * area + i] as number;
      line.imaginary[z] = imaginary[z * area + i] as number;
    }
    fft(line, inverse);
    for (let z = 0; z < size; z++) real[z * area + i] = line.real[z] as number;
    for (let z = 0; z < size; z++) imaginary[z * area + i] = line.imaginary[z] as number;
  }
}

function standardised(values: Float64Array): Float32Array {
  let squares = 0; // the mean is 0: frequency 0 was removed
  for (const value of values) squares += value * value;
  const gain = 1 / Math.sqrt(Math.max(squares / values.length, Number.MIN_VALUE));
  const result = new Float32Array(values.length);
  for (let i = 0; i < result.length; i++) result[i] = (values[i] as number) * gain;
  return result;
}
