/** The feature-level ensemble of Xiao 2021 against the two networks that it joins. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Classification,
  classifiers,
  crossEntropy,
  differentiate,
  functions as f,
  Graph,
  Scope,
  type Shape,
  sizeOf,
} from '@mammoscope/nn';
import { evaluateGraph, probeInput, probeParameter } from '@mammoscope/runtime';
import { PLAIN } from './onnx-session.ts';

/** Two runs of one network whose ops ONNX Runtime may fuse differently. */
const TOLERANCE = 1e-5;
const [N, D, ROWS, COLUMNS] = [2, 5, 40, 48];
const OPTIONS = { outputs: 2, stem: 'small', width: 8 } as const;
const PIXELS = ROWS * COLUMNS;
const VOLUME = probeInput([N, 1, 1 + D, ROWS, COLUMNS], 1);

/** Slices `from` up to `to` of each volume. */
const slices = (from: number, to: number) =>
  Float32Array.from({ length: N * (to - from) * PIXELS }, (_, i) => {
    const [n, rest] = [Math.floor(i / ((to - from) * PIXELS)), i % ((to - from) * PIXELS)];
    return VOLUME[(n * (1 + D) + from) * PIXELS + rest] as number;
  });

function built(name: 'xiao2021_joined' | 'resnet34' | 'anisotropic_resnet34', shape: Shape, training = false) {
  const scope = new Scope(new Graph(), training);
  return { scope, ...classifiers[name](scope, scope.graph.input('image', shape), { ...OPTIONS, dropout: 0 }) };
}

/** The feature maps of a network. Parameters have the probe values of their names behind a prefix. */
async function mapsOf({ scope, features }: Classification & { scope: Scope }, image: Float32Array, prefix = '') {
  const { graph, declarations } = scope;
  for (const [name, { tensor }] of features) graph.output(name, tensor);
  const values = [...declarations].map(
    ([name, { tensor }]) => [name, probeParameter(`${prefix}${name}`, tensor.shape, '')] as const,
  );
  return (await evaluateGraph(graph, new Map([...values, ['image', image]]), PLAIN)) as ReadonlyMap<
    string,
    Float32Array
  >;
}

test('its feature maps are those of the two networks alone with the same weights, on the first slice and on the others', async () => {
  const joined = await mapsOf(built('xiao2021_joined', [N, 1, 1 + D, ROWS, COLUMNS]), VOLUME);
  const alone = {
    focus: await mapsOf(built('resnet34', [N, 1, ROWS, COLUMNS]), slices(0, 1), 'focus.'),
    slices: await mapsOf(built('anisotropic_resnet34', [N, 1, D, ROWS, COLUMNS]), slices(1, 1 + D), 'slices.'),
  };
  for (const [branch, maps] of Object.entries(alone)) {
    assert.equal(maps.size, 4);
    for (const [port, expected] of maps) {
      const got = joined.get(port.replace(/^out:/, `out:${branch}.`)) as Float32Array;
      assert.equal(got.length, expected.length, port);
      const largest = expected.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
      const off = expected.reduce((a, b, i) => Math.max(a, Math.abs(b - (got[i] as number))), 0) / largest;
      assert.ok(largest > 0 && off <= TOLERANCE, `${branch} ${port}: off by ${off}`);
    }
  }
});

test('its logits are one linear layer on the means of the last map of both, the focus slice first', async () => {
  const { scope, features, logits } = built('xiao2021_joined', [N, 1, 1 + D, ROWS, COLUMNS]);
  scope.graph.output('logits', logits);
  const maps = await mapsOf({ scope, features, logits }, VOLUME);
  const means = (branch: string, n: number) => {
    const shape = features.get(`${branch}.layer4`)?.tensor.shape as Shape;
    const [channels, cells] = [shape[1] as number, sizeOf(shape.slice(2))];
    const map = maps.get(`out:${branch}.layer4`) as Float32Array;
    return Array.from({ length: channels }, (_, c) => {
      const start = (n * channels + c) * cells;
      return map.subarray(start, start + cells).reduce((sum, value) => sum + value, 0) / cells;
    });
  };
  const [weight, bias] = [probeParameter('fc.weight', [2, 128], ''), probeParameter('fc.bias', [2], '')];
  const got = maps.get('out:logits') as Float32Array;
  for (let n = 0; n < N; n++) {
    const fused = [...means('focus', n), ...means('slices', n)];
    assert.equal(fused.length, 128);
    for (const k of [0, 1]) {
      const expected = fused.reduce((sum, x, i) => sum + x * (weight[128 * k + i] as number), bias[k] as number);
      const off = Math.abs((got[2 * n + k] as number) - expected);
      assert.ok(off <= TOLERANCE * Math.abs(expected), `${got[2 * n + k]}, not ${expected}`);
    }
  }
});

test('a loss has a gradient at every weight of both branches', async () => {
  const { scope, logits } = built('xiao2021_joined', [N, 1, 1 + D, ROWS, COLUMNS], true);
  const { graph, declarations } = scope;
  const loss = crossEntropy(logits, graph.input('labels', logits.shape));
  const weights = [...declarations].filter(([, { kind }]) => kind === 'weight');
  const gradients = differentiate(
    loss,
    weights.map(([, { tensor }]) => tensor),
  );
  for (const [i, [name]] of weights.entries()) {
    const gradient = gradients[i];
    assert.ok(gradient, `no gradient reaches ${name}`);
    graph.output(name, f.reshape(f.reduceSumSquare(gradient), [1]));
  }
  graph.updates.clear();
  const values = [...declarations].map(([name, { tensor }]) => [name, probeParameter(name, tensor.shape, '')] as const);
  const inputs = [['image', VOLUME] as const, ['labels', Float32Array.of(1, 0, 0, 1)] as const];
  const squares = await evaluateGraph(graph, new Map([...values, ...inputs]), PLAIN);
  const branches = Object.groupBy(weights, ([name]) => name.split('.')[0] as string);
  assert.deepEqual(Object.keys(branches).sort(), ['fc', 'focus', 'slices']);
  for (const [name] of weights) {
    const [square] = squares.get(`out:${name}`) as Float32Array;
    assert.ok(Number.isFinite(square) && (square as number) > 0, `the gradient of ${name} has the square ${square}`);
  }
  assert.equal(sizeOf(logits.shape), 2 * N);
});
