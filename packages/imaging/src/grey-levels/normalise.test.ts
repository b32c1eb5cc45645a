import assert from 'node:assert/strict';
import { test } from 'node:test';
import { minMaxNormalise, zScoreNormalise } from './normalise.ts';

const plane = Float32Array.of(2, 4, 4, 4, 5, 5, 7, 9); // mean 5, population standard deviation 2

test('minMaxNormalise maps the smallest value to 0 and the largest to 1', () => {
  assert.deepEqual([...minMaxNormalise(Float32Array.of(10, 20, 15))], [0, 1, 0.5]);
});

test('zScoreNormalise divides by the population standard deviation', () => {
  assert.deepEqual([...zScoreNormalise(plane)], [-1.5, -0.5, -0.5, -0.5, 0, 0, 1, 2]);
});

test('both ignore exposure: a gain and an offset change nothing', () => {
  const brighter = plane.map((value) => 16 * value + 1024);
  assert.deepEqual(minMaxNormalise(brighter), minMaxNormalise(plane));
  assert.deepEqual(zScoreNormalise(brighter), zScoreNormalise(plane));
});

test('a constant image becomes zeros', () => {
  for (const value of [0, 7, 0.1, 65535]) {
    const constant = new Float32Array(1001).fill(value);
    assert.ok(minMaxNormalise(constant).every((each) => each === 0));
    assert.ok(zScoreNormalise(constant).every((each) => each === 0));
  }
});

test('an empty plane and a value that is not finite are refused', () => {
  for (const normalise of [minMaxNormalise, zScoreNormalise]) {
    assert.throws(() => normalise(new Float32Array(0)), { code: 'option-invalid', message: /must have values/ });
    assert.throws(() => normalise(Float32Array.of(1, Number.NaN)), {
      code: 'option-invalid',
      message: /NaN at pixel 1/,
    });
  }
});
