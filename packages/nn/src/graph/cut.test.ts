import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Scope } from '../layers/scope.ts';
import { classifiers } from '../models/index.ts';
import { cutGraph } from './cut.ts';
import * as f from './functions.ts';
import { Graph } from './graph.ts';
import type { Tensor } from './tensor.ts';

const names = ({ nodes }: Graph) => nodes.map(({ name }) => name);
const refuses = (graph: Graph, at: Tensor, message: RegExp) =>
  assert.throws(() => cutGraph(graph, at), { name: 'GraphError', code: 'graph', message });

/** y = relu(w x + b), z = y * y + noise, with b moved by the mean of z and w by the mean of x. */
function line() {
  const graph = new Graph();
  const [x, w, b] = [graph.input('x', [2, 3]), graph.parameter('w', [2, 3]), graph.parameter('b', [])];
  const y = graph.inScope('front.0', () => f.relu(f.add(f.mul(w, x), b)));
  const z = graph.inScope('back', () => f.add(f.mul(y, y), graph.input('noise', [2, 3])));
  graph.output('z', z);
  graph.update(b, f.add(f.mul(b, 0.5), f.reduceMean(z)));
  graph.update(w, f.add(w, f.reduceMean(x)));
  return { graph, x, y, z };
}

test('nodes, inputs, parameters and updates go to the part that computes them, under their names', () => {
  const { graph, y } = line();
  const { extractor, head } = cutGraph(graph, y, 'map');
  assert.deepEqual(names(extractor), ['front.0/Mul', 'front.0/Add', 'front.0/Relu', 'ReduceMean', 'Add']);
  assert.deepEqual(names(head), ['back/Mul', 'back/Add', 'Mul', 'ReduceMean', 'Add']);
  const tables = ({ inputs, parameters, outputs, updates }: Graph) =>
    [inputs, parameters, outputs, updates].map((table) => [...table.keys()].sort());
  assert.deepEqual(tables(extractor), [['x'], ['b', 'w'], ['map'], ['w']]);
  assert.deepEqual(tables(head), [['map', 'noise'], ['b'], ['z'], ['b']]);
  assert.deepEqual(head.inputs.get('map')?.shape, y.shape);
});

test('the graph that was cut stays as it was', () => {
  const { graph, y } = line();
  const before = names(graph);
  cutGraph(graph, y);
  assert.deepEqual(names(graph), before);
  assert.deepEqual([...graph.outputs.keys()], ['z']);
});

test('constants are copied with their types, scalars shared', () => {
  const graph = new Graph();
  const y = f.relu(graph.input('x', [3, 2]));
  graph.output('z', f.mul(f.gather(y, graph.constant([2, 0], [2], 'int64')), 2));
  const { head } = cutGraph(graph, y);
  const [gather, mul] = head.nodes;
  const indices = gather?.inputs[1]?.origin;
  assert.ok(indices?.kind === 'constant' && indices.data instanceof BigInt64Array);
  assert.deepEqual([...indices.data], [2n, 0n]);
  assert.equal(mul?.inputs[1], head.constant(2));
});

test('a way around the cut is refused in one sentence that names what leads around', () => {
  const graph = new Graph();
  const scope = new Scope(graph, false);
  const { features, logits } = classifiers.resnet18(scope, graph.input('image', [1, 3, 32, 32]), { outputs: 2 });
  graph.output('logits', logits);
  const inside = graph.nodes.find(({ name }) => name === 'layer2.0.conv1/Conv')?.outputs[0] as Tensor;
  refuses(
    graph,
    inside,
    /^the graph cannot be cut at layer2\.0\.conv1\/Conv: output "logits" depends on layer2\.0\.downsample\.1\/BatchNormalization by a way around it; cut where all ways have met$/,
  );
  graph.output('shallow', features.get('layer1')?.tensor as Tensor);
  refuses(
    graph,
    features.get('layer2')?.tensor as Tensor,
    /output "shallow" depends on layer1\.1\/Relu by a way around/,
  );
});

test('the input around the cut, an update around it, and a cut where there is nothing to cut are refused', () => {
  const { graph, x, y, z } = line();
  refuses(graph, x, /cut at x: it is no computed value$/);
  graph.output('sum', f.add(f.exp(y), x));
  refuses(graph, y, /output "sum" depends on x by a way around/);
  refuses(graph, f.exp(z), /cut at Exp: no output depends on it; name the outputs/);
  const other = line();
  const moved = other.graph.parameter('moved', [2, 3]);
  other.graph.update(moved, f.add(other.y, other.x));
  refuses(other.graph, other.y, /the update of "moved" depends on x by a way around/);
});
