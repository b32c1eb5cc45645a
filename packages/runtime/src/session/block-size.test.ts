import assert from 'node:assert/strict';
import { test } from 'node:test';
import { functions as f, Graph } from '@mammoscope/nn';
import { detectBlockSize } from './block-size.ts';
import { evaluateGraph } from './evaluate.ts';

test('the detected block size is the one by which a blocked convolution gives the numbers of a plain one', async (context) => {
  const blockSize = await detectBlockSize();
  assert.ok([0, 8, 16].includes(blockSize), `${blockSize}`);
  if (blockSize === 0) return context.skip('this processor has no blocked layout');
  const channels = 64;
  const graph = new Graph();
  const x = graph.input('x', [1, channels, 5, 4]);
  graph.output('y', f.conv(x, graph.parameter('w', [channels, channels, 3, 3]), undefined, { padding: 1 }));
  const values = new Map([
    ['x', Float32Array.from({ length: channels * 20 }, (_, i) => Math.sin(i))],
    ['w', Float32Array.from({ length: channels * channels * 9 }, (_, i) => Math.cos(1.7 * i))],
  ]);
  const [plain, blocked, wrong] = await Promise.all(
    [0, blockSize, 24 - blockSize].map(
      async (size) =>
        (await evaluateGraph(graph, values, { device: 'cpu', blockSize: size })).get('out:y') as Float32Array,
    ),
  );
  const difference = (a?: Float32Array) =>
    Math.max(...(a ?? []).map((value, i) => Math.abs(value - (plain?.[i] as number))));
  assert.ok(difference(blocked) < 1e-3, `blocked differs by ${difference(blocked)}`);
  assert.ok(difference(wrong) > 1, 'the test would not notice the other size');
});
