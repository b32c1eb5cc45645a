import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Engine } from '@mammoscope/runtime';
import { newRecord } from '../run/new-record.ts';
import { writeRunRecord } from '../run/run-record.ts';
import { requireSameRun } from '../run/same-run.ts';
import { PLAIN_TRAINING } from '../training/recipe.ts';
import { runToResume } from '../training/train-run.ts';
import {
  augmentationOf,
  batchOf,
  citationsOf,
  deviationsOf,
  inputSizeOf,
  PLAIN_IMAGES,
  PRESETS,
  type Recipe,
} from './recipe.ts';
import { recipeOf, recipeWith } from './settings.ts';

const names = (recipe: Parameters<typeof deviationsOf>[0]) => deviationsOf(recipe).map(({ name }) => name);

test("the preset `paper` trains the paper's networks with the paper's mini-batches", () => {
  const { paper } = PRESETS;
  // "The mini-batch sizes were set to 32 for Xception and Inception-v3, 16 for ResNet-101 and Inception-ResNet-v2, and 8 for DenseNet-201."
  assert.deepEqual(Object.fromEntries(paper.networks.map((network) => [network, batchOf(paper, network)])), {
    resnet101: 16,
    xception: 32,
    inception_v3: 32,
    inceptionresnetv2: 16,
    densenet201: 8,
  });
  assert.deepEqual(names(paper), [
    ...['input size', 'place of the ROI', 'normalisation'],
    ...['augmentation', 'border', 'split', 'cut-off'],
  ]);
});

const sizesOf = (recipe: Recipe) => recipe.networks.map((network) => inputSizeOf(recipe, network));
const deviation = (recipe: Recipe, name: string) => deviationsOf(recipe).find((each) => each.name === name);

test('the preset `paper` gives each network the input of the published one; ROIs are moved by 30 of their 512 pixels', () => {
  const { paper } = PRESETS;
  // torchvision and timm: ResNet and DenseNet 224 (He 2016, Huang 2017), Xception and the Inceptions 299 (Chollet 2017, Szegedy 2016, 2017)
  assert.deepEqual(Object.fromEntries(paper.networks.map((network) => [network, inputSizeOf(paper, network)])), {
    resnet101: 224,
    xception: 299,
    inception_v3: 299,
    inceptionresnetv2: 299,
    densenet201: 224,
  });
  assert.deepEqual(deviation(paper, 'input size'), {
    name: 'input size',
    paper: 'not stated (ROIs have 512 × 512 pixels)',
    here: '224 × 224 for resnet101 and densenet201, 299 × 299 for xception and inception_v3 and inceptionresnetv2',
    reason: 'The sizes of the published networks, which fine-tuning starts from.',
  });
  for (const network of paper.networks) {
    const [low, high] = augmentationOf(paper, network).translateXPx as readonly [number, number];
    assert.ok(Math.abs(high / inputSizeOf(paper, network) - 30 / 512) < 1e-12 && low === -high);
  }
});

test('a sizePx that is set is that of every network, unless networkSizes is set too', () => {
  const one = recipeWith('paper', ['sizePx=512']);
  assert.deepEqual(new Set(sizesOf(one)), new Set([512]));
  assert.deepEqual(deviation(one, 'input size')?.here, '512 × 512');
  assert.equal(deviation(one, 'input size')?.reason, 'Preset or --set.');
  assert.deepEqual(augmentationOf(one, 'xception').translateYPx, [-30, 30]);
  const own = recipeWith('paper', ['sizePx=256', 'networkSizes=xception:320, densenet201:128']);
  assert.deepEqual(sizesOf(own), [256, 320, 256, 256, 128]);
  assert.deepEqual(sizesOf(recipeWith('paper', ['batch=4'])), sizesOf(PRESETS.paper), 'a batch leaves sizes alone');
  const refused = (settings: readonly string[], message: RegExp) =>
    assert.throws(() => recipeWith('paper', settings), { code: 'option-invalid', message });
  for (const bad of ['xception', 'yolo:299', 'xception:31', 'xception:4097', 'xception:0'])
    refused([`networkSizes=${bad}`], /write it as network:pixels, from 32 to 4096, for example xception:299/);
  refused(
    ['networkSizes=resnet18:224'],
    /resnet18:224 has no use, as the recipe trains resnet101, xception, .*: name one/,
  );
});

test('an epoch of the preset `paper` has every training image five times; one copy is a departure', () => {
  // "fivefold data augmentation of the training data was performed"
  assert.equal(PRESETS.paper.copies, 5);
  assert.deepEqual([PRESETS.small.copies, PRESETS.tiny.copies], [1, 1]);
  assert.deepEqual(deviation(recipeWith('paper', ['copies=1']), 'copies'), {
    ...{ name: 'copies', paper: '5', here: '1', reason: 'Preset or --set.' },
  });
  assert.throws(() => recipeWith('paper', ['copies=0']), {
    code: 'option-invalid',
    message: /--set copies=0: too small/,
  });
});

test("the paper's second learning rate is no departure, and is shown with its own sentence", () => {
  const second = recipeWith('paper', ['learningRate=1e-5']);
  assert.equal(second.learningRate, 0.00001);
  assert.deepEqual(names(second), names(PRESETS.paper));
  assert.match(citationsOf(second).learningRate ?? '', /1e-5 learning rate .* Supplementary/);
  assert.match(citationsOf(PRESETS.paper).learningRate ?? '', /initial learning rate of 1e-4/);
  const other = recipeWith('paper', ['learningRate=3e-5']);
  assert.equal(deviation(other, 'learningRate')?.here, '0.00003');
});

