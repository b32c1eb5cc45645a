import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Graph } from '../graph/graph.ts';
import { sizeOf } from '../graph/tensor.ts';
import { Scope } from '../layers/scope.ts';
import { gmicLocal, gmicSaliency } from './gmic.ts';
import { type Resnet22Options, resnet22Features } from './resnet22.ts';

function built(options?: Resnet22Options) {
  const graph = new Graph();
  const scope = new Scope(graph, false);
  const features = resnet22Features(scope, graph.input('image', [1, 1, 256, 160]), options);
  const weights = [...scope.declarations.values()].reduce((sum, { tensor }) => sum + sizeOf(tensor.shape), 0);
  return { shape: features.get('norm')?.tensor.shape, stride: features.get('norm')?.stride, weights };
}

test('the small stem keeps four times the rows and columns, with a smaller first kernel', () => {
  const [published, small] = [built(), built({ stem: 'small' })];
  assert.deepEqual([published.shape, published.stride], [[1, 256, 4, 3], 64]); // the unpadded pooling loses a border
  assert.deepEqual([small.shape, small.stride], [[1, 256, 16, 10], 16]);
  assert.equal(published.weights - small.weights, 16 * (7 * 7 - 3 * 3));
});

test('half the width is half the channels and about a quarter of the weights', () => {
  const [full, half] = [built(), built({ width: 8 })];
  assert.deepEqual(half.shape, [1, 128, 4, 3]);
  assert.ok(half.weights / full.weights > 0.24 && half.weights / full.weights < 0.28);
});

test('both modules of 3D-GMIC take smaller networks', () => {
  const graph = new Graph();
  const scope = new Scope(graph, false);
  const options = { nonlinearity: 'reluTanh', omega: 0.01, global: { stem: 'small', width: 8 } } as const;
  const saliency = gmicSaliency(scope, graph.input('slices', [2, 1, 256, 160]), options);
  assert.deepEqual(saliency.shape, [2, 2, 16, 10]);
  const local = gmicLocal(scope, graph.input('patches', [6, 1, 32, 32]), 3, { stem: 'small', width: 16 });
  assert.deepEqual(
    [local.attention.shape, local.probabilities.shape],
    [
      [2, 3],
      [2, 2],
    ],
  );
  assert.deepEqual(scope.declarations.get('attention.V.weight')?.tensor.shape, [128, 128]);
});
