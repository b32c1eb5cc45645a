import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '@mammoscope/random';
import { fft } from './fft.ts';
import { sampleCube, textureCube, textureTile } from './texture.ts';

/** Exponent of a plane's isotropic spectrum: that of its rows is one less, because the other axis is integrated out. */
function exponent(planes: readonly Float32Array[], size: number, low: number, high: number): number {
  const power = new Float64Array(size / 2);
  for (const plane of planes) {
    for (let y = 0; y < size; y++) {
      const real = Float64Array.from(plane.subarray(y * size, (y + 1) * size));
      const imaginary = new Float64Array(size);
      fft({ real, imaginary });
      for (let k = 1; k < size / 2; k++) {
        power[k] = (power[k] as number) + (real[k] as number) ** 2 + (imaginary[k] as number) ** 2;
      }
    }
  }
  const points = Array.from(power, (p, k) => [Math.log(k), Math.log(p)] as const).slice(low, high + 1);
  const [meanX, meanY] = [0, 1].map((axis) => points.reduce((sum, p) => sum + (p[axis] as number), 0) / points.length);
  let [xy, xx] = [0, 0];
  for (const [x, y] of points) {
    xy += (x - (meanX as number)) * (y - (meanY as number));
    xx += (x - (meanX as number)) ** 2;
  }
  return 1 - xy / xx;
}

const size = 32;

test('the projection of a cube along an axis has the exponent asked for', () => {
  for (const beta of [2.5, 3.5]) {
    const projections = Array.from({ length: 6 }, (_, i) => {
      const { values } = textureCube(new RandomStream(4, 'cube', i), size, beta);
      const plane = new Float32Array(size * size);
      for (const [at, value] of values.entries())
        plane[at % plane.length] = (plane[at % plane.length] as number) + value;
      return plane;
    });
    const found = exponent(projections, size, 2, 9);
    assert.ok(Math.abs(found - beta) < 0.4, `exponent ${found} for ${beta}`);
  }
});

test('a cube and a tile have mean 0, standard deviation 1 and nothing below their lowest frequency', () => {
  const cube = textureCube(new RandomStream(1), size, 3, { lowest: 3, highest: 8 });
  const tile = textureTile(new RandomStream(1), 64, 3, 10);
  for (const values of [cube.values, tile]) {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + value ** 2, 0) / values.length;
    assert.ok(Math.abs(mean) < 1e-5 && Math.abs(variance - 1) < 1e-4);
  }
  // One plane wave of 5 cycles along x and 0 along y: the sum that defines its coefficient.
  let [real, imaginary] = [0, 0];
  for (const [at, value] of tile.entries()) {
    real += value * Math.cos((2 * Math.PI * 5 * (at % 64)) / 64);
    imaginary -= value * Math.sin((2 * Math.PI * 5 * (at % 64)) / 64);
  }
  assert.ok(Math.hypot(real, imaginary) < 1e-3);
});

test('a cube is sampled by trilinear interpolation and repeats', () => {
  const cube = textureCube(new RandomStream(2), 8, 3);
  const at = (x: number, y: number, z: number) => cube.values[((z & 7) * 8 + (y & 7)) * 8 + (x & 7)] as number;
  assert.ok(Math.abs(sampleCube(cube, 3, 5, 7) - at(3, 5, 7)) < 1e-12);
  const [x, y, z] = [0.25, 6.5, -0.75];
  let expected = 0;
  for (const dx of [0, 1]) {
    for (const dy of [0, 1]) {
      for (const dz of [0, 1]) {
        const weight = (dx ? 0.25 : 0.75) * 0.5 * (dz ? 0.25 : 0.75);
        expected += weight * at(dx, 6 + dy, -1 + dz);
      }
    }
  }
  assert.ok(Math.abs(sampleCube(cube, x, y, z) - expected) < 1e-6);
  assert.ok(Math.abs(sampleCube(cube, x + 8, y - 16, z + 8) - sampleCube(cube, x, y, z)) < 1e-6);
});
