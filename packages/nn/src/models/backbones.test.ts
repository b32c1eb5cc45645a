import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GraphError } from '../graph/errors.ts';
import { Graph } from '../graph/graph.ts';
import type { Tensor } from '../graph/tensor.ts';
import { type Initialiser, Scope } from '../layers/scope.ts';
import type { FeatureMap, NetworkOptions } from './backbone.ts';
import { isNetworkName, networks } from './index.ts';

const FAMILIES = /^(resnet\d+|squeezenet1_.|alexnet|vgg1.|densenet\d+|inception_v3|inceptionresnetv2|xception)$/;
const names = Object.keys(networks)
  .filter(isNetworkName)
  .filter((name) => FAMILIES.test(name));

function build(name: keyof typeof networks, sizePx: number, options: Partial<NetworkOptions> = {}, channels = 3) {
  const scope = new Scope(new Graph(), true);
  const image = scope.graph.input('image', [1, channels, sizePx, sizePx + 1]);
  return { scope, ...networks[name](scope, image, { outputs: 5, ...options }) };
}

for (const name of names) {
  test(`${name}: a feature map grows by 32 / stride cells when the image grows by 32 px, with either stem`, () => {
    for (const stem of ['imagenet', 'small'] as const) {
      const [base, larger] = [96, 128].map((sizePx) => build(name, sizePx, { stem }).features);
      for (const [feature, { tensor, stride, channels }] of base as ReadonlyMap<string, FeatureMap>) {
        const grown = larger?.get(feature)?.tensor.shape ?? [];
        for (const axis of [2, 3])
          assert.equal((grown[axis] as number) - (tensor.shape[axis] as number), 32 / stride, feature);
        assert.equal(tensor.shape[1], channels, feature);
      }
    }
  });
}

test('at 60 px the small stem leaves the last feature map more than a point, except that of VGG, which has no other', () => {
  const lastMap = (name: keyof typeof networks): Tensor =>
    ([...build(name, 60, { stem: 'small' }, 1).features.values()].at(-1) as FeatureMap).tensor;
  for (const name of names) {
    const [rows] = lastMap(name).shape.slice(2) as [number];
    if (name.startsWith('vgg')) assert.equal(rows, 1);
    else assert.ok(rows >= 2, `${name}: ${rows}`);
  }
  assert.deepEqual(lastMap('alexnet').shape, [1, 256, 6, 6]); // the grid that 224 px give the published one
});

test('dropout is the published one unless another is asked for', () => {
  const masks = (name: keyof typeof networks, options: Partial<NetworkOptions> = {}) =>
    [...build(name, 96, options).scope.graph.inputs.keys()].filter((input) => input.startsWith('random/'));
  assert.deepEqual(masks('alexnet'), ['random/classifier.0.dropout', 'random/classifier.3.dropout']);
  assert.deepEqual(masks('vgg16'), ['random/classifier.2.dropout', 'random/classifier.5.dropout']);
  assert.deepEqual(masks('densenet121'), []);
  assert.deepEqual(masks('densenet121', { dropout: 0.2 }), ['random/classifier.dropout']);
  for (const name of ['inception_v3', 'inceptionresnetv2', 'xception'] as const) {
    assert.equal(masks(name).length, 1);
    assert.deepEqual(masks(name, { dropout: 0 }), []);
  }
});

test('an image too small is refused with the name, the least size and the shape, down to a single pixel', () => {
  const refusal = (name: keyof typeof networks, sizePx: number, stem: NetworkOptions['stem']) => {
    try {
      build(name, sizePx, stem && { stem });
      return '';
    } catch (error) {
      assert.ok(error instanceof GraphError && error.code === 'shape');
      return error.message;
    }
  };
  for (const name of names)
    for (const stem of ['imagenet', 'small'] as const) {
      const refusals = Array.from({ length: 100 }, (_, i) => refusal(name, i + 1, stem));
      const least = refusals.indexOf('') + 1;
      for (const [i, message] of refusals.entries())
        if (i + 1 >= least) assert.equal(message, '');
        else
          assert.ok(
            message.startsWith(`${name} requires images [N, C, H, W] of ${least} px`) &&
              message.includes(`, ${i + 1}, `),
          );
    }
});

/** Largest deviation from torchvision's sample, which has 64 values or more. */
const SAMPLING = 0.08;

/** Standard deviations of what the networks of torchvision 0.15.2 drew after torch.manual_seed(1); zero is exact. */
const DRAWN = {
  alexnet: {
    'features.0.weight': 0.03035222925245762,
    'features.0.bias': 0.031332869082689285,
    'features.10.weight': 0.012027197517454624,
    'classifier.4.weight': 0.009023603051900864,
    'classifier.4.bias': 0.008967481553554535,
  },
  vgg16: {
    'features.0.weight': 0.05766765773296356,
    'features.28.weight': 0.020826971158385277,
    'features.28.bias': 0,
    'classifier.3.weight': 0.009997265413403511,
    'classifier.3.bias': 0,
  },
  squeezenet1_1: {
    'features.0.weight': 0.2716618776321411,
    'features.0.bias': 0,
    'features.3.squeeze.weight': 0.17678216099739075,
    'features.12.expand3x3.weight': 0.058896977454423904,
    'features.12.expand3x3.bias': 0,
    'classifier.1.weight': 0.010015682317316532,
    'classifier.1.bias': 0,
  },
  densenet121: {
    'features.conv0.weight': 0.11640184372663498,
    'features.denseblock4.denselayer16.conv2.weight': 0.04183689504861832,
    'features.transition1.conv.weight': 0.08905142545700073,
    'features.norm5.weight': 0,
    'classifier.weight': 0.018047520890831947,
    'classifier.bias': 0,
  },
  inception_v3: {
    'Conv2d_1a_3x3.conv.weight': 0.09978137165307999,
    'Mixed_7c.branch_pool.conv.weight': 0.10007116943597794,
    'Mixed_7c.branch_pool.bn.weight': 0,
    'fc.weight': 0.1000039130449295,
    'fc.bias': 0.012506558559834957,
  },
} as const;

function standardDeviation(initialiser: Initialiser): number {
  switch (initialiser.kind) {
    case 'constant':
      return 0;
    case 'normal':
      return initialiser.gain / Math.sqrt(initialiser.fan);
    case 'uniform':
      return initialiser.bound / Math.sqrt(3);
  }
}

for (const [name, drawn] of Object.entries(DRAWN)) {
  test(`first values of ${name} spread as torchvision's`, () => {
    if (!isNetworkName(name)) throw new Error(name);
    const { declarations } = build(name, 96, { outputs: 1000 }).scope;
    for (const [parameter, expected] of Object.entries(drawn)) {
      const declaration = declarations.get(parameter);
      assert.ok(declaration, parameter);
      const got = standardDeviation(declaration.initialiser);
      assert.ok(Math.abs(got - expected) <= SAMPLING * expected, `${parameter}: ${got}, not ${expected}`);
    }
  });
}
