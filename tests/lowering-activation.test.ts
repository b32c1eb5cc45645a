/** Activations that blocked convolutions and normalisations apply as they write: the same values, a node less, and only where nothing else reads the sum. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { functions as f, Graph, lower, type Target, type Tensor } from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import { detectBlockSize } from '@mammoscope/runtime';
import { compile, PLAIN } from './onnx-session.ts';
import { assertClose } from './operation-check.ts';
import { uniform } from './reference-array.ts';
import { convolution } from './reference-convolution.ts';
import { normalised } from './reference-normalization.ts';

const blockSize = await detectBlockSize();
const b = blockSize === 0 ? 16 : blockSize;
const BLOCKED: Target = { device: 'cpu', blockSize };
const targets = blockSize === 0 ? [PLAIN] : [PLAIN, BLOCKED];
const GEOMETRY = { strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1], group: 1 };
const SLOPE = 0.2;
const ACTIVATIONS = [
  ['Relu', (x: Tensor) => f.relu(x), (value: number) => Math.max(value, 0)],
  ['LeakyRelu', (x: Tensor) => f.leakyRelu(x, SLOPE), (value: number) => (value > 0 ? value : SLOPE * value)],
] as const;

/** A convolution of `channels` with what follows it, and what its sum is by the loop. */
function convolved(channels: number, follow: (y: Tensor, graph: Graph) => void) {
  const stream = new RandomStream(51, channels);
  const [x, w] = [uniform(stream, [2, channels, 6, 5]), uniform(stream, [b, channels, 3, 3])];
  const graph = new Graph();
  follow(f.conv(graph.input('x', x.shape), graph.parameter('w', w.shape), undefined, { padding: 1 }), graph);
  return {
    graph,
    given: new Map([
      ['x', x],
      ['w', w],
    ]),
    sum: convolution(x, w, GEOMETRY),
  };
}

const opsOf = (graph: Graph, target: Target) => lower(graph, target).model.nodes.map(({ opType }) => opType);

for (const [op, apply, loop] of ACTIVATIONS)
  for (const channels of [b, 3])
    test(`${op} after a convolution of ${channels} channels`, async () => {
      const { graph, given, sum } = convolved(channels, (y, own) => own.output('result', apply(y)));
      for (const target of targets) {
        const compiled = await compile(graph, target);
        const found = (await compiled.run(given)).get('result');
        await compiled.release();
        assertClose(found, { ...sum, data: sum.data.map(loop) }, 1e-5, `blocks of ${target.blockSize}`);
        assert.equal(opsOf(graph, target).includes(op), target.blockSize === 0);
      }
    });

test('a sum that is read elsewhere too, or leaves the graph, is there as it was', async () => {
  for (const read of ['twice', 'outside'] as const) {
    const { graph, given, sum } = convolved(b, (y, own) => {
      own.output('result', f.relu(y));
      own.output('sum', read === 'outside' ? y : f.neg(f.neg(y)));
    });
    for (const target of targets) {
      const compiled = await compile(graph, target);
      const found = await compiled.run(given);
      await compiled.release();
      assertClose(found.get('sum'), sum, 1e-5, read);
      assertClose(found.get('result'), { ...sum, data: sum.data.map((value) => Math.max(value, 0)) }, 1e-5, read);
    }
  }
});

test('a leaky ReLU after a normalisation takes no pass of its own', async () => {
  const stream = new RandomStream(52);
  const shape = [2, b, 4, 5];
  const [x, scale, bias, mean] = [shape, [b], [b], [b]].map((extents) => uniform(stream, extents)) as [
    ReturnType<typeof uniform>,
    ...ReturnType<typeof uniform>[],
  ];
  const variance = uniform(stream, [b], 0.5, 2);
  const vectors = { scale, bias, mean, variance } as Record<string, ReturnType<typeof uniform>>;
  const graph = new Graph();
  const identity = uniform(stream, [b, b, 1, 1]);
  const images = f.conv(graph.input('x', shape), graph.parameter('w', identity.shape));
  const [s, o, m, v] = Object.keys(vectors).map((name) => graph.parameter(name, [b])) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  graph.output('result', f.leakyRelu(f.batchNormalization(images, s, o, m, v), SLOPE));
  const sum = convolution(x, identity, { ...GEOMETRY, pads: [0, 0, 0, 0] });
  const inner = normalised(sum, [scale, bias, mean, variance] as [typeof x, typeof x, typeof x, typeof x], 1e-5);
  for (const target of targets) {
    const compiled = await compile(graph, target);
    const found = (await compiled.run(new Map([['x', x], ['w', identity], ...Object.entries(vectors)]))).get('result');
    await compiled.release();
    const expected = { ...inner, data: inner.data.map((value) => (value > 0 ? value : SLOPE * value)) };
    assertClose(found, expected, 1e-5, `blocks of ${target.blockSize}`);
    assert.equal(opsOf(graph, target).includes('LeakyRelu'), target.blockSize === 0);
  }
});
