import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '@mammoscope/random';
import { fft, fft2d } from './fft.ts';

test('fft equals the defining sum, and the inverse brings the input back', () => {
  const random = new RandomStream(1, 'fft');
  const n = 16;
  const input = Array.from({ length: n }, () => [random.normal(), random.normal()] as const);
  const signal = {
    real: Float64Array.from(input, ([real]) => real),
    imaginary: Float64Array.from(input, ([, imaginary]) => imaginary),
  };
  fft(signal);
  for (let j = 0; j < n; j++) {
    let [real, imaginary] = [0, 0];
    for (const [t, [a, b]] of input.entries()) {
      const angle = (-2 * Math.PI * j * t) / n;
      real += a * Math.cos(angle) - b * Math.sin(angle);
      imaginary += a * Math.sin(angle) + b * Math.cos(angle);
    }
    assert.ok(Math.abs((signal.real[j] as number) - real) < 1e-12);
    assert.ok(Math.abs((signal.imaginary[j] as number) - imaginary) < 1e-12);
  }
  fft(signal, true);
  for (const [t, [a, b]] of input.entries()) {
    assert.ok(Math.abs((signal.real[t] as number) - a) < 1e-12);
    assert.ok(Math.abs((signal.imaginary[t] as number) - b) < 1e-12);
  }
});

test('fft2d puts a plane wave of 3 cycles across and 1 down into its one coefficient', () => {
  const size = 8;
  const wave = (i: number) => (2 * Math.PI * (3 * (i % size) + Math.floor(i / size))) / size;
  const plane = {
    real: Float64Array.from({ length: size * size }, (_, i) => Math.cos(wave(i))),
    imaginary: Float64Array.from({ length: size * size }, (_, i) => Math.sin(wave(i))),
  };
  fft2d(plane, size);
  plane.real.forEach((value, i) => {
    assert.ok(Math.abs(value - (i === 1 * size + 3 ? size * size : 0)) < 1e-9, `coefficient ${i} is ${value}`);
  });
});

test('a length that is not a power of two is refused', () => {
  assert.throws(() => fft({ real: new Float64Array(6), imaginary: new Float64Array(6) }), /power of two values, got 6/);
});
