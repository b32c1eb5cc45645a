import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '@mammoscope/random';
import { fft } from './fft.ts';
import { powerLawNoise } from './power-law-noise.ts';

/**
 * Power in a row of an isotropic field of spectrum 1/f^beta falls as 1/f^(beta-1): the other axis is integrated out.
 * A Hann window keeps the cut's borders from leaking.
 */
function rowSpectrum(fields: readonly Float32Array[], size: number): number[] {
  const power = new Array<number>(size / 2).fill(0);
  for (const field of fields) {
    for (let y = 0; y < size; y++) {
      const real = Float64Array.from(
        field.subarray(y * size, (y + 1) * size),
        (value, x) => value * (0.5 - 0.5 * Math.cos((2 * Math.PI * x) / size)),
      );
      const imaginary = new Float64Array(size);
      fft({ real, imaginary });
      for (let k = 1; k < size / 2; k++) {
        power[k] = (power[k] as number) + (real[k] as number) ** 2 + (imaginary[k] as number) ** 2;
      }
    }
  }
  return power;
}

test('the spectrum falls with the exponent asked for', () => {
  const size = 64;
  for (const beta of [2.6, 3.4]) {
    const fields = Array.from({ length: 12 }, (_, i) => powerLawNoise(new RandomStream(3, 'noise', i), size, beta));
    const power = rowSpectrum(fields, size);
    // Least squares of log power on log frequency, from 4 to 20 cycles a side.
    const points = power.map((p, k) => [Math.log(k), Math.log(p)] as const).slice(4, 21);
    const [meanX, meanY] = [0, 1].map((axis) => points.reduce((sum, p) => sum + (p[axis] as number), 0) / 17);
    let [xy, xx] = [0, 0];
    for (const [x, y] of points) {
      xy += (x - (meanX as number)) * (y - (meanY as number));
      xx += (x - (meanX as number)) ** 2;
    }
    assert.ok(Math.abs(-xy / xx - (beta - 1)) < 0.25, `slope ${xy / xx} for beta ${beta}`);
  }
});

test('noise has mean 0, standard deviation 1 and repeats with its stream', () => {
  const draw = () => powerLawNoise(new RandomStream(1, 'noise'), 60, 3);
  const noise = draw();
  const mean = noise.reduce((a, b) => a + b, 0) / noise.length;
  const variance = noise.reduce((a, b) => a + (b - mean) ** 2, 0) / noise.length;
  assert.equal(noise.length, 3600);
  assert.ok(Math.abs(mean) < 1e-5 && Math.abs(variance - 1) < 1e-4);
  const again = draw();
  assert.ok(noise.every((value, i) => value === again[i]));
});
