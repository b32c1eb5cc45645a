import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { adam, constantSchedule, type DetectorSpec, type TensorData } from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import { chooseWays, Engine, initialise } from '@mammoscope/runtime';
import { graphsOf } from '../training/step.ts';
import { type FitDetectorOptions, fitDetector, type TrainingTile, truthInTile } from './fit-detector.ts';
import { detectorDeclarations, isNormalisation, trainingPhases } from './graphs.ts';

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

/** Values with small residuals, so that nothing overflows where normalisation does nothing. */
const first = initialise(detectorDeclarations(spec), 4);
for (const [name, weights] of first) if (name.endsWith('bn3.weight')) weights.fill(0.2);

const folder = await mkdtemp(join(tmpdir(), 'fit-detector-'));
after(() => rm(folder, { recursive: true }));

/** Trains three epochs of two tiles; `stopAfter` aborts after so many batches. */
async function train(engine: Engine, name: string, { resume = false, stopAfter = Number.POSITIVE_INFINITY } = {}) {
  const optimiser = adam();
  const aborting = new AbortController();
  let batches = 0;
  const step = trainingPhases(spec, optimiser, 0, {
    device: 'cpu',
    frozen: (weight) => weight.startsWith('backbone.body') || isNormalisation(weight),
  });
  return fitDetector({
    ...{ engine, spec, step, optimiser, resume, signal: aborting.signal },
    anchors: { sizesPx: [8, 16, 24, 32, 48], ratios: [1] },
    lowerings: await chooseWays(engine, graphsOf(step)),
    weights: new Map([...first].map(([weight, values]) => [weight, values.slice()])),
    tiles: async (_, batch) => [tileOf(batch)],
    ...{ epochs: 3, batches: 2, patience: 3, seed: 9, scheduleFigure: 'trainLoss' },
    schedule: constantSchedule([1e-4]),
    validate: async () => ({ loss: 1, auc: 0.5 }),
    lastPath: join(folder, `${name}.safetensors`),
    bestPath: join(folder, `${name}-best.safetensors`),
    proposals: { before: 100, after: 40, overlap: 0.7 },
    regionTargets: { sampling: { count: 32, positiveFraction: 0.25 } },
    events: {
      onBatch: () => {
        if (++batches >= stopAfter) aborting.abort();
      },
    },
  });
}

test('training lowers the loss, the same way for the same seed, and leaves what is frozen alone', async () => {
  const engine = await Engine.create({ threads: 2 });
  try {
    const { history } = await train(engine, 'whole');
    const losses = history.map(({ trainLoss }) => trainLoss);
    assert.equal(losses.length, 3);
    assert.ok((losses.at(-1) as number) < 0.8 * (losses[0] as number), losses.join(', '));
    const kept = await engine.get(['backbone.body.layer1.0.conv1.weight', 'rpn.head.conv.0.0.weight']);
    const isAsBefore = ([name, { data }]: readonly [string, { readonly data: TensorData }]) =>
      data.every((weight, i) => weight === first.get(name)?.[i]);
    assert.deepEqual([...kept].map(isAsBefore), [true, false]);
    const bytes = createHash('sha256')
      .update(await readFile(join(folder, 'whole.safetensors')))
      .digest('hex');
    await assert.rejects(train(engine, 'stopped', { stopAfter: 3 }), { code: 'interrupted', message: /epoch 2/ });
    const resumed = await train(engine, 'stopped', { resume: true });
    assert.deepEqual(resumed.history, history);
    const again = createHash('sha256')
      .update(await readFile(join(folder, 'stopped.safetensors')))
      .digest('hex');
    assert.equal(again, bytes, 'stopped and resumed');
  } finally {
    await engine.close();
  }
});

test('a training without a batch is refused', async () => {
  const engine = await Engine.create({ threads: 2 });
  const options = { engine, spec, anchors: { sizesPx: [8], ratios: [1] }, weights: new Map(), batches: 0 };
  await assert.rejects(fitDetector(options as unknown as FitDetectorOptions), {
    code: 'data-unusable',
    message: /a batch of 1 tiles cannot be filled/,
  });
  await engine.close();
});
