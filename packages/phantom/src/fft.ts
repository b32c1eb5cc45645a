/** Complex numbers as two arrays of equal length. */
export interface ComplexArray {
  readonly real: Float64Array;
  readonly imaginary: Float64Array;
}

/**
 * In-place discrete Fourier transform of length n = 2^k, X[j] = sum_t x[t] exp(-2 pi i j t / n), unnormalised, by the
 * iterative radix-2 algorithm (Cooley and Tukey, Mathematics of Computation 19, 1965), O(n log n). `inverse` changes the
 * sign of the exponent and divides by n. Throws RangeError for another length.
 */
export function fft({ real, imaginary }: ComplexArray, inverse = false): void {
  const n = real.length;
  if (n < 1 || (n & (n - 1)) !== 0 || imaginary.length !== n) {
    throw new RangeError(`fft requires two arrays of a power of two values, got ${n} and ${imaginary.length}`);
  }
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      swap(real, i, j);
      swap(imaginary, i, j);
    }
  }
  const { cosines, sines } = twiddles(n);
  for (let half = 1; half < n; half *= 2) {
    for (let k = 0; k < half; k++) {
      const cosine = cosines[half + k] as number;
      const sine = inverse ? (sines[half + k] as number) : -(sines[half + k] as number);
      for (let a = k; a < n; a += 2 * half) {
        const b = a + half;
        const [realB, imaginaryB] = [real[b] as number, imaginary[b] as number];
        const turnedReal = realB * cosine - imaginaryB * sine;
        const turnedImaginary = realB * sine + imaginaryB * cosine;
        real[b] = (real[a] as number) - turnedReal;
        imaginary[b] = (imaginary[a] as number) - turnedImaginary;
        real[a] = (real[a] as number) + turnedReal;
        imaginary[a] = (imaginary[a] as number) + turnedImaginary;
      }
    }
  }
  if (inverse) for (let i = 0; i < n; i++) scale(real, imaginary, i, 1 / n);
}

interface Twiddles {
  readonly cosines: Float64Array;
  readonly sines: Float64Array;
}

/** Tables by length; they take most of the time of a short transform. */
const tables = new Map<number, Twiddles>();

/** cos and sin of pi k / half at [half + k], for every half that is a power of two below n. */
function twiddles(n: number): Twiddles {
  const known = tables.get(n);
  if (known) return known;
  const table = { cosines: new Float64Array(n), sines: new Float64Array(n) };
  for (let half = 1; half < n; half *= 2) {
    for (let k = 0; k < half; k++) {
      table.cosines[half + k] = Math.cos((Math.PI * k) / half);
      table.sines[half + k] = Math.sin((Math.PI * k) / half);
    }
  }
  tables.set(n, table);
  return table;
}

function swap(values: Float64Array, i: number, j: number): void {
  const kept = values[i] as number;
  values[i] = values[j] as number;
  values[j] = kept;
}

function scale(real: Float64Array, imaginary: Float64Array, i: number, factor: number): void {
  real[i] = (real[i] as number) * factor;
  imaginary[i] = (imaginary[i] as number) * factor;
}

/** fft over the rows and then the columns of a square [size * size], in place. */
export function fft2d({ real, imaginary }: ComplexArray, size: number, inverse = false): void {
  for (let y = 0; y < size; y++) {
    const [from, to] = [y * size, (y + 1) * size];
    fft({ real: real.subarray(from, to), imaginary: imaginary.subarray(from, to) }, inverse);
  }
  const column = { real: new Float64Array(size), imaginary: new Float64Array(size) };
  for (let x = 0; x < size; x++) {
    for (let y = 0; y < size; y++) {
      column.real[y] = real[y * size + x] as number;
      column.imaginary[y] = imaginary[y * size + x] as number;
    }
    fft(column, inverse);
    for (let y = 0; y < size; y++) {
      real[y * size + x] = column.real[y] as number;
      imaginary[y * size + x] = column.imaginary[y] as number;
    }
  }
}
