import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exportedModelInfo } from './exported-model.ts';

const input = {
  shape: ['N', 3, 224, 224],
  values: '',
  normalisation: 'before the model, each image by itself: (x - mean) / standard deviation; zeros',
};
const metadata = { system: 'kang2021', classes: '["benign","malignant"]', input: JSON.stringify(input), cutoff: '0.4' };

test('what an exported model says of its input is what the page feeds', () => {
  const { sizePx, channels, normalisation, cutoff, placePx } = exportedModelInfo(metadata);
  assert.deepEqual([sizePx, channels, normalisation, cutoff, placePx], [224, 3, 'zScore', 0.4, 512]);
  const whole = exportedModelInfo({
    ...metadata,
    cutoff: 'null',
    input: JSON.stringify({ ...input, roiPx: 0, normalisation: 'in the model' }),
  });
  assert.deepEqual([whole.normalisation, whole.cutoff, whole.placePx], [null, null, null]);
  const least = { ...input, normalisation: 'before the model: (x - smallest) / (largest - smallest)' };
  assert.equal(exportedModelInfo({ ...metadata, input: JSON.stringify(least) }).normalisation, 'minMax');
});

test('models that the page cannot feed are refused with the reason', () => {
  assert.throws(() => exportedModelInfo({}), /mammoscope export/);
  // model.onnx of a run's folder: whether it sees lesions or whole images is in run.json alone
  const { system, ...ofRun } = metadata;
  assert.throws(() => exportedModelInfo(ofRun), /names no system, .*export the run with "mammoscope export"/);
  assert.throws(() => exportedModelInfo({ system, classes: '[]', inputs: '{}' }), /several sizes/);
  const volume = { ...input, shape: ['N', 1, 64, 64, 64] };
  assert.throws(() => exportedModelInfo({ ...metadata, input: JSON.stringify(volume) }), /square images/);
});
