import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stretchedTo8Bits } from './stretch.ts';

test('the least value becomes 0 and the greatest 255, what is between in proportion, rounded', () => {
  assert.deepEqual([...stretchedTo8Bits(Float32Array.of(-1, 0, 1, 3))], [0, 64, 128, 255]); // 63.75 and 127.5
  assert.deepEqual([...stretchedTo8Bits([1000, 1255, 1001, 1254])], [0, 255, 1, 254]);
});

test('a plane of one value becomes zeros, and none stays none', () => {
  assert.deepEqual([...stretchedTo8Bits(new Float32Array(3).fill(7))], [0, 0, 0]);
  assert.equal(stretchedTo8Bits([]).length, 0);
});
