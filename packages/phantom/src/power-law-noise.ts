import type { RandomStream } from '@mammoscope/random';
import { fft2d } from './fft.ts';

/**
 * A square of Gaussian noise whose power spectrum falls as 1 / f^beta with radial frequency f, mean 0 and standard
 * deviation 1. Mammographic tissue has beta near 3 (Burgess, Jacobson and Judy, "Human observer detection experiments
 * with mammograms and power-law noise", Medical Physics 28, 2001, 419-437).
 *
 * White noise is filtered by f^(-beta / 2) in a square of at least twice the side, a power of two, and cut out, because
 * the filtered noise is periodic. Frequencies below one cycle a square of that size are absent.
 * @param sizePx the side of the result [sizePx * sizePx], row-major
 */
export function powerLawNoise(random: RandomStream, sizePx: number, beta: number): Float32Array {
  const size = 2 ** Math.ceil(Math.log2(2 * sizePx));
  const real = Float64Array.from({ length: size * size }, () => random.normal());
  const imaginary = new Float64Array(size * size);
  fft2d({ real, imaginary }, size);
  for (let y = 0; y < size; y++) {
    const fy = y <= size / 2 ? y : y - size;
    for (let x = 0; x < size; x++) {
      const fx = x <= size / 2 ? x : x - size;
      const gain = x === 0 && y === 0 ? 0 : (fx * fx + fy * fy) ** (-beta / 4); // f^2 to the -beta/4 is f^(-beta/2)
      real[y * size + x] = (real[y * size + x] as number) * gain;
      imaginary[y * size + x] = (imaginary[y * size + x] as number) * gain;
    }
  }
  fft2d({ real, imaginary }, size, true);
  const cut = Float32Array.from(
    { length: sizePx * sizePx },
    (_, i) => real[Math.floor(i / sizePx) * size + (i % sizePx)] as number,
  );
  return standardised(cut);
}

function standardised(values: Float32Array): Float32Array {
  let [sum, squares] = [0, 0];
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / values.length;
  const standardDeviation = Math.sqrt(Math.max(squares / values.length - mean * mean, Number.MIN_VALUE));
  return values.map((value) => (value - mean) / standardDeviation);
}
