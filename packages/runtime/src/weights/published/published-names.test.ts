import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClassifierName } from '@mammoscope/nn';
import { float32Tensor } from '../state-dict.ts';
import { publishedNames } from './published-names.ts';

const tensor = float32Tensor([0], new Float32Array());
const renamed = (network: ClassifierName, ...names: string[]) => {
  const tensors = new Map(names.map((name) => [name, tensor]));
  return [...publishedNames(tensors, network, 'w.pth').keys()];
};

test("DataParallel's prefix goes when every name has it", () => {
  assert.deepEqual(renamed('resnet18', 'module.fc.weight', 'module.fc.bias'), ['fc.weight', 'fc.bias']);
  assert.deepEqual(renamed('resnet18', 'module.fc.weight', 'fc.bias'), ['module.fc.weight', 'fc.bias']);
  assert.deepEqual(renamed('resnet18'), []);
});

test("the old names of torchvision's DenseNets become those of today", () => {
  assert.deepEqual(
    renamed(
      'densenet121',
      'features.denseblock1.denselayer12.norm.1.running_mean',
      'module.features.denseblock4.denselayer3.conv.2.weight',
      'features.denseblock1.denselayer1.norm1.weight',
      'features.norm5.weight',
    ),
    [
      'features.denseblock1.denselayer12.norm1.running_mean',
      'module.features.denseblock4.denselayer3.conv2.weight',
      'features.denseblock1.denselayer1.norm1.weight',
      'features.norm5.weight',
    ],
  );
  assert.throws(() => renamed('densenet169', 'a.denselayer1.norm.1.bias', 'a.denselayer1.norm1.bias'), {
    code: 'tensor-mismatch',
    message: /w\.pth has two tensors "a\.denselayer1\.norm1\.bias"/,
  });
});

test("the classifier of Cadene's Xception has the name that it gets once it is loaded; others keep theirs", () => {
  assert.deepEqual(renamed('xception', 'block1.skip.weight', 'fc.weight'), [
    'block1.skip.weight',
    'last_linear.weight',
  ]);
  assert.deepEqual(renamed('resnet18', 'fc.weight', 'a.denselayer1.norm.1.bias'), [
    'fc.weight',
    'a.denselayer1.norm.1.bias',
  ]);
});
