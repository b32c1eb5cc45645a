/** Normalisation as a scaling of kernels against the same network normalised: values and gradients, in both layouts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differentiate, functions as f, Graph, scaleKernels, type Target, type Tensor } from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import { detectBlockSize } from '@mammoscope/runtime';
import { compile, PLAIN } from './onnx-session.ts';
import { assertClose } from './operation-check.ts';
import { uniform, type Values } from './reference-array.ts';

const blockSize = await detectBlockSize();
const b = blockSize === 0 ? 16 : blockSize;
const BLOCKED: Target = { device: 'cpu', blockSize };
const EPSILON = 1e-3;

type Normalised = (x: Tensor, name: string, options?: { readonly bias?: boolean; readonly stride?: number }) => Tensor;

/** A graph with parameters by name, and a convolution with its normalisation. */
function network(build: (x: Tensor, layer: Normalised) => Tensor): Graph {
  const graph = new Graph();
  const layer: Normalised = (x, name, { bias = false, stride = 1 } = {}) => {
    const own = bias ? graph.parameter(`${name}.bias`, [b]) : undefined;
    const y = f.conv(x, graph.parameter(`${name}.weight`, [b, x.shape[1] as number, 3, 3]), own, {
      padding: 1,
      stride,
    });
    const [scale, shift, mean, variance] = ['scale', 'shift', 'mean', 'variance'].map((part) =>
      graph.parameter(`${name}.${part}`, [b]),
    ) as [Tensor, Tensor, Tensor, Tensor];
    return graph.inScope(name, () => f.batchNormalization(y, scale, shift, mean, variance, EPSILON));
  };
  const y = build(graph.input('x', [2, 3, 9, 8]), layer);
  graph.output('y', y);
  graph.output('loss', f.reduceSum(f.mul(y, y)));
  return graph;
}

/** A residual block behind a stem: kernels of 3 channels and of a block, with a bias and without. */
const block = () =>
  network((x, layer) => {
    const stem = f.relu(layer(x, 'stem', { stride: 2 }));
    const branch = layer(f.relu(layer(stem, 'first', { bias: true })), 'second');
    return f.relu(f.add(branch, layer(stem, 'shortcut')));
  });

async function valuesOf(graph: Graph, target: Target) {
  const loss = graph.outputs.get('loss') as Tensor;
  const wanted = [...graph.parameters].filter(([name]) => !/mean|variance/.test(name));
  const tensors = wanted.map(([, tensor]) => tensor);
  for (const [i, gradient] of differentiate(loss, tensors).entries())
    graph.output(`gradient of ${wanted[i]?.[0]}`, gradient as Tensor);
  const given = new Map<string, Values>();
  for (const [name, { shape }] of [...graph.inputs, ...graph.parameters])
    given.set(name, uniform(new RandomStream(7, name), shape, name.endsWith('variance') ? 0.5 : -1, 1.5));
  const session = await compile(graph, target);
  const results = await session.run(given);
  await session.release();
  return results;
}

const normalisations = (graph: Graph) => graph.nodes.filter(({ op }) => op === 'BatchNormalization').length;
const always = { worth: () => true };

for (const target of blockSize === 0 ? [PLAIN] : [PLAIN, BLOCKED])
  test(`a block with scaled kernels computes what it computed, gradients too, in blocks of ${target.blockSize}`, async () => {
    const scaled = scaleKernels(block(), always);
    assert.equal(normalisations(scaled), 0);
    const [got, expected] = [await valuesOf(scaled, target), await valuesOf(block(), PLAIN)];
    assert.equal(got.size, expected.size);
    for (const [name, values] of expected) assertClose(got.get(name), values, 2e-5, name);
  });

test('a kernel is scaled where it is smaller than half of what it gives', () => {
  // 3 b 9 numbers of the stem's kernel against 2 b 5 4 of its result; b b 9 of the others, with b = 8 or 16
  assert.equal(normalisations(scaleKernels(block())), 4);
  const large = network((x, layer) => layer(x, 'only')); // 27 b against 144 b
  assert.equal(normalisations(scaleKernels(large)), 0);
});

test('a convolution that something else reads, or that leaves the graph, keeps its normalisation', () => {
  const twice = network((x, layer) => {
    const y = layer(x, 'only');
    const conv = x.graph.nodes.find(({ op }) => op === 'Conv')?.outputs[0] as Tensor;
    return f.add(y, conv);
  });
  assert.equal(normalisations(scaleKernels(twice, always)), 1);
  const leaving = network((x, layer) => layer(x, 'only'));
  leaving.output('before', leaving.nodes.find(({ op }) => op === 'Conv')?.outputs[0] as Tensor);
  assert.equal(normalisations(scaleKernels(leaving, always)), 1);
});
