import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backboneNetworks, randomMembers } from './frozen-backbone.ts';
import { headDeclarations, headGradCam, headSpec } from './head-graphs.ts';
import { CLASSIFIERS, deviationsOf, membersOf, PRESETS, recipeOfMember } from './recipe.ts';
import { recipeOf, recipeWith } from './settings.ts';

const { paper } = PRESETS;
const shapesOf = (declarations: ReturnType<typeof headDeclarations>) =>
  Object.fromEntries([...declarations].map(([name, { tensor }]) => [name, tensor.shape]));

test('the maps of 832 px: SqueezeNet and AlexNet without their last pooling, the baselines with it and K slices', () => {
  const mapOf = (backbone: typeof paper.backbone, member: Parameters<typeof headSpec>[1]) =>
    headSpec({ ...paper, backbone }, member, 2).map;
  assert.deepEqual(mapOf('squeezenet1_1', 'dm'), [512, 51, 51]);
  assert.deepEqual(mapOf('alexnet', 'dm-dbt'), [256, 51, 51]);
  assert.deepEqual(mapOf('resnet18', 'dbt'), [512, 26, 26]);
  assert.deepEqual(mapOf('densenet121', 'dbt'), [1024, 26, 26]);
  for (const backbone of ['squeezenet1_1', 'resnet50'] as const) {
    assert.deepEqual(mapOf(backbone, '2d-t3-alex'), [256, 25, 25]);
    assert.deepEqual(mapOf(backbone, '3d-t2-alex'), [256, 30, 25, 25]);
  }
});

test('the baselines train a convolution and two or one linear layers, and nothing of AlexNet', () => {
  assert.deepEqual(shapesOf(headDeclarations(headSpec(PRESETS.tiny, '2d-t3-alex', 2))), {
    ...{ 'conv.weight': [256, 256, 3, 3], 'conv.bias': [256], 'fc1.weight': [256, 256], 'fc1.bias': [256] },
    ...{ 'fc2.weight': [2, 256], 'fc2.bias': [2] },
  });
  assert.deepEqual(shapesOf(headDeclarations(headSpec(PRESETS.tiny, '3d-t2-alex', 2))), {
    ...{ 'conv.weight': [256, 256, 3, 3, 3], 'conv.bias': [256], 'fc.weight': [2, 256], 'fc.bias': [2] },
  });
});

test('Grad-CAM of the joint classifier has a map of the size of the features for each image', () => {
  const { outputs } = headGradCam(headSpec(PRESETS.tiny, 'dm-dbt', 2));
  const [, rows, columns] = headSpec(PRESETS.tiny, 'dm-dbt', 2).map;
  for (const side of ['dm', 'dbt']) assert.deepEqual(outputs.get(`cam-${side}`)?.shape, [1, rows, columns]);
});

test('baselines may be left out or named, once each; older runs have none', () => {
  assert.deepEqual(membersOf(recipeWith('tiny', [])), [...CLASSIFIERS, '2d-t3-alex', '3d-t2-alex']);
  assert.deepEqual(membersOf(recipeWith('tiny', ['baselines='])), CLASSIFIERS);
  assert.deepEqual(membersOf(recipeWith('tiny', ['baselines=3d-t2-alex'])), [...CLASSIFIERS, '3d-t2-alex']);
  assert.throws(() => recipeWith('tiny', ['baselines=3d-t2-alex,3d-t2-alex']), /may be named once/);
  assert.throws(() => recipeWith('tiny', ['baselines=alexnet']), /baselines=alexnet/);
  const { baselines: _, slices: __, volumeBatch: ___, ...older } = paper;
  assert.deepEqual(membersOf(recipeOf(older)), CLASSIFIERS);
});

test('3D-T2-Alex learns from fewer pairs at a time and none of them turned', () => {
  const { batch, accumulate, variants } = recipeOfMember({ ...paper, accumulate: 4 }, '3d-t2-alex');
  assert.deepEqual([batch, accumulate, variants], [8, 1, 1]);
  assert.equal(recipeOfMember(paper, '2d-t3-alex'), paper);
});

test('what is random is told by the backbone that a member reads, not by the run', () => {
  assert.deepEqual(backboneNetworks(paper), ['squeezenet1_1', 'alexnet']);
  assert.deepEqual(backboneNetworks({ ...paper, backbone: 'alexnet' }), ['alexnet']);
  const weights = (...names: string[]) => ({ weights: Object.fromEntries(names.map((name) => [name, {}])) });
  assert.deepEqual(randomMembers(paper, weights('squeezenet1_1')), ['2d-t3-alex', '3d-t2-alex']);
  assert.deepEqual(randomMembers(paper, weights('alexnet')), CLASSIFIERS);
  assert.deepEqual(randomMembers({ ...paper, backbone: 'alexnet' }, weights('alexnet')), []);
});

test("every value of the paper preset that has a sentence is the paper's; a value that is not is named a departure", () => {
  const ownNames = (recipe: typeof paper) => deviationsOf(recipe).map(({ name }) => name);
  for (const name of ['baselines', 'slices', 'sizePx', 'batch']) {
    assert.equal(
      deviationsOf(paper).some((each) => each.name === name && each.reason === 'Preset or --set.'),
      false,
      name,
    );
  }
  assert.ok(ownNames(recipeWith('paper', ['slices=12'])).includes('slices'));
});
