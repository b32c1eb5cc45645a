import assert from 'node:assert/strict';
import { test } from 'node:test';
import { functions as f, Graph, type GraphNode } from '@mammoscope/nn';
import { workOf, worthTiming } from './worth-timing.ts';

const convolution = (channels: number, px: number, groups = 1): GraphNode => {
  const graph = new Graph();
  const x = graph.input('x', [2, channels, px, px]);
  const options = { padding: 1, groups };
  f.conv(x, graph.parameter('w', [channels, channels / groups, 3, 3]), undefined, options);
  return graph.nodes[0] as GraphNode;
};

test('the work of a convolution is its multiply-adds and what it reads and writes', () => {
  // 2 images of 8 x 8, 32 channels in and out, 9 taps; x and y have 4,096 elements each, the kernel 9,216
  assert.equal(workOf(convolution(32, 8)), 2 * 64 * 32 * 32 * 9 + 64 * (4096 + 4096 + 9216));
  // depthwise: 9 multiply-adds an element, and memory
  assert.equal(workOf(convolution(32, 8, 32)), 4096 * 9 + 64 * (4096 + 4096 + 288));
});

test('nodes are timed by their work, until what is left has a twentieth of it', () => {
  const node = convolution(8, 8);
  const works = [3, 50, 1, 40, 2, 4];
  const undecided = new Map(works.map((work) => [`${work}`, { node, work }]));
  assert.deepEqual(worthTiming(undecided), ['50', '40', '4', '3']); // 97 of 100; without the 3 it would be 94
  assert.deepEqual(worthTiming(new Map([['1', { node, work: 1 }]])), ['1']);
  assert.deepEqual(worthTiming(new Map()), []);
});