test('a batch that is set is that of every network, unless networkBatches is set too', () => {
  const four = recipeWith('paper', ['batch=4']);
  assert.deepEqual(new Set(four.networks.map((network) => batchOf(four, network))), new Set([4]));
  const own = recipeWith('paper', ['batch=4', 'networkBatches=densenet201:2, xception:6']);
  assert.deepEqual(
    own.networks.map((network) => batchOf(own, network)),
    [4, 6, 4, 4, 2],
  );
  const batch = deviationsOf(own).find(({ name }) => name === 'batch');
  assert.equal(
    batch?.here,
    '4 for resnet101 and inception_v3 and inceptionresnetv2, 6 for xception, 2 for densenet201',
  );
  assert.equal(deviationsOf(four).find(({ name }) => name === 'batch')?.here, '4');
  assert.ok(!names(recipeWith('paper', ['batch=16', 'networks=resnet101'])).includes('batch'));
});

test('a batch of a network is refused where it cannot be', () => {
  const refused = (settings: readonly string[], message: RegExp) =>
    assert.throws(() => recipeWith('paper', settings), { code: 'option-invalid', message });
  refused(['networkBatches=xception'], /networkBatches=xception: write it as network:images, for example xception:32/);
  refused(['networkBatches=yolo:3'], /write it as network:images/);
  refused(['networkBatches=xception:0'], /write it as network:images/);
  refused(
    ['networkBatches=resnet18:4'],
    /resnet18:4 has no use, as the recipe trains resnet101, xception, .*: name one/,
  );
  refused(['accumulate=16'], /a batch of 8 images cannot be split into 16 equal parts/);
});

test('scale, gain and offset are off, reach the augmentation when set, and are departures from the paper', () => {
  for (const recipe of Object.values(PRESETS)) {
    const { scale, gain, offset } = augmentationOf(recipe, 'resnet18');
    assert.deepEqual([scale, gain, offset], [[1, 1], [1, 1], [0, 0]]); // biome-ignore format: one row
  }
  const recipe = recipeWith('tiny', ['scale=0.8,1.2', 'gain=0.9,1.1', 'offset=-0.1,0.1']);
  const { scale, gain, offset } = augmentationOf(recipe, 'resnet18');
  assert.deepEqual([scale, gain, offset], [[0.8, 1.2], [0.9, 1.1], [-0.1, 0.1]]); // biome-ignore format: one row
  const added = deviationsOf(recipe).filter(({ paper }) => paper === 'not done');
  assert.deepEqual(
    added.map(({ name, here }) => `${name} ${here}`),
    ['scale 0.8, 1.2', 'gain 0.9, 1.1', 'offset -0.1, 0.1'],
  );
  const refused = (setting: string, message: RegExp) =>
    assert.throws(() => recipeWith('tiny', [setting]), { code: 'option-invalid', message });
  refused('scale=0,1', /scale=0,1: too small/);
  refused('gain=2,1', /gain=2,1: the first number must not be above the second/);
  refused('offset=1', /offset=1: /);
});

test('the ROI of a lesion is that of the paper in every preset; 0 takes whole images and is a departure', () => {
  // "cropped each lesion by applying a square region of interest (ROI) of 512x512 pixels"
  for (const { roiPx } of Object.values(PRESETS)) assert.equal(roiPx, 512);
  const roi = (setting: string) => deviationsOf(recipeWith('paper', [setting])).find(({ name }) => name === 'roiPx');
  assert.deepEqual(roi('roiPx=0'), {
    name: 'roiPx',
    paper: '512',
    here: '0',
    reason: 'Images are taken whole, as they are.',
  });
  assert.equal(roi('roiPx=300')?.reason, 'Preset or --set.');
  assert.ok(!names(recipeWith('paper', ['roiPx=0'])).includes('place of the ROI'));
  for (const bad of ['15', '-1', '20.5', '5000'])
    assert.throws(() => recipeWith('paper', [`roiPx=${bad}`]), { code: 'option-invalid', message: /--set roiPx=/ });
});

test('a run of an earlier version, whose recipe lacks later keys, is read and resumed as what it was', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mammoscope-recipe-'));
  const engine = await Engine.create({ threads: 1 });
  try {
    const later = new Set([...Object.keys({ ...PLAIN_TRAINING, ...PLAIN_IMAGES }), 'roiPx', 'copies']);
    const older = Object.fromEntries(Object.entries(PRESETS.tiny).filter(([key]) => !later.has(key)));
    assert.ok(!('accumulate' in older) && !('scale' in older) && 'epochs' in older);
    const whole = { ...PRESETS.tiny, roiPx: 0 };
    assert.deepEqual(recipeOf(older), whole);
    const { epochs, ...incomplete } = older;
    assert.throws(() => recipeOf(incomplete), { code: 'run-missing', message: /cannot read: epochs/ });
    const run = (recipe: object) =>
      newRecord({
        ...{ engine, recipe, rows: [], system: 'kang2021', preset: 'tiny', command: 'train', seed: 1, weights: {} },
        manifest: { path: 'm.csv', sha256: 'f', classes: ['a', 'b'], rows: [] },
        members: ['resnet18'],
      });
    await writeRunRecord(folder, run(older));
    const begun = await runToResume({ engine, out: folder, resume: true }, recipeOf);
    assert.ok(begun);
    requireSameRun(folder, begun, run(whole));
    assert.throws(() => requireSameRun(folder, begun, run(PRESETS.tiny)), /begun with roiPx 0:/);
    assert.throws(() => requireSameRun(folder, begun, run(recipeWith('tiny', ['accumulate=2', 'roiPx=0']))), {
      code: 'run-mismatch',
      message: /begun with accumulate 1:/,
    });
  } finally {
    await engine.close();
    await rm(folder, { recursive: true });
  }
});
