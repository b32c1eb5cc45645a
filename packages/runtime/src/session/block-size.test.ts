import assert from 'node:assert/strict';
import { test } from 'node:test';
import { functions as f, Graph } from '@mammoscope/nn';
import { detectBlockSize } from './block-size.ts';
import { evaluateGraph } from './evaluate.ts';

test('a blocked convolution gives the numbers of a plain one by the detected block size and by no other', async () => {
  const detected = await detectBlockSize();
  const channels = 64;
  const graph = new Graph();
  const x = graph.input('x', [1, channels, 5, 4]);
  graph.output('y', f.conv(x, graph.parameter('w', [channels, channels, 3, 3]), undefined, { padding: 1 }));
  const values = new Map([
    ['x', Float32Array.from({ length: channels * 20 }, (_, i) => Math.sin(i))],
    ['w', Float32Array.from({ length: channels * channels * 9 }, (_, i) => Math.cos(1.7 * i))],
  ]);
  const evaluated = async (blockSize: number) =>
    (await evaluateGraph(graph, values, { device: 'cpu', blockSize })).get('out:y') as Float32Array;
  const plain = await evaluated(0);
  for (const blockSize of [8, 16]) {
    const blocked = await evaluated(blockSize).catch(() => null); // no such layout on this processor
    const agrees = blocked?.every((value, i) => Math.abs(value - (plain[i] as number)) < 1e-3) ?? false;
    assert.equal(agrees, blockSize === detected, `${blockSize} agrees: ${agrees}; detected ${detected}`);
  }
});
