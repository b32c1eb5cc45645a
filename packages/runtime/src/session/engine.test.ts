import assert from 'node:assert/strict';
import { test } from 'node:test';
import { functions as f, Graph, lower } from '@mammoscope/nn';
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

test('a run leaves its inputs alone unless they are given, and gives the same either way', async () => {
  const engine = await Engine.create({ threads: 1 });
  try {
    const shape = [1024, 512]; // large enough to be freed at once
    const graph = new Graph();
    const x = graph.input('x', shape);
    graph.output('sum', f.reduceSum(f.mul(x, x)));
    const session = await engine.load(lower(graph, engine.target));
    const input = () => new Float32Array(1024 * 512).fill(0.5);
    const [kept, given] = [input(), input()];
    const sums: number[] = [];
    for (const [data, isGiven] of [
      [kept, false],
      [kept, false],
      [given, true],
    ] as const)
      sums.push(Number((await session.run(new Map([['x', data]]), { given: isGiven })).get('out:sum')?.[0]));
    assert.deepEqual(sums, [131072, 131072, 131072]);
    assert.deepEqual([kept.length, given.length], [1024 * 512, 0]);
    const part = new Float32Array(2 * 1024 * 512).fill(0.5).subarray(1024 * 512);
    await session.run(new Map([['x', part]]), { given: true });
    assert.equal(part.length, 1024 * 512); // a part of an array is copied
  } finally {
    await engine.close();
  }
});
