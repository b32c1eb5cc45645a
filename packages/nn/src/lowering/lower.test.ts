import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differentiate } from '../graph/differentiate.ts';
import * as f from '../graph/functions.ts';
import { Graph } from '../graph/graph.ts';
import { ops } from '../graph/ops/index.ts';
import type { GraphNode, Tensor } from '../graph/tensor.ts';
import { acrossSlices, withinSlices } from '../layers/anisotropic.ts';
import { batchNorm } from '../layers/layers.ts';
import { Scope } from '../layers/scope.ts';
import { permuteFilter, type Target } from './layout.ts';
import { applicableWays, encode, liveNodes, lower, signature } from './lower.ts';
import { ways } from './ways/index.ts';

const PLAIN: Target = { device: 'cpu', blockSize: 0 };
const BLOCKED: Target = { device: 'cpu', blockSize: 8 };
const nodeOf = (tensor: Tensor) => (tensor.origin as { node: GraphNode }).node;

test('the table of ways is total over the ops, and the names of an op are its own', () => {
  assert.deepEqual(Object.keys(ways).sort(), Object.keys(ops).sort());
  for (const [op, list] of Object.entries(ways)) {
    assert.ok(list.length > 0, op);
    assert.equal(new Set(list.map(({ name }) => name)).size, list.length, op);
  }
});

test('live nodes are those that outputs and updates depend on, in order', () => {
  const graph = new Graph();
  const [x, w] = [graph.input('x', [2]), graph.parameter('w', [2])];
  const product = f.mul(x, w);
  f.exp(product);
  const updated = f.sub(w, f.neg(product));
  graph.output('y', f.relu(product));
  graph.update(w, updated);
  f.tanh(updated);
  assert.deepEqual(
    liveNodes(graph).map(({ op }) => op),
    ['Mul', 'Neg', 'Sub', 'Relu'],
  );
});

test('dead nodes are not lowered, nor the inputs and parameters that only they read', () => {
  const graph = new Graph();
  const [x, unread] = [graph.input('x', [2]), graph.input('unread', [2])];
  f.exp(f.add(unread, graph.parameter('unused', [2])));
  graph.output('y', f.relu(x));
  const lowered = lower(graph, PLAIN);
  assert.deepEqual(
    lowered.model.nodes.map(({ opType }) => opType),
    ['Relu'],
  );
  assert.deepEqual([lowered.inputs.map(({ name }) => name), lowered.parameters], [['x'], []]);
});

test('an output of several nodes is alive with any of them', () => {
  const graph = new Graph();
  graph.output('second', f.split(graph.input('x', [5]), 0, [2, 3])[1] as Tensor);
  assert.deepEqual(
    liveNodes(graph).map(({ op }) => op),
    ['Split'],
  );
});

test('outputs have names of their own when one tensor leaves twice, is an input, or is a constant', () => {
  const graph = new Graph();
  const x = graph.input('x', [2]);
  const y = f.relu(x);
  for (const [name, tensor] of Object.entries({ first: y, second: y, same: x, one: graph.constant(1) }))
    graph.output(name, tensor);
  const { model, outputs } = lower(graph, PLAIN);
  assert.deepEqual(
    outputs.map(({ name }) => name),
    ['out:first', 'out:second', 'out:same', 'out:one'],
  );
  const written = model.nodes.flatMap((node) => node.outputs);
  for (const { name } of outputs) assert.equal(written.filter((value) => value === name).length, 1, name);
  const known = new Set([...model.inputs.map(({ name }) => name), ...model.initializers.map(({ name }) => name)]);
  for (const node of model.nodes) {
    for (const input of node.inputs) assert.ok(known.has(input), `${node.name} reads ${input} before it is written`);
    for (const output of node.outputs) known.add(output);
  }
});

test('a signature tells shapes, attributes and target, not names', () => {
  const graph = new Graph();
  const [x, z] = [graph.input('x', [1, 8, 4, 4]), graph.input('z', [1, 8, 4, 4])];
  const [w, v] = [graph.parameter('w', [8, 8, 3, 3]), graph.parameter('v', [8, 8, 3, 3])];
  const sign = (y: Tensor, target = PLAIN) => signature(nodeOf(y), target);
  assert.equal(sign(f.conv(x, w)), sign(f.conv(z, v)));
  assert.notEqual(sign(f.conv(x, w)), sign(f.conv(x, w, undefined, { padding: 1 })));
  assert.notEqual(sign(f.conv(x, w)), sign(f.conv(x, w), BLOCKED));
});

test('the way chosen is the way written; a way that does not apply is passed over', () => {
  const graph = new Graph();
  const x = graph.input('x', [1, 4, 6, 6]);
  const dw = f.convWeightGradient(x, graph.input('dy', [1, 4, 4, 4]), [4, 4, 3, 3], f.convAttributes(2));
  graph.output('dw', dw);
  const names = applicableWays(nodeOf(dw), PLAIN).map(({ name }) => name);
  assert.ok(names.length > 1);
  const typesBy = (way: string) =>
    lower(graph, PLAIN, new Map([[signature(nodeOf(dw), PLAIN), way]])).model.nodes.map(({ opType }) => opType);
  assert.notDeepEqual(typesBy(names[0] as string), typesBy(names[1] as string));
  assert.deepEqual(typesBy('taps-channels-last'), typesBy(names[0] as string));
});

