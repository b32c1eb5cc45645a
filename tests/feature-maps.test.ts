/**
 * Feature maps of backbones that end in no classifier, against PyTorch: the pyramid of torchvision's Faster R-CNN
 * (references/fasterrcnn.json) and the saliency maps of 3D-GMIC's global network (references/gmic3d.json).
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { functions as f, featurePyramid, Graph, resnet22Features, resnet50Fpn, Scope } from '@mammoscope/nn';
import { detectBlockSize, evaluateGraph, probeInput, probeParameter, unit } from '@mammoscope/runtime';

/** Largest difference relative to the largest magnitude: two float32 runs of fifty layers. */
const TOLERANCE = 1e-4;

const read = (name: string) => JSON.parse(readFileSync(new URL(`../references/${name}`, import.meta.url), 'utf8'));

function holdClose(what: string, got: readonly number[], expected: readonly number[], tolerance = TOLERANCE): void {
  assert.equal(got.length, expected.length, what);
  const largest = Math.max(...expected.map(Math.abs));
  const off = Math.max(...expected.map((value, i) => Math.abs(value - (got[i] as number)))) / largest;
  assert.ok(off <= tolerance, `${what} is off by ${off}`); // NaN fails too
}

/** Probe values of all parameters, those that a rule names multiplied. */
function probeValues({ declarations }: Scope, salt: string, scaleOf: (name: string) => number) {
  return new Map<string, Float32Array>(
    [...declarations].map(([name, { tensor }]) => {
      const scale = scaleOf(name);
      return [name, probeParameter(name, tensor.shape, salt).map((value) => value * scale)];
    }),
  );
}

interface MapSummary {
  readonly shape: readonly number[];
  readonly norm: number;
  readonly mean: number;
  readonly first: readonly number[];
}

test("ResNet-50 with a feature pyramid gives torchvision's maps, plain and blocked", async () => {
  const reference = read('fasterrcnn.json');
  for (const blockSize of new Set([0, await detectBlockSize()])) {
    const graph = new Graph();
    const scope = new Scope(graph, true); // the body is frozen all the same
    const shape = [1, 3, reference.H, reference.W];
    const levels = resnet50Fpn(scope.child('backbone'), graph.input('image', shape));
    assert.deepEqual([...levels.keys()], ['p2', 'p3', 'p4', 'p5', 'p6']);
    assert.equal(graph.updates.size, 0);
    for (const [name, { tensor }] of levels) graph.output(name, tensor);
    const values = probeValues(scope, reference.salt, (name) => (name.endsWith('bn3.weight') ? 0.2 : 1)); // `scaled`
    values.set(
      'image',
      probeInput(shape, reference.inputSeed).map((value) => (value + 1) / 2),
    );
    const results = await evaluateGraph(graph, values, { device: 'cpu', blockSize });
    for (const [i, [level, expected]] of Object.entries(reference.fpn as Record<string, MapSummary>).entries()) {
      const [name, map] = [...levels][i] as [string, { tensor: { shape: readonly number[] }; stride: number }];
      assert.deepEqual(map.tensor.shape, expected.shape, level);
      assert.equal(map.stride, 4 * 2 ** i);
      const got = [...(results.get(`out:${name}`) as Float32Array)];
      holdClose(`${name} norm`, [Math.sqrt(got.reduce((sum, v) => sum + v * v, 0))], [expected.norm]);
      holdClose(`${name} mean`, [got.reduce((sum, v) => sum + v, 0) / got.length], [expected.mean], 10 * TOLERANCE);
      holdClose(`${name} first values`, got.slice(0, 4), expected.first);
    }
    for (const name of Object.keys(reference.grads).filter((name) => name.startsWith('backbone.')))
      assert.ok(graph.parameters.has(name), name);
    assert.ok(
      [...graph.parameters.keys()].every((name) => /^backbone\.(body|fpn)\./.test(name) && !/\.fc\./.test(name)),
    );
  }
});

