import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GraphErrorCode } from './errors.ts';
import * as f from './functions.ts';
import { describe, Graph } from './graph.ts';

const fails = (build: () => unknown, code: GraphErrorCode, message: RegExp) =>
  assert.throws(build, { name: 'GraphError', code, message });

test('inputs, parameters and outputs have names of their own and positive whole dimensions', () => {
  const graph = new Graph();
  const x = graph.input('x', [2, 3]);
  fails(() => graph.input('x', [1]), 'graph', /two inputs or parameters called "x"/);
  fails(() => graph.parameter('x', [1]), 'graph', /two inputs or parameters called "x"/);
  fails(() => graph.input('y', [2, 0]), 'shape', /input "y" needs positive whole dimensions, got \[2, 0\]/);
  fails(() => graph.parameter('w', [1.5]), 'shape', /parameter "w" .* got \[1.5\]/);
  graph.output('out', x);
  fails(() => graph.output('out', x), 'graph', /two outputs called "out"/);
  assert.deepEqual([...graph.inputs.keys(), ...graph.parameters.keys(), ...graph.outputs.keys()], ['x', 'out']);
});

test('an error names the node with its scope, its operands with type and shape, and what was required', () => {
  const graph = new Graph();
  const image = graph.input('image', [1, 3, 8, 8]);
  const kernel = graph.parameter('conv1.weight', [4, 5, 3, 3]);
  fails(
    () => graph.inScope('layer1.conv1', () => f.conv(image, kernel)),
    'shape',
    /^layer1\.conv1\/Conv\(image float32\[1, 3, 8, 8\], conv1\.weight float32\[4, 5, 3, 3\]\): requires 5 x 1 input channels/,
  );
  assert.equal(graph.nodes.length, 0);
});

test('a scope ends with its builder, also by an error', () => {
  const graph = new Graph();
  const x = graph.input('x', [2]);
  assert.throws(() =>
    graph.inScope('outer', () => {
      throw new Error('inside');
    }),
  );
  const y = graph.inScope('layer', () => f.relu(graph.inScope('inner', () => f.exp(x))));
  assert.deepEqual([describe(y), describe(f.exp(y))], ['layer/Relu', 'Exp']);
  const [first, second] = f.split(y, 0, [1, 1]);
  assert.deepEqual(
    [first, second].map((part) => describe(part as typeof y)),
    ['Split#0', 'Split#1'],
  );
  fails(
    () => f.add(first as typeof y, graph.input('z', [3, 3, 3], 'float64')),
    'dtype',
    /Add\(Split#0 float32\[1\], z float64/,
  );
});

test('constants: scalars are shared by value and type, arrays need as many values as their shape', () => {
  const graph = new Graph();
  assert.equal(graph.constant(2), graph.constant(2));
  assert.notEqual(graph.constant(2), graph.constant(2, [], 'int64'));
  assert.notEqual(graph.constant(0), graph.constant(-0));
  assert.deepEqual(graph.constant([1, 2]).shape, [2]);
  fails(() => graph.constant([1, 2, 3], [2, 2]), 'shape', /shape \[2, 2\] needs 4 values, got 3/);
});

test('tensors of two graphs do not mix', () => {
  const [graph, other] = [new Graph(), new Graph()];
  const [x, stranger] = [graph.input('x', [2]), other.parameter('stranger', [2])];
  fails(() => f.add(x, stranger), 'graph', /operand 1 of Add belongs to another graph/);
  fails(() => graph.output('out', stranger), 'graph', /output "out" belongs to another graph/);
  fails(() => graph.update(stranger, stranger), 'graph', /parameter "stranger" belongs to another graph/);
  fails(
    () => graph.update(graph.parameter('w', [2]), stranger),
    'graph',
    /next value of parameter "w" belongs to another/,
  );
});

test('an update keeps shape and type of its parameter and is given once', () => {
  const graph = new Graph();
  const w = graph.parameter('w', [2, 3]);
  fails(() => graph.update(w, f.transpose(w, [1, 0])), 'shape', /parameter "w" of \[2, 3\] cannot become \[3, 2\]/);
  fails(() => graph.update(w, f.cast(w, 'float64')), 'dtype', /parameter "w" of float32 cannot become float64/);
  fails(() => graph.update(f.relu(w), w), 'graph', /Relu is no parameter/);
  fails(() => graph.update(graph.input('x', [1]), w), 'graph', /x is no parameter/);
  graph.update(w, f.mul(w, 0.5));
  fails(() => graph.update(w, w), 'graph', /parameter "w" is updated twice/);
});

test('a parameter can be like another parameter only', () => {
  const graph = new Graph();
  const w = graph.parameter('w', [2, 3], 'float64');
  const moment = graph.parameterLike('w.moment', w);
  assert.deepEqual([moment.shape, moment.dtype, graph.likes.get('w.moment')], [[2, 3], 'float64', 'w']);
  fails(() => graph.parameterLike('y', graph.input('x', [1])), 'graph', /"y" can only be like a parameter/);
});
