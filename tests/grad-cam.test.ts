/** Grad-CAM of networks filled with probe tensors, against PyTorch (references/grad-cam.json). */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { functions as f, Graph, gradCam, type NetworkName, networks, Scope } from '@mammoscope/nn';
import { detectBlockSize, evaluateGraph, probeInput, probeParameter } from '@mammoscope/runtime';

/** Largest difference relative to the largest value: two float32 runs of a hundred layers. */
const CAM_TOLERANCE = 1e-4;

interface Reference {
  readonly model: NetworkName;
  readonly input: readonly number[];
  readonly inputSeed: number;
  readonly salt: string;
  readonly layer: string;
  readonly classIndex: number;
  readonly cam: readonly (readonly number[])[];
}

const references = JSON.parse(
  readFileSync(new URL('../references/grad-cam.json', import.meta.url), 'utf8'),
) as readonly Reference[];

for (const { model, input, inputSeed, salt, layer, classIndex, cam } of references) {
  test(`Grad-CAM of ${model} at ${layer} equals PyTorch's, plain and blocked`, async () => {
    for (const blockSize of new Set([0, await detectBlockSize()])) {
      const graph = new Graph();
      const scope = new Scope(graph, false);
      const { logits, features } = networks[model](scope, graph.input('image', input), { outputs: 2 });
      const feature = features.get(layer);
      assert.ok(feature, `${model} names ${layer}`);
      graph.output('cam', gradCam(feature.tensor, logits, graph.input('classSeed', logits.shape)));
      const values = new Map<string, Float32Array>(
        [...scope.declarations].map(([name, { tensor }]) => [name, probeParameter(name, tensor.shape, salt)]),
      );
      values.set('image', probeInput(input, inputSeed));
      values.set('classSeed', Float32Array.of(classIndex === 0 ? 1 : 0, classIndex));
      const actual = (await evaluateGraph(graph, values, { device: 'cpu', blockSize })).get('out:cam') as Float32Array;
      const expected = cam.flat();
      assert.equal(actual.length, expected.length);
      const largest = Math.max(...expected);
      const difference = Math.max(...expected.map((value, i) => Math.abs(value - (actual[i] as number))));
      assert.ok(difference <= CAM_TOLERANCE * largest, `block ${blockSize}: differs by ${difference} of ${largest}`);
    }
  });
}

test('Grad-CAM of a volume, in closed form', async () => {
  // A convolution of 1 x 1 x 1 with a ReLU gives a_k; logit_c = sum over k and voxels v of w_kvc a_k(v). The gradient is
  // w_kvc, so the map is ReLU(sum_k mean_v(w_kvc) a_k).
  const [channels, extents, classes, target] = [3, [2, 3, 4], 2, 1] as const;
  const shape = [2, 1, ...extents];
  const voxels = extents.reduce<number>((a, b) => a * b, 1);
  const graph = new Graph();
  const feature = f.relu(f.conv(graph.input('volume', shape), graph.parameter('kernel', [channels, 1, 1, 1, 1])));
  const logits = f.matMul(f.flatten(feature), graph.parameter('linear', [channels * voxels, classes]));
  const map = gradCam(feature, logits, graph.input('classSeed', logits.shape));
  assert.deepEqual(map.shape, [2, ...extents]);
  graph.output('cam', map);
  const kernel = Float32Array.of(1, -0.5, 2);
  const sign = (k: number) => (k === 1 ? -1 : 1); // bright voxels speak for the class, dark ones against it
  const linear = probeInput([channels * voxels, classes], 2).map((w, i) => w + sign(Math.floor(i / classes / voxels)));
  const volume = probeInput(shape, 1);
  const values = new Map(Object.entries({ volume, kernel, linear, classSeed: Float32Array.of(0, 1, 0, 1) }));
  const actual = (await evaluateGraph(graph, values, { device: 'cpu', blockSize: 0 })).get('out:cam') as Float32Array;
  const means = Array.from(kernel, (_, k) => {
    let sum = 0;
    for (let v = 0; v < voxels; v++) sum += linear[(k * voxels + v) * classes + target] as number;
    return sum / voxels;
  });
  const expected = volume.map((x) =>
    Math.max(
      means.reduce((sum, mean, k) => sum + mean * Math.max((kernel[k] as number) * x, 0), 0),
      0,
    ),
  );
  assert.ok(expected.some((value) => value > 0) && expected.some((value) => value === 0));
  assert.equal(actual.length, expected.length);
  assert.ok(expected.every((value, i) => Math.abs(value - (actual[i] as number)) < 1e-6));
});