test('kernels go to filter layout and back; the block of inputs lies outside the block of outputs', () => {
  const shape = [16, 8, 3, 2];
  const plain = Float32Array.from({ length: 16 * 8 * 6 }, (_, i) => i);
  const filter = permuteFilter(plain, shape, 8, 'filter');
  assert.deepEqual(permuteFilter(filter, shape, 8, 'plain'), plain);
  // [O/b, I/b, kh, kw, b(I), b(O)]: next to the first element lies the next output, b places on the next input.
  assert.deepEqual([filter[0], filter[1], filter[8], filter[64]], [0, 8 * 6, 6, 1]);
});

test('blocked convolutions keep their kernel in filter layout outside, and so its update', () => {
  const graph = new Graph();
  const w = graph.parameter('w', [8, 8, 3, 3]);
  graph.output('y', f.conv(graph.input('x', [1, 8, 6, 6]), w));
  graph.update(w, f.mul(w, 0.5));
  const lowered = lower(graph, BLOCKED);
  assert.deepEqual(
    lowered.parameters.map(({ name, layout }) => [name, layout]),
    [['w', 'filter']],
  );
  assert.deepEqual([...lowered.updates], [['w', 'next:w']]);
  assert.ok(lowered.model.nodes.every(({ opType }) => opType !== 'Transpose'));
  assert.ok(encode(lowered).length > 0);
  const plain = lower(graph, BLOCKED, new Map(), { inputs: new Map([['w', 'plain']]) });
  assert.deepEqual(
    plain.parameters.map(({ layout }) => layout),
    ['plain'],
  );
});

test('extents of inputs are told, unless values are computed again on a CPU; the ports keep them', () => {
  const graph = new Graph();
  const x = graph.input('x', [6, 6]);
  graph.output('y', f.matMul(x, graph.parameter('w', [6, 6])));
  const kept = lower(graph, BLOCKED);
  assert.deepEqual(kept.model.inputs[0]?.shape, [6, 6]);
  graph.output('again', f.barrier(f.exp(x), f.tanh(x)));
  const { model, inputs } = lower(graph, BLOCKED);
  const extents = model.inputs.flatMap(({ shape }) => shape);
  assert.ok(extents.every((extent) => typeof extent === 'string'));
  assert.equal(new Set(extents).size, 4, 'two extents are told to be equal');
  assert.deepEqual(inputs[0]?.shape, [6, 6]);
  assert.deepEqual(lower(graph, { device: 'webgpu', blockSize: 0 }).model.inputs[0]?.shape, [6, 6]);
});

test('untimed, a kernel gradient takes the images of a batch at once where kernels are large and images small', () => {
  const wayOf = (channels: number, px: number) => {
    const graph = new Graph();
    const x = graph.input('x', [4, channels, px, px]);
    const w = graph.parameter('w', [channels, channels, 3, 3]);
    const [dw] = differentiate(f.reduceSum(f.conv(x, w, undefined, { padding: 1 })), [w]);
    return applicableWays(nodeOf(dw as Tensor), BLOCKED)[0]?.name;
  };
  // 512 * 512 * 9 numbers of a product against 3 * 3 * (512 * 9 + 512) of the images, and 64 * 64 * 9 against 56 * 56 * 640
  assert.equal(wayOf(512, 3), 'taps-batch-inside-blocked');
  assert.equal(wayOf(64, 56), 'taps-channels-last');
});

test('between convolutions of slices volumes stay blocked and kernels of five axes filters, forward and backward', () => {
  const graph = new Graph();
  const scope = new Scope(graph, true);
  const options = { inputs: 8, outputs: 8, kernel: 3 };
  const start = f.relu(withinSlices(scope.child('stem'), options)(graph.input('x', [2, 8, 4, 6, 6])));
  let x = start;
  for (const name of ['first', 'second', 'third']) {
    const at = scope.child(name);
    const planes = acrossSlices(at.child('across'), options)(withinSlices(at.child('within'), options)(x));
    x = f.relu(f.add(batchNorm(at.child('bn'), 8)(planes), x));
  }
  const weights = [...scope.declarations.values()].flatMap(({ tensor }) => (tensor.shape.length === 5 ? [tensor] : []));
  const gradients = differentiate(f.reduceMean(f.mul(x, x)), weights);
  for (const [i, weight] of weights.entries()) graph.update(weight, f.sub(weight, gradients[i] as Tensor));
  const { model, parameters } = lower(graph, BLOCKED);
  const layouts = parameters.filter(({ shape }) => shape.length === 5).map(({ layout }) => layout);
  assert.deepEqual(layouts, new Array(weights.length).fill('filter'));
  const { nodes } = model;
  const count = (opType: string) => nodes.filter((node) => node.opType === opType).length;
  assert.equal(count('ReorderInput'), 2, 'of the input, and of the gradient that the mean begins with');
  const perms = nodes.flatMap(({ opType, attributes: { perm } }) =>
    opType === 'Transpose' && perm && 'ints' in perm ? [String(perm.ints)] : [],
  );
  assert.deepEqual(
    perms.filter((perm) => perm === '0,2,4,3,1' || perm === '0,4,1,3,2'),
    [],
    'no kernel changes its layout in a step',
  );
  const moved = perms.filter((perm) => perm === '0,2,1,3').length;
  assert.equal(
    moved,
    2 + 3 * 4,
    'slices of blocks of planes change places before and after each convolution, either way',
  );
});
