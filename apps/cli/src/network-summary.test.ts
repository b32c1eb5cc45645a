import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClassifierName } from '@mammoscope/nn';
import { describeNetwork } from './network-summary.ts';

/**
 * Parameters and 10^9 multiply-adds for 1000 classes, from the table of weights in torchvision's documentation
 * (num_params, GFLOPS); of the last two from the results that timm publishes (param_count, macs), whose counter adds
 * normalisation and pooling. Inception-v3's parameters are without its auxiliary classifier (27,161,264 with it).
 */
const PUBLISHED: readonly (readonly [name: ClassifierName, sizePx: number, parameters: number, gigaMacs: number])[] = [
  ['resnet18', 224, 11_689_512, 1.814],
  ['resnet34', 224, 21_797_672, 3.664],
  ['resnet50', 224, 25_557_032, 4.089],
  ['resnet101', 224, 44_549_160, 7.801],
  ['resnet152', 224, 60_192_808, 11.514],
  ['squeezenet1_0', 224, 1_248_424, 0.819],
  ['squeezenet1_1', 224, 1_235_496, 0.349],
  ['alexnet', 224, 61_100_840, 0.714],
  ['vgg16', 224, 138_357_544, 15.47],
  ['vgg19', 224, 143_667_240, 19.632],
  ['densenet121', 224, 7_978_856, 2.834],
  ['densenet169', 224, 14_149_480, 3.36],
  ['densenet201', 224, 20_013_928, 4.291],
  ['inception_v3', 299, 27_161_264 - 3_326_696, 5.713],
  ['xception', 299, 22_855_952, 8.4],
  ['inceptionresnetv2', 299, 55_843_464, 13.18],
];

const BY_TIMM: ReadonlySet<ClassifierName> = new Set(['xception', 'inceptionresnetv2']);

for (const [name, sizePx, parameters, gigaMacs] of PUBLISHED) {
  test(`${name} has the parameters and multiply-adds that are published`, () => {
    const summary = describeNetwork(name, [1, 3, sizePx, sizePx], 1000);
    assert.equal(summary.parameters, parameters);
    const off = 1 - summary.macs / 1e9 / gigaMacs;
    assert.ok(
      BY_TIMM.has(name) ? off >= 0 && off <= 0.01 : Math.abs(off) <= 2e-3,
      `${summary.macs / 1e9}, not ${gigaMacs}`,
    );
  });
}

test('stages carry the names of the published layers, and their parts add up to the whole', () => {
  const stagesOf = (name: ClassifierName) => {
    const summary = describeNetwork(name, [2, 1, 96, 96], 3);
    const sum = (key: 'parameters' | 'macs' | 'trainingBytes') =>
      summary.stages.reduce((total, stage) => total + stage[key], 0);
    for (const key of ['parameters', 'macs', 'trainingBytes'] as const) assert.equal(sum(key), summary[key], key);
    assert.equal(Math.max(...summary.stages.map((stage) => stage.inferenceBytes)), summary.inferenceBytes);
    return summary.stages.map((stage) => stage.name).join(' ');
  };
  assert.equal(
    stagesOf('densenet121'),
    'features.conv0 features.norm0 features.pool0 features.denseblock1 features.transition1 features.denseblock2 ' +
      'features.transition2 features.denseblock3 features.transition3 features.denseblock4 features.norm5 classifier',
  );
  assert.match(stagesOf('inception_v3'), /^Conv2d_1a_3x3 .* maxpool2 Mixed_5b Mixed_5c .* Mixed_7c fc$/);
  assert.match(
    stagesOf('inceptionresnetv2'),
    /mixed_5b repeat mixed_6a repeat_1 mixed_7a repeat_2 block8 conv2d_7b last_linear$/,
  );
  assert.match(stagesOf('xception'), /^conv1 bn1 conv2 bn2 block1 .* block12 conv3 bn3 conv4 bn4 last_linear$/);
  assert.match(
    stagesOf('vgg16'),
    /^features\.0 features\.2 features\.4 .* features\.30 avgpool classifier\.0 classifier\.3 classifier\.6$/,
  );
  assert.match(stagesOf('resnet18'), /^conv1 bn1 layer1 layer2 layer3 layer4 fc$/);
});

test('of VGG training keeps what every ReLU and pooling gives, inference two maps at most', () => {
  const { stages, inferenceBytes } = describeNetwork('vgg16', [2, 3, 64, 64], 2);
  const convolutions = [2, 2, 3, 3, 3];
  const channels = [64, 128, 256, 512, 512];
  const elements = channels.map((count, stage) => {
    const map = 2 * count * (64 / 2 ** stage) ** 2;
    return (convolutions[stage] as number) * map + map / 4;
  });
  const kept = stages.filter(({ name }) => name.startsWith('features.'));
  assert.equal(
    kept.reduce((sum, stage) => sum + stage.trainingBytes, 0),
    4 * elements.reduce((a, b) => a + b),
  );
  assert.equal(inferenceBytes, 2 * 4 * 2 * 64 * 64 * 64);
});

test('a reshape takes no memory', () => {
  const { stages } = describeNetwork('alexnet', [1, 3, 224, 224], 2);
  const grid = stages.find(({ name }) => name === 'avgpool'); // 6 x 6 already: flattened, no more
  assert.equal(grid?.inferenceBytes, 4 * 256 * 6 * 6);
});
