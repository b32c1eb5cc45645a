import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { constantSchedule, type LoweredGraph, sgd, type TensorData } from '@mammoscope/nn';
import type { Engine } from '../session/engine.ts';
import { bestOf, type EpochRecord, epochsWithoutImprovement, type FitOptions, fit } from './fit.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mammoscope-fit-'));
});
after(() => rm(folder, { recursive: true }));

/** Training of nothing: every step takes 20 ms and has the loss 0.5; there are no weights. */
function idleTraining(name: string, changes: Partial<FitOptions> = {}): FitOptions {
  const engine = {
    load: async () => ({
      run: () => wait(20, new Map([['out:loss', Float32Array.of(0.5)]])),
      release: async () => undefined,
    }),
    get: async () => new Map(),
    put: async () => undefined,
  };
  return {
    engine: engine as unknown as Engine, // the class has private fields; fit uses the three methods above
    step: { inputs: [], parameters: [], outputs: [] } as unknown as LoweredGraph,
    optimiser: sgd(),
    schedule: constantSchedule([0.1]),
    scheduleFigure: 'valLoss',
    seed: 0,
    epochs: 3,
    patience: 3,
    batches: 2,
    batchInputs: async () => new Map<string, TensorData>(),
    validate: async () => ({ loss: 0.4, auc: 0.8 }),
    lastPath: join(folder, `${name}-last.safetensors`),
    bestPath: join(folder, `${name}-best.safetensors`),
    networkValues: [],
    resume: false,
    ...changes,
  };
}

test('training ends after its epochs, and a finished run that is resumed does nothing more', async () => {
  const state = await fit(idleTraining('whole'));
  assert.deepEqual([state.epoch, state.step, state.finished, state.history.length], [3, 6, true, 3]);
  const batchInputs = () => Promise.reject(new Error('no batch is needed'));
  assert.deepEqual(await fit(idleTraining('whole', { resume: true, batchInputs })), state);
});

test('a batch that fails while the one before it runs is reported as its own error', async () => {
  const batchInputs = async (_: number, batch: number) => {
    if (batch === 1) throw new Error('image 7 is damaged');
    return new Map<string, TensorData>();
  };
  await assert.rejects(fit(idleTraining('damaged', { batchInputs })), /image 7 is damaged/);
});

test('the micro-batches of an epoch are numbered through, each batch is applied once, its loss is their mean', async () => {
  const events: string[] = [];
  const losses = [1, 2, 3, 4, 5, 6];
  const session = (name: string, loss?: () => number) => ({
    run: async () => {
      events.push(name);
      return new Map(loss ? [['out:loss', Float32Array.of(loss())]] : []);
    },
    release: async () => undefined,
  });
  const idle = idleTraining('micro-batches');
  const apply = { ...idle.step };
  const load = async (graph: LoweredGraph) =>
    graph === apply ? session('apply') : session('step', () => losses.shift() as number);
  const asked: number[] = [];
  const { history, step } = await fit({
    ...idle,
    engine: Object.assign(idle.engine, { load }),
    epochs: 1,
    apply,
    microBatches: 3,
    batchInputs: async (_, microBatch) => {
      asked.push(microBatch);
      return new Map<string, TensorData>();
    },
  });
  assert.deepEqual(asked, [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(events, ['step', 'step', 'step', 'apply', 'step', 'step', 'step', 'apply']);
  assert.deepEqual([step, history[0]?.trainLoss], [2, 3.5]);
});

test('a validation loss that is no number ends training and leaves the files of the epoch before', async () => {
  let epochs = 0;
  const validate = async () => ({ loss: epochs++ === 0 ? 0.4 : Number.NaN, auc: Number.NaN });
  await assert.rejects(fit(idleTraining('diverged', { validate })), {
    code: 'loss-not-finite',
    message: /validation loss is NaN after epoch 2.*epoch 1 is saved/,
  });
  const saved = (await readdir(folder)).filter((name) => name.startsWith('diverged')).sort();
  assert.deepEqual(saved, ['diverged-best.safetensors', 'diverged-last.safetensors']);
});

test('an abort within an epoch saves the batches that are done, and the run goes on from them', async () => {
  const stop = new AbortController();
  const events = { onBatch: () => stop.abort() };
  await assert.rejects(fit(idleTraining('stopped', { signal: stop.signal, events })), { code: 'interrupted' });
  const asked: [number, number][] = [];
  const batchInputs = async (epoch: number, batch: number) => {
    asked.push([epoch, batch]);
    return new Map<string, TensorData>();
  };
  const state = await fit(idleTraining('stopped', { resume: true, batchInputs }));
  assert.deepEqual(asked[0], [0, 1]);
  assert.deepEqual(state, await fit(idleTraining('never-stopped')));
});

test('the best epoch has the largest AUC, then the smaller loss, then comes first; patience counts from the least loss, or the largest AUC', () => {
  const epochs = [
    [0.5, 0.7],
    [0.4, 0.9],
    [0.3, 0.9],
    [0.3, 0.9],
    [0.6, 0.8],
  ].map(([valLoss, valAuc], i) => ({ epoch: i + 1, valLoss, valAuc, trainLoss: 0, learningRate: 1 }) as EpochRecord);
  assert.equal(bestOf(epochs)?.epoch, 3);
  assert.equal(bestOf([]), null);
  assert.equal(epochsWithoutImprovement(epochs), 2);
  assert.equal(epochsWithoutImprovement(epochs, 'valAuc'), 3);
});