test('a pyramid reads any maps, and its levels are named by their strides', () => {
  const graph = new Graph();
  const map = (channels: number, px: number, stride: number) =>
    [`c${stride}`, { tensor: graph.input(`c${stride}`, [1, channels, px, px]), channels, stride }] as const;
  const levels = featurePyramid(new Scope(graph, true), new Map([map(24, 9, 8), map(40, 5, 16)]));
  assert.deepEqual(
    [...levels].map(([name, { tensor, channels, stride }]) => [name, tensor.shape, channels, stride]),
    [
      ['p3', [1, 256, 9, 9], 256, 8],
      ['p4', [1, 256, 5, 5], 256, 16],
      ['p5', [1, 256, 3, 3], 256, 32],
    ],
  );
});

/** Slices [D, 1, H, W] of the volume of references/README.md, "gmic3d.json". */
function gmicVolume(d: number, rows: number, columns: number, seed: number): Float32Array {
  const volume = probeInput([d, rows, columns], seed);
  const extents = [d, rows, columns];
  for (const i of [0, 1, 2]) {
    const centre = extents.map((extent, axis) => (((unit(`blob:${seed}:${i}`, 3)[axis] as number) + 1) / 2) * extent);
    const [z0, y0, x0] = centre as [number, number, number];
    for (let at = 0; at < volume.length; at++) {
      const x = at % columns;
      const y = Math.floor(at / columns) % rows;
      const z = Math.floor(at / (columns * rows));
      const exponent = (z - z0) ** 2 / 8 + (y - y0) ** 2 / 200 + (x - x0) ** 2 / 200;
      volume[at] = (volume[at] as number) + 4 * Math.exp(-exponent);
    }
  }
  return volume;
}

test("ResNet-22 with group normalisation gives 3D-GMIC's saliency maps, plain and blocked", async () => {
  const [reference] = read('gmic3d.json');
  const { D, H, W, inputSeed, salt, omegaScale, saliencyShape, saliencySlice0Row0 } = reference;
  for (const blockSize of new Set([0, await detectBlockSize()])) {
    const graph = new Graph();
    const scope = new Scope(graph, true);
    const features = resnet22Features(scope.child('global'), graph.input('image', [D, 1, H, W]));
    const last = [...features.values()].at(-1);
    assert.ok(last);
    assert.deepEqual([last.channels, last.stride], [256, 64]);
    const names = (read('gmic3d.parameters.json') as [string, number[]][]).filter(([name]) =>
      name.startsWith('global.'),
    );
    assert.deepEqual(
      [...scope.declarations].map(([name, { tensor }]) => [name, tensor.shape]),
      names,
    );
    const omega = scope.child('saliency').weight('weight', [2, 256, 1, 1], { kind: 'constant', value: 0 });
    graph.output('saliency', f.relu(f.tanh(f.conv(last.tensor, omega))));
    const values = probeValues(scope, salt, (name) => (name === 'saliency.weight' ? omegaScale : 1));
    values.set('image', gmicVolume(D, H, W, inputSeed));
    const results = await evaluateGraph(graph, values, { device: 'cpu', blockSize });
    const got = [...(results.get('out:saliency') as Float32Array)];
    const [d, classes, rows, columns] = saliencyShape as [number, number, number, number];
    assert.equal(got.length, d * classes * rows * columns);
    const ofClass = (index: number) => got.filter((_, i) => Math.floor(i / (rows * columns)) % classes === index);
    for (const index of [0, 1]) {
      const map = ofClass(index);
      holdClose('mean', [map.reduce((sum, v) => sum + v, 0) / map.length], [reference.saliencyMean[index]]);
      holdClose('max', [Math.max(...map)], [reference.saliencyMax[index]]);
      const row = saliencySlice0Row0[index] as number[];
      holdClose('first row', map.slice(0, row.length), row);
    }
  }
});
