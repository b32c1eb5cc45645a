/** What the gradient table says at kinks, where a central difference says something else or nothing: as PyTorch. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differentiate, functions as f, Graph, type Tensor } from '@mammoscope/nn';
import { compile } from './onnx-session.ts';

const KINKS: readonly (readonly [
  name: string,
  y: (x: Tensor) => Tensor,
  x: readonly number[],
  dx: readonly number[],
])[] = [
  ['Relu is flat at 0', f.relu, [-1, 0, 2], [0, 0, 1]],
  ['LeakyRelu takes the lower slope at 0', (x) => f.leakyRelu(x, 0.5), [-1, 0, 2], [0.5, 0.5, 1]],
  ['Abs is flat at 0', f.abs, [-3, 0, 3], [-1, 0, 1]],
  ['Clip passes at its limits', (x) => f.clip(x, -1, 1), [-2, -1, 0, 1, 2], [0, 1, 1, 1, 0]],
  ['ReduceMax is shared evenly by three', (x) => f.reduceMax(x), [5, 1, 5, 5], [1 / 3, 0, 1 / 3, 1 / 3]],
  ['Max gives each side half', (x) => f.maximum(x, 1), [0, 1, 2], [0, 0.5, 1]],
  ['Min gives each side half', (x) => f.minimum(1, x), [0, 1, 2], [1, 0.5, 0]],
  [
    'MaxPool gives all to the first',
    (x) => f.maxPool(f.reshape(x, [1, 1, 4]), 2, { stride: 1 }),
    [1, 1, 1, 0],
    [1, 1, 1, 0],
  ],
  ['Pow has no derivative by an exponent over 0', (x) => f.pow(f.mul(0, x), x), [1, 2], [0, 0]],
];

for (const dtype of ['float32', 'float64'] as const) {
  for (const [name, y, values, expected] of KINKS) {
    test(`${name}, in ${dtype}`, async () => {
      const graph = new Graph();
      const x = graph.input('x', [values.length], dtype);
      graph.output('dx', differentiate(f.reduceSum(y(x)), [x])[0] as Tensor);
      const session = await compile(graph);
      const given = { shape: [values.length], data: Float64Array.from(values) };
      const dx = (await session.run(new Map([['x', given]]))).get('dx')?.data;
      await session.release();
      assert.deepEqual(Array.from(dx ?? [], Math.fround), expected.map(Math.fround));
    });
  }
}
