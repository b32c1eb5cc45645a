import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as f from './functions.ts';
import { Graph } from './graph.ts';
import { bytesAlive } from './live-memory.ts';

test('bytes alive: a value lives from its node to its last reader, a reshape has no memory', () => {
  const graph = new Graph();
  const x = graph.input('x', [10]);
  const a = f.exp(x); // 40 bytes, read last by the second product
  const b = f.mul(f.reshape(a, [2, 5]), 2);
  const c = f.tanh(b);
  graph.output('y', f.reduceSum(f.mul(c, f.reshape(a, [2, 5]))));
  const bytes = bytesAlive(graph.nodes.filter(({ op }) => op !== 'Reshape'));
  assert.deepEqual(bytes, [40, 80, 120, 120, 44]);
});
