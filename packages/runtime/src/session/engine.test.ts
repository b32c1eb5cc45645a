import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Engine } from './engine.ts';

test('what is given is empty here and whole in the engine; what is put stays', async () => {
  const engine = await Engine.create({ threads: 1 });
  try {
    const value = (data: Float32Array) => ({ dtype: 'float32' as const, shape: [2], data });
    const [own, put] = [Float32Array.of(1, 2), Float32Array.of(3, 4)];
    const both = Float32Array.of(5, 6, 7, 8);
    await engine.put(new Map([['put', value(put)]]));
    await engine.give(
      new Map([
        ['own', value(own)],
        ['first', value(both.subarray(0, 2))],
        ['second', value(both.subarray(2))],
      ]),
    );
    assert.deepEqual([own.length, put.length, both.length], [0, 2, 4]); // a part of an array is copied
    const got = await engine.get(['put', 'own', 'first', 'second']);
    assert.deepEqual(
      [...got.values()].flatMap(({ data }) => [...data]),
      [3, 4, 1, 2, 5, 6, 7, 8],
    );
  } finally {
    await engine.close();
  }
});
