/** Narrower ResNets: the networks as published with every number of channels divided; and shallower ones of volumes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Graph } from '../graph/graph.ts';
import type { Shape } from '../graph/tensor.ts';
import { Scope } from '../layers/scope.ts';
import { type ClassifierName, classifiers, isNetworkName } from './index.ts';

const RESNETS = (Object.keys(classifiers) as ClassifierName[]).filter((name) =>
  /^(resnet\d+|spp_resnet\d+|r3d_\d+|(an)?isotropic_resnet\d+|wichakam2018)$/.test(name),
);
const OUTPUTS = 5;
const CHANNELS = 3;

function build(
  name: ClassifierName,
  options: { readonly width?: number; readonly volumeBlocks?: readonly number[] } = {},
) {
  const scope = new Scope(new Graph(), false);
  const image = scope.graph.input('image', [1, CHANNELS, ...(isNetworkName(name) ? [] : [8]), 96, 96]);
  const { features, logits } = classifiers[name](scope, image, { outputs: OUTPUTS, ...options });
  const shapes = new Map([...scope.declarations].map(([weight, { tensor }]) => [weight, tensor.shape]));
  return { features, logits, shapes };
}

/** A weight's outputs and inputs divided, but for the channels of the image and the logits; a kernel keeps its extents. */
const narrowed = (shape: Shape, by: number): Shape =>
  shape.map((extent, axis) => (axis > 1 || extent === CHANNELS || extent === OUTPUTS ? extent : extent / by));

for (const name of RESNETS)
  test(`${name} at a width of 16 has a quarter of the channels everywhere, at 64 those published`, () => {
    const [published, quarter] = [build(name), build(name, { width: 16 })];
    assert.deepEqual(build(name, { width: 64 }).shapes, published.shapes);
    assert.deepEqual(
      quarter.shapes,
      new Map([...published.shapes].map(([weight, shape]) => [weight, narrowed(shape, 4)])),
    );
    assert.deepEqual(
      [...quarter.features].map(([feature, { tensor, ...map }]) => [feature, map, tensor.shape[1]]),
      [...published.features].map(([feature, { tensor: _, ...map }]) => {
        const channels = map.channels / 4;
        return [feature, { ...map, channels }, channels];
      }),
    );
    assert.deepEqual(quarter.logits.shape, [1, OUTPUTS]);
  });

test('networks that are no ResNets keep their channels whatever the width', () => {
  for (const name of ['wang2018', 'densenet121', 'samala2016'] as const)
    assert.deepEqual(build(name, { width: 16 }).shapes, build(name).shapes);
});

test('networks of volumes take other numbers of blocks: those of ResNet-18 make it of ResNet-34, one a stage the least', () => {
  const named = (name: ClassifierName, volumeBlocks?: readonly number[]) =>
    build(name, volumeBlocks ? { volumeBlocks } : {}).shapes;
  for (const family of ['r3d', 'anisotropic_resnet'] as const) {
    const [deep, shallow] = (family === 'r3d' ? ['r3d_34', 'r3d_18'] : [`${family}34`, `${family}18`]) as [
      ClassifierName,
      ClassifierName,
    ];
    assert.deepEqual(named(deep, [2, 2, 2, 2]), named(shallow));
    assert.equal([...named(deep, [1, 1, 1, 1]).keys()].filter((name) => /layer\d\.1\./.test(name)).length, 0);
  }
});
