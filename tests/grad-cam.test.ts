/** Grad-CAM of networks filled with probe tensors, against PyTorch (references/grad-cam.json). */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Graph, gradCam, type NetworkName, networks, Scope } from '@mammoscope/nn';
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
