import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  crossEntropy,
  differentiate,
  Graph,
  l1,
  smoothL1,
  type Tensor,
} from '@mammoscope/nn';
import { assertClose, type Float, type Reference, reference, run, TOLERANCE } from './train-reference.ts';

type Loss = (x: Tensor, target: Tensor) => Tensor;
type Given = Reference['losses'][string];

const losses: Readonly<Record<string, (given: Given) => Loss>> = {
  crossEntropy: () => crossEntropy,
  crossEntropyWeighted:
    ({ classWeights }) =>
    (x, t) =>
      crossEntropy(x, t, { classWeights: classWeights ?? [] }),
  binaryCrossEntropy: () => binaryCrossEntropy,
  binaryCrossEntropySaturated: () => binaryCrossEntropy,
  binaryCrossEntropyWithLogits: () => binaryCrossEntropyWithLogits,
  binaryCrossEntropyWithLogitsWeighted:
    ({ posWeight }) =>
    (x, t) =>
      binaryCrossEntropyWithLogits(x, t, { posWeight: posWeight ?? [] }),
  smoothL1: () => smoothL1,
  smoothL1Narrow:
    ({ beta }) =>
    (x, t) =>
      smoothL1(x, t, { beta: beta ?? 0 }),
  l1: () => l1,
};

function valueAndGradient(build: Loss, { shape, x, target }: Given, dtype: Float) {
  const graph = new Graph();
  const prediction = graph.input('x', shape, dtype);
  const loss = build(prediction, graph.input('target', shape, dtype));
  assert.deepEqual(loss.shape, []);
  graph.output('value', loss);
  graph.output('gradient', differentiate(loss, [prediction])[0] as Tensor);
  return run(graph, { x, target });
}

test('every loss of the reference is tested', () => {
  assert.deepEqual(Object.keys(losses), Object.keys(reference.losses));
});

for (const [name, make] of Object.entries(losses)) {
  for (const dtype of ['float32', 'float64'] as const) {
    test(`${name} in ${dtype} has PyTorch's value and gradient`, async () => {
      const given = reference.losses[name] as Given;
      const found = await valueAndGradient(make(given), given, dtype);
      assertClose(found['out:value'], [given.value], TOLERANCE[dtype], name);
      if (name === 'binaryCrossEntropySaturated') {
        // PyTorch divides by 1e-12 there; here a bounded logarithm passes no gradient and the other passes its own.
        assert.deepEqual(found['out:gradient'], [0, 0, 0.25, -0.25]);
      } else {
        assertClose(found['out:gradient'], given.gradient, TOLERANCE[dtype], `gradient of ${name}`);
      }
    });
  }
}

test('losses refuse operands that do not fit', () => {
  const graph = new Graph();
  const [x, wide] = [graph.input('x', [4, 3]), graph.input('wide', [4, 4])];
  assert.throws(() => crossEntropy(x, wide), /crossEntropy requires .*\[4, 3\] and \[4, 4\]/);
  assert.throws(() => crossEntropy(x, x, { classWeights: [1, 2] }), /each of 3 classes, got 2/);
  assert.throws(() => binaryCrossEntropy(x, wide), /binaryCrossEntropy requires .* one shape/);
  assert.throws(() => binaryCrossEntropyWithLogits(x, x, { posWeight: [1, 2] }), /one posWeight or 3, got 2/);
  assert.throws(() => l1(x, wide), /l1 requires .* one shape/);
  assert.throws(() => smoothL1(x, x, { beta: 0 }), /positive beta, got 0/);
});
