/** Saliency maps of 3D-GMIC before any training: figure 4 of Park et al. 2022, and what the modules refuse. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Graph, gmicLocal, gmicSaliency, resnet22Features, type SaliencyOptions, Scope } from '@mammoscope/nn';
import { evaluateGraph, initialise, probeInput, probeParameter } from '@mammoscope/runtime';

const SHAPE = [2, 1, 192, 128];
const TARGET = { device: 'cpu', blockSize: 0 } as const;

/** Saliency maps by first values, and the sum of the hidden representation over its channels, [2, 1, h, w]. */
async function untrained(options: SaliencyOptions): Promise<{ saliency: Float32Array; hidden: number[] }> {
  const graph = new Graph();
  const scope = new Scope(graph, true);
  graph.output('saliency', gmicSaliency(scope, graph.input('slices', SHAPE), options));
  const other = new Graph();
  const otherScope = new Scope(other, true);
  const norm = resnet22Features(otherScope.child('global'), other.input('slices', SHAPE)).get('norm');
  assert.ok(norm);
  other.output('hidden', norm.tensor);
  // The backbone as if it had been trained, and the saliency layer as it starts.
  const first = initialise(scope.declarations, 3);
  const values = new Map<string, Float32Array>([['slices', probeInput(SHAPE, 1)]]);
  for (const [name, { tensor }] of scope.declarations)
    values.set(
      name,
      name === 'saliency.weight' ? (first.get(name) as Float32Array) : probeParameter(name, tensor.shape, ''),
    );
  const saliency = (await evaluateGraph(graph, values, TARGET)).get('out:saliency') as Float32Array;
  const map = (await evaluateGraph(other, values, TARGET)).get('out:hidden') as Float32Array;
  const cells = saliency.length / 4; // two slices, two classes
  const hidden = Array.from({ length: 2 * cells }, (_, at) => {
    const [slice, cell] = [Math.floor(at / cells), at % cells];
    return Array.from({ length: 256 }, (_, c) => map[(slice * 256 + c) * cells + cell] as number).reduce(
      (a, b) => a + b,
    );
  });
  return { saliency, hidden };
}

for (const omega of [0.001, 0.01])
  test(`with weights of ${omega} both classes rise with the hidden representation`, async () => {
    const tanh = await untrained({ nonlinearity: 'reluTanh', omega });
    const sigmoid = await untrained({ nonlinearity: 'sigmoid', omega });
    const cells = tanh.hidden.length / 2;
    for (const [at, sum] of tanh.hidden.entries()) {
      assert.ok(sum >= 0, 'the hidden representation ends in a ReLU');
      for (const index of [0, 1]) {
        const value = (Math.floor(at / cells) * 2 + index) * cells + (at % cells);
        assert.ok(Math.abs((tanh.saliency[value] as number) - Math.tanh(omega * sum)) < 1e-5);
        // "the low logits from the background regions are mapped close to 0.5"
        assert.ok(Math.abs((sigmoid.saliency[value] as number) - 1 / (1 + Math.exp(-omega * sum))) < 1e-5);
        assert.ok((sigmoid.saliency[value] as number) >= 0.5);
      }
    }
    assert.ok(new Set(tanh.saliency).size > cells / 2, 'maps that say nothing would pass the rest');
  });

test('random weights map some of what is highest to nothing, as figure 2 has it', async () => {
  const { saliency } = await untrained({ nonlinearity: 'reluTanh', omega: 'random' });
  const zeros = saliency.filter((value) => value === 0).length;
  assert.ok(zeros > 0 && zeros < saliency.length, `${zeros} of ${saliency.length}`);
  const graph = new Graph();
  const scope = new Scope(graph, false);
  gmicSaliency(scope, graph.input('slices', SHAPE), { nonlinearity: 'sigmoid', omega: 'random' });
  assert.deepEqual(scope.declarations.get('saliency.weight')?.initialiser, { kind: 'uniform', bound: 1 / 16 });
});

test('slices of 4 px, and patches that are no multiple of K or in colour, are refused', () => {
  const graph = new Graph();
  const scope = new Scope(graph, false);
  const options = { nonlinearity: 'reluTanh', omega: 0.01 } as const;
  assert.throws(
    () => gmicSaliency(scope, graph.input('slices', [1, 1, 4, 9]), options),
    /5 px or more .* \[1, 1, 4, 9\]/,
  );
  assert.throws(() => gmicLocal(scope, graph.input('five', [5, 1, 32, 32]), 2), /\[B K, 1, s, s\] with K = 2, got \[5/);
  assert.throws(() => gmicLocal(scope, graph.input('colour', [4, 3, 32, 32]), 2), /got \[4, 3, 32, 32\]/);
});
