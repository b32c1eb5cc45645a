import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differentiate } from './differentiate.ts';
import * as f from './functions.ts';
import { Graph } from './graph.ts';
import { cutInPhases } from './phases.ts';

const opsOf = (graph: Graph) => graph.nodes.map(({ op }) => op);

/** y = relu(x w) is looked at before t is known; then (y - t)^2 moves w. */
function step() {
  const graph = new Graph();
  const w = graph.parameter('w', [3, 2]);
  const y = f.relu(f.matMul(graph.input('x', [4, 3]), w));
  graph.output('y', y);
  const difference = f.sub(y, graph.input('t', [4, 2]));
  const loss = f.reduceSum(f.mul(difference, difference));
  graph.output('loss', loss);
  const [gradient] = differentiate(loss, [w]);
  assert.ok(gradient);
  graph.outputLike('gradient/w', gradient, w);
  graph.update(graph.parameterLike('m/w', w), gradient);
  return graph;
}

test('nothing is computed in both phases, and the late one starts from what was kept', () => {
  const graph = step();
  const { early, late } = cutInPhases(graph, ['t']);
  assert.deepEqual(opsOf(early), ['MatMul', 'Relu']);
  assert.deepEqual([...early.outputs.keys()], ['y', 'kept/0']);
  assert.deepEqual([...late.outputs.keys()], ['loss', 'gradient/w']);
  assert.deepEqual([...late.inputs.keys()].sort(), ['t', 'x']); // x again, for the gradient of w
  assert.ok(late.parameters.has('kept/0') && !opsOf(late).includes('Relu'));
  assert.deepEqual([...late.updates.keys()], ['m/w']);
  assert.equal(late.likes.get('m/w'), 'w');
  assert.equal(late.outputLikes.get('gradient/w'), 'w');
  assert.equal(early.updates.size, 0);
});

test('a name that is no input, and phases that give nothing, are refused', () => {
  assert.throws(() => cutInPhases(step(), ['label']), { code: 'graph', message: /no input "label"/ });
  assert.throws(() => cutInPhases(step(), []), { code: 'graph', message: /gives nothing/ });
  const graph = new Graph();
  graph.output('y', f.neg(graph.input('t', [1])));
  assert.throws(() => cutInPhases(graph, ['t']), { code: 'graph', message: /gives nothing/ });
});
