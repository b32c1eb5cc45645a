import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { adam, crossEntropy, Graph, linear, Scope, type TensorData } from '@mammoscope/nn';
import { RandomStream } from '@mammoscope/random';
import { Engine, initialise, readCheckpoint, type StateTensor } from '@mammoscope/runtime';
import { PRESETS } from '../kang2021/recipe.ts';
import { makeFolder } from '../run/make-folder.ts';
import { runFiles } from '../run/run-record.ts';
import type { TrainingRecipe } from './recipe.ts';
import { stepOf } from './step.ts';
import { trainNetwork } from './train-network.ts';

/** Gradients summed in parts round differently from those summed at once; 2e-7 was seen. */
const ACCUMULATION_TOLERANCE = 5e-6;
const FEATURES = 5;
const EXAMPLES = 27;

let folder: string;
let engine: Engine;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mammoscope-train-network-'));
  engine = await Engine.create({ threads: 1 });
});
after(async () => {
  await engine.close();
  await rm(folder, { recursive: true });
});

/** Trains a linear classifier of random points and returns its weights and its epochs. */
async function trained(name: string, changes: Partial<TrainingRecipe>) {
  const recipe: TrainingRecipe = { ...PRESETS.tiny, batch: 8, epochs: 3, learningRate: 0.05, ...changes };
  const part = recipe.batch / recipe.accumulate;
  const graph = new Graph();
  const scope = new Scope(graph, true);
  const logits = linear(scope, FEATURES, 2)(graph.input('points', [part, FEATURES]));
  const loss = crossEntropy(logits, graph.input('labels', [part, 2]));
  const optimiser = adam();
  const { weightDecay, accumulate, clipNorm } = recipe;
  const files = runFiles(join(folder, name)).member('linear');
  await makeFolder(files.folder);
  const sizes: number[] = [];
  const inputs = async (examples: readonly number[]) => {
    sizes.push(examples.length);
    const points = examples.flatMap((example) => {
      const stream = new RandomStream(1, 'point', example);
      return Array.from({ length: FEATURES }, () => stream.normal());
    });
    return new Map<string, TensorData>([
      ['points', Float32Array.from(points)],
      ['labels', Float32Array.from(examples.flatMap((example) => [example % 2, 1 - (example % 2)]))],
    ]);
  };
  const { history } = await trainNetwork(
    {
      name: 'linear',
      step: stepOf(loss, scope, { optimiser, weightDecay, accumulate, clipNorm, device: 'cpu' }),
      optimiser,
      declarations: scope.declarations,
      values: initialise(scope.declarations, 1),
      examples: Array.from({ length: EXAMPLES }, (_, i) => i),
      inputs,
      validate: async () => ({ loss: 1, auc: 0.5 }),
    },
    { engine, recipe, seed: 4, files, lowerings: new Map(), resume: false },
  );
  const { tensors } = await readCheckpoint(files.last);
  const weights = [...scope.declarations.keys()].flatMap((key) =>
    Array.from((tensors.get(key) as StateTensor).data as Float32Array),
  );
  return { weights, history, sizes, tensors, files };
}

const largestDifference = (a: readonly number[], b: readonly number[]) =>
  a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - (b[i] as number))), 0);

for (const clipNorm of [0, 0.1]) {
  test(`a batch in parts trains as the whole batch does, clipNorm=${clipNorm}`, async () => {
    const whole = await trained(`whole-${clipNorm}`, { clipNorm });
    for (const accumulate of [2, 8]) {
      const parts = await trained(`parts-${accumulate}-${clipNorm}`, { clipNorm, accumulate });
      const difference = largestDifference(parts.weights, whole.weights);
      assert.ok(difference < ACCUMULATION_TOLERANCE, `weights differ by ${difference}`);
      for (const [i, { trainLoss }] of parts.history.entries())
        assert.ok(Math.abs(trainLoss - (whole.history[i]?.trainLoss as number)) < ACCUMULATION_TOLERANCE);
      assert.deepEqual(parts.sizes, new Array(3 * 3 * accumulate).fill(8 / accumulate));
      assert.deepEqual([...parts.tensors.keys()].sort(), [...whole.tensors.keys()].sort());
    }
  });
}

test('clipping changes what is trained, and a limit out of reach does not', async () => {
  const free = await trained('free', {});
  const loose = await trained('loose', { clipNorm: 1e6 });
  const tight = await trained('tight', { clipNorm: 0.1 });
  assert.equal(largestDifference(loose.weights, free.weights), 0);
  assert.ok(largestDifference(tight.weights, free.weights) > 1e-3);
});

test('a plateau of the training loss is not one of the validation loss', async () => {
  const plateau = { schedule: 'plateau', scheduleEpochs: 1, scheduleFactor: 0.5 } as const;
  const rates = async (scheduleFigure: TrainingRecipe['scheduleFigure']) => {
    const { history, files } = await trained(scheduleFigure, { ...plateau, scheduleFigure });
    assert.equal((await readFile(files.history, 'utf8')).trimEnd().split('\n').length, 4);
    return history.map(({ learningRate }) => learningRate);
  };
  assert.deepEqual(await rates('trainLoss'), [0.05, 0.05, 0.05]); // it falls
  assert.deepEqual(await rates('valLoss'), [0.05, 0.05, 0.025]); // it is always 1
});
