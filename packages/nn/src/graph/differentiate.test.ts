import assert from 'node:assert/strict';
import { test } from 'node:test';
import { liveNodes } from '../lowering/lower.ts';
import { differentiate } from './differentiate.ts';
import * as f from './functions.ts';
import { gradients } from './gradients.ts';
import { Graph } from './graph.ts';
import { type OpName, ops } from './ops/index.ts';
import type { Tensor } from './tensor.ts';

const opsOf = (graph: Graph): OpName[] => liveNodes(graph).map(({ op }) => op);

test('the table of gradients is total over the ops', () => {
  assert.deepEqual(Object.keys(gradients).sort(), Object.keys(ops).sort());
});

test('only a scalar is differentiated, unless a seed of its shape is given', () => {
  const x = new Graph().input('x', [2, 3]);
  const y = f.exp(x);
  assert.throws(() => differentiate(y, [x]), { code: 'shape', message: /requires a scalar, got \[2, 3\]/ });
  const seed = x.graph.input('seed', [3, 2]);
  assert.throws(() => differentiate(y, [x], seed), { code: 'shape', message: /requires \[2, 3\], got \[3, 2\]/ });
  assert.deepEqual(differentiate(y, [x], x.graph.input('dy', [2, 3]))[0]?.shape, [2, 3]);
});

test('a gradient has the shape and type of its tensor; null where the scalar does not depend on it', () => {
  const graph = new Graph();
  const [x, bias, other] = [
    graph.input('x', [4, 3], 'float64'),
    graph.input('b', [3], 'float64'),
    graph.input('o', [2]),
  ];
  const loss = f.reduceMean(f.tanh(f.add(x, bias)));
  const [dx, db, none, one] = differentiate(loss, [x, bias, other, loss]);
  assert.deepEqual([dx?.shape, dx?.dtype, db?.shape, none, one?.shape], [[4, 3], 'float64', [3], null, []]);
});

test('nothing goes back through comparisons, signs, indices and whole numbers', () => {
  const graph = new Graph();
  const x = graph.input('x', [4]);
  const { indices } = f.topK(x, 2);
  const flat = [
    f.cast(f.greater(x, 0), 'float32'),
    f.sign(x),
    f.cast(f.cast(x, 'int64'), 'float32'),
    f.cast(indices, 'float32'),
  ];
  for (const y of flat) assert.deepEqual(differentiate(f.reduceSum(y), [x]), [null]);
});

test('a first derivative, and the statistics of a batch, say that they are not differentiated', () => {
  const graph = new Graph();
  const x = graph.input('x', [2, 3, 5, 5]);
  const refused = (loss: Tensor, message: RegExp) =>
    assert.throws(() => differentiate(loss, [x]), { code: 'not-differentiable', message });
  const twice = (y: Tensor) => f.reduceSum(differentiate(f.reduceSum(f.mul(y, y)), [x])[0] as Tensor);
  const w = graph.parameter('w', [2, 3, 3, 3]);
  refused(twice(graph.inScope('act', () => f.relu(x))), /^gradient\/act\/Relu\/ReluGradient is a first derivative/);
  refused(twice(f.conv(x, w)), /ConvInputGradient is a first derivative and is not differentiated again/);
  refused(twice(f.maxPool(x, 2)), /MaxPoolGradient/);
  const vector = graph.parameter('v', [3]);
  const { y, mean } = graph.inScope('bn1', () => f.batchNormalizationTraining(x, vector, vector));
  refused(twice(y), /BatchNormalizationGradient/);
  refused(f.reduceSum(mean), /^bn1\/BatchNormalizationTraining: the batch statistics are for running averages/);
});

test('a tensor that is read twice gets the sum of both gradients', () => {
  const graph = new Graph();
  const x = graph.input('x', [3]);
  graph.output('dx', differentiate(f.reduceSum(f.add(f.exp(x), f.tanh(x))), [x])[0] as Tensor);
  assert.equal(opsOf(graph).filter((op) => op === 'Exp').length, 1);
  assert.ok(opsOf(graph).includes('Add'));
});

test('frozen layers cost nothing: what no trained parameter feeds has no gradient in the graph', () => {
  const graph = new Graph();
  const [frozen, trained] = [graph.parameter('frozen', [4, 3, 3, 3]), graph.parameter('trained', [2, 4, 3, 3])];
  const features = f.relu(f.conv(graph.input('x', [1, 3, 8, 8]), frozen));
  const loss = f.reduceSum(f.conv(features, trained));
  const before = graph.nodes.length;
  const [gradient] = differentiate(loss, [trained]);
  graph.output('gradient', gradient as Tensor);
  assert.ok(graph.nodes.slice(before).every(({ op }) => op !== 'ReluGradient'));
  assert.ok(!opsOf(graph).includes('ConvInputGradient'), 'the gradient of the features is dead');
  assert.equal(opsOf(graph).filter((op) => op === 'ConvWeightGradient').length, 1);
});
