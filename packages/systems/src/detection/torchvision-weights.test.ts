import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sizeOf } from '@mammoscope/nn';
import { float32Tensor, type StateTensor } from '@mammoscope/runtime';
import { detectorDeclarations } from './graphs.ts';
import { currentName, detectorWeights } from './torchvision-weights.ts';

const declarations = (classes: number) =>
  detectorDeclarations({ classes, images: 1, heightPx: 64, widthPx: 64, rois: 1, anchorsPerPixel: 3 });

const filled = (classes: number, value: number, nameOf = (name: string) => name) =>
  new Map<string, StateTensor>(
    [...declarations(classes)].map(([name, { tensor }]) => [
      nameOf(name),
      float32Tensor(tensor.shape, new Float32Array(sizeOf(tensor.shape)).fill(value)),
    ]),
  );

test('names of the published file become ours, and later ones stay', () => {
  assert.equal(currentName('backbone.fpn.inner_blocks.3.weight'), 'backbone.fpn.inner_blocks.3.0.weight');
  assert.equal(currentName('backbone.fpn.layer_blocks.0.bias'), 'backbone.fpn.layer_blocks.0.0.bias');
  assert.equal(currentName('rpn.head.conv.weight'), 'rpn.head.conv.0.0.weight');
  for (const name of ['rpn.head.conv.0.0.weight', 'rpn.head.cls_logits.bias', 'backbone.body.layer1.0.bn1.weight'])
    assert.equal(currentName(name), name);
});

test("a detector of COCO's 91 classes gives everything but the last layers; its variances lose our epsilon", () => {
  const old = (name: string) =>
    name.replace(/(_blocks\.\d)\.0\./, '$1.').replace('rpn.head.conv.0.0.', 'rpn.head.conv.');
  const published = filled(91, 2, old);
  assert.ok(published.has('backbone.fpn.inner_blocks.0.weight') && published.has('rpn.head.conv.bias'));
  const { values, report } = detectorWeights(declarations(3), published, { seed: 1, file: 'coco.pth' });
  assert.deepEqual(
    report.missing.map((name) => name.replace('roi_heads.box_predictor.', '')),
    ['cls_score.weight', 'cls_score.bias', 'bbox_pred.weight', 'bbox_pred.bias'],
  );
  assert.deepEqual(report.unexpected, []);
  assert.equal(values.get('backbone.fpn.layer_blocks.2.0.weight')?.[5], 2);
  assert.equal(values.get('backbone.body.bn1.running_var')?.[0], Math.fround(2 - 1e-5));
  const later = detectorWeights(declarations(3), filled(3, 2), { seed: 1, file: 'ours' });
  assert.deepEqual(later.report.missing, []);
  assert.equal(later.values.get('backbone.body.bn1.running_var')?.[0], 2);
});

test("a ResNet-50 becomes the body, without its classifier; another network's file is refused", () => {
  const body = new Map(
    [...filled(3, 1)].flatMap(([name, tensor]) =>
      name.startsWith('backbone.body.') ? [[name.slice('backbone.body.'.length), tensor] as const] : [],
    ),
  );
  body.set('fc.weight', float32Tensor([1000, 2048], new Float32Array(2_048_000)));
  const { report } = detectorWeights(declarations(3), body, { seed: 1, file: 'resnet50.pth' });
  assert.ok(report.missing.every((name) => /^(backbone\.fpn|rpn|roi_heads)\./.test(name)));
  assert.deepEqual(report.unexpected, []);
  const other = new Map([['features.0.weight', float32Tensor([1], new Float32Array(1))]]);
  assert.throws(() => detectorWeights(declarations(3), other, { seed: 1, file: 'vgg16.pth' }), {
    code: 'tensor-mismatch',
    message: /vgg16\.pth/,
  });
});
