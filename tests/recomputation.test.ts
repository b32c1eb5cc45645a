/** Recomputation changes what is kept, not what is computed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  differentiate,
  functions as f,
  Graph,
  liveNodes,
  networks,
  Scope,
  segmentsByBlock,
  type Tensor,
} from '@mammoscope/nn';
import { detectBlockSize, evaluateGraph, initialise, probeInput } from '@mammoscope/runtime';

/** Rounding of a few hundred float32 operations in another order of memory. */
const RECOMPUTED_TOLERANCE = 1e-5;
const SHAPE = [2, 3, 32, 32];

function gradients(recompute: boolean) {
  const graph = new Graph();
  const scope = new Scope(graph, true);
  const { logits } = networks.resnet18(scope, graph.input('image', SHAPE), { outputs: 2, stem: 'small', dropout: 0 });
  const loss = f.reduceMean(f.mul(logits, logits));
  const segments = recompute ? segmentsByBlock(graph) : [];
  const weights = [...scope.declarations].filter(([, { kind }]) => kind === 'weight');
  const results = differentiate(
    loss,
    weights.map(([, { tensor }]) => tensor),
    undefined,
    segments,
  );
  for (const [i, [name]] of weights.entries()) graph.output(name, results[i] as Tensor);
  return { graph, scope, segments };
}

test('gradients with recomputation equal those without', async () => {
  const target = { device: 'cpu', blockSize: await detectBlockSize() } as const;
  const [kept, recomputed] = await Promise.all(
    [false, true].map(async (recompute) => {
      const { graph, scope } = gradients(recompute);
      const values = new Map([
        ...initialise(scope.declarations, 1),
        ['image', Float32Array.from(probeInput(SHAPE, 1))] as const,
      ]);
      return evaluateGraph(graph, values, target);
    }),
  );
  for (const [name, expected] of kept as Map<string, Float32Array>) {
    const actual = recomputed?.get(name) as Float32Array;
    if (!name.startsWith('out:')) continue;
    const largest = expected.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    const difference = expected.reduce(
      (worst, value, i) => Math.max(worst, Math.abs(value - (actual[i] as number))),
      0,
    );
    assert.ok(difference <= RECOMPUTED_TOLERANCE * largest, `${name} differs by ${difference} of ${largest}`);
  }
});

test('no gradient reads what is inside a segment, only what was computed again', () => {
  const { graph, segments } = gradients(true);
  assert.equal(segments.length, 10, 'ResNet-18 has a stem and eight blocks, and here a loss');
  const inner = new Set(segments.flatMap((segment) => segment.slice(0, -1).flatMap((node) => node.outputs)));
  const readers = liveNodes(graph).filter(
    (node) => /^(gradient|recomputed)\//.test(node.name) && node.inputs.some((input) => inner.has(input)),
  );
  assert.deepEqual(
    readers.map(({ name }) => name),
    [],
  );
  assert.ok(liveNodes(graph).some(({ name }) => name.startsWith('recomputed/layer4.1.conv2')));
});
