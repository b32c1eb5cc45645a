import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DetectorSpec } from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import { Engine, loadWeights } from '@mammoscope/runtime';
import { fitDetector, type TrainingTile, truthInTile } from './fit-detector.ts';
import { detectorDeclarations, isNormalisation } from './graphs.ts';

const spec: DetectorSpec = { classes: 3, images: 1, heightPx: 64, widthPx: 64, rois: 32, anchorsPerPixel: 1 };

test('lesions count in a tile that holds half of them, cut to it and in its pixels', () => {
  const tile = { box: [100, 0, 200, 80], own: [100, 0, 200, 80] } as const;
  const truth = truthInTile(
    [
      { box: [110, 10, 120, 20], class: 1 },
      { box: [94, 60, 106, 70], class: 2 }, // half inside
      { box: [90, 60, 104, 70], class: 2 }, // 4 of 14 columns inside
      { box: [0, 0, 10, 10], class: 1 },
    ],
    tile,
  );
  assert.deepEqual([...truth.boxes], [10, 10, 20, 20, 0, 60, 6, 70]);
  assert.deepEqual(truth.classes, [1, 2]);
});

/** A bright square in noise. */
function tileOf(index: number): TrainingTile {
  const random = new RandomStream(1, 'tile', index);
  const [x, y] = [random.integer(4, 40), random.integer(4, 40)];
  const data = Float32Array.from({ length: 64 * 64 }, (_, at) => {
    const [column, row] = [at % 64, Math.floor(at / 64)];
    const inside = column >= x && column < x + 16 && row >= y && row < y + 16;
    return (inside ? 0.8 : 0.1) + random.uniform(0, 0.1);
  });
  return {
    plane: { width: 64, height: 64, data },
    truth: { boxes: Float64Array.of(x, y, x + 16, y + 16), classes: [2] },
  };
}

test('training lowers the loss, the same way for the same seed, and leaves what is frozen alone', async () => {
  const engine = await Engine.create({ threads: 2 });
  try {
    const declarations = detectorDeclarations(spec);
    const one = new Map([
      ['backbone.body.bn1.weight', { dtype: 'F32' as const, shape: [64], data: new Float32Array(64).fill(1) }],
    ]);
    const { values } = loadWeights(declarations, one, { seed: 4, file: 'seed', classifier: null });
    for (const [name, weights] of values) if (name.endsWith('bn3.weight')) weights.fill(0.2);
    const fit = () =>
      fitDetector({
        engine,
        spec,
        anchors: { sizesPx: [8, 16, 24, 32, 48], ratios: [1] },
        weights: values,
        tiles: 2,
        tile: async (index) => tileOf(index),
        epochs: 4,
        learningRate: 1e-4,
        seed: 9,
        step: { frozen: (name) => name.startsWith('backbone.body') || isNormalisation(name) },
        proposals: { before: 100, after: 40, overlap: 0.7 },
        regionTargets: { sampling: { count: 32, positiveFraction: 0.25 } },
      });
    const history = await fit();
    assert.equal(history.length, 4);
    const totals = history.map(({ total }) => total);
    assert.ok((totals.at(-1) as number) < 0.8 * (totals[0] as number), totals.join(', '));
    const kept = await engine.get(['backbone.body.layer1.0.conv1.weight']);
    const [frozen] = [...kept.values()].map(({ data }) => data as Float32Array);
    assert.ok(frozen?.every((weight, i) => weight === values.get('backbone.body.layer1.0.conv1.weight')?.[i]));
    assert.deepEqual(
      (await fit()).map(({ total }) => total),
      totals,
    );
  } finally {
    await engine.close();
  }
});

test('fewer tiles than a batch are refused', async () => {
  const engine = await Engine.create({ threads: 2 });
  const options = { engine, spec, anchors: { sizesPx: [8], ratios: [1] }, weights: new Map(), tiles: 0 };
  const rest = { tile: async () => tileOf(0), epochs: 1, learningRate: 1e-3, seed: 1 };
  await assert.rejects(fitDetector({ ...options, ...rest }), { code: 'data-unusable', message: /1 tiles .* by 0/ });
  await engine.close();
});
