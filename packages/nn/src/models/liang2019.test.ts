import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Graph } from '../graph/graph.ts';
import { Scope } from '../layers/scope.ts';
import { liangJointHead, liangSingleHead } from './liang2019.ts';

/** Weights by name and the shape of each node's output, of a classifier on maps [N, C, H, W]. */
function build(
  kind: 'single' | 'joint',
  shape: readonly number[],
  options: { dropout?: number; gridPx?: number } = {},
  training = true,
) {
  const scope = new Scope(new Graph(), training);
  const map = (name: string) => scope.graph.input(name, shape);
  const wanted = { outputs: 2, ...options };
  const head =
    kind === 'single' ? liangSingleHead(scope, map('x'), wanted) : liangJointHead(scope, map('dm'), map('dbt'), wanted);
  const weights = Object.fromEntries([...scope.declarations].map(([name, { tensor }]) => [name, tensor.shape]));
  const masks = [...scope.graph.inputs.keys()].filter((name) => name.startsWith('random/'));
  return { scope, ...head, weights, masks };
}

// Backbone maps at 832 px: AlexNet 51 x 51 x 256, ResNet-18 and DenseNet-121 26 x 26 x 512 and x 1024, SqueezeNet 1.1 51 x 51 x 512.
for (const [rows, columns, c] of [
  [51, 51, 256],
  [26, 26, 512],
  [26, 26, 1024],
  [51, 51, 512],
  [5, 7, 3],
] as const) {
  test(`Table I, DBT or DM: w x h x c of ${columns} x ${rows} x ${c}`, () => {
    const { weights, logits, convolved, masks } = build('single', [4, c, rows, columns]);
    assert.deepEqual(weights, {
      'conv.weight': [c, c, 1, 1],
      'conv.bias': [c],
      'bn.weight': [c],
      'bn.bias': [c],
      'bn.running_mean': [c],
      'bn.running_var': [c],
      'fc1.weight': [256, (rows - 1) * (columns - 1) * c],
      'fc1.bias': [256],
      'fc2.weight': [128, 256],
      'fc2.bias': [128],
      'fc3.weight': [2, 128],
      'fc3.bias': [2],
    });
    assert.deepEqual(convolved.shape, [4, c, rows, columns]);
    assert.deepEqual(logits.shape, [4, 2]);
    assert.deepEqual(masks, ['random/fc1.dropout', 'random/fc2.dropout']);
  });

  test(`Table I, DM-DBT: w x h x 2 x c of ${columns} x ${rows} x 2 x ${c}`, () => {
    const { weights, logits, convolved } = build('joint', [4, c, rows, columns]);
    assert.deepEqual(weights['conv.weight'], [c, c, 1, 1, 2]);
    assert.deepEqual(weights['fc1.weight'], [256, (rows - 1) * (columns - 1) * c]);
    assert.deepEqual(
      [weights['fc2.weight'], weights['fc3.weight']],
      [
        [128, 256],
        [2, 128],
      ],
    );
    assert.deepEqual(convolved.shape, [4, c, rows, columns]);
    assert.deepEqual(logits.shape, [4, 2]);
  });
}

test('an average over a grid makes FC1 small, and dropout is as asked for', () => {
  for (const kind of ['single', 'joint'] as const) {
    const { weights, masks } = build(kind, [2, 8, 9, 9], { gridPx: 3, dropout: 0 });
    assert.deepEqual(weights['fc1.weight'], [256, 8 * 9]);
    assert.deepEqual(masks, []);
    assert.deepEqual(build(kind, [2, 8, 9, 9], {}, false).masks, []);
  }
});

test('maps that leave nothing to pool, or of two shapes, are refused by their shapes', () => {
  assert.throws(() => build('single', [2, 8, 1, 5]), { code: 'shape', message: /2 x 2 or more, got .*1, 5/ });
  assert.throws(() => build('joint', [2, 8, 5]), { code: 'shape', message: /2 x 2 or more/ });
  const scope = new Scope(new Graph(), true);
  const map = (name: string, rows: number) => scope.graph.input(name, [1, 2, rows, 4]);
  assert.throws(() => liangJointHead(scope, map('a', 4), map('b', 5), { outputs: 2 }), {
    code: 'shape',
    message: /of one shape/,
  });
});
