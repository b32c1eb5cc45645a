import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PRESETS } from '../kang2021/recipe.ts';
import { recipeWith } from '../kang2021/settings.ts';
import { SCHEDULE_VALUES, type TrainingRecipe, trainingConflict } from './recipe.ts';
import { scheduleOf } from './schedule.ts';

const RATE = 0.8;

/** The learning rates of the epochs of a recipe, given each epoch's figure. */
function rates(changes: Partial<TrainingRecipe>, figures: readonly number[]): number[] {
  const schedule = scheduleOf({ ...PRESETS.tiny, learningRate: RATE, epochs: figures.length, ...changes });
  let state = schedule.initial;
  return figures.map((figure) => {
    const [rate] = state.rates as [number];
    state = schedule.advance(JSON.parse(JSON.stringify(state)), figure); // as a checkpoint keeps it
    return rate;
  });
}

function assertRates(found: readonly number[], expected: readonly number[]): void {
  assert.equal(found.length, expected.length);
  for (const [i, rate] of expected.entries())
    assert.ok(Math.abs((found[i] as number) - rate) < 1e-12, `epoch ${i + 1}: ${found[i]}, expected ${rate}`);
}

test('the rate of each schedule, epoch by epoch', () => {
  assertRates(rates({}, [1, 1, 1]), [0.8, 0.8, 0.8]);
  assertRates(
    rates({ schedule: 'step', scheduleEpochs: 2, scheduleFactor: 0.5 }, [1, 1, 1, 1, 1]),
    [0.8, 0.8, 0.4, 0.4, 0.2],
  );
  assertRates(rates({ schedule: 'cosine' }, [1, 1, 1, 1]), [
    0.8,
    0.4 * (1 + Math.SQRT1_2),
    0.4,
    0.4 * (1 - Math.SQRT1_2),
  ]);
});

test('a plateau of n epochs reduces the rate of the epoch after them, and counts anew', () => {
  const plateau = { schedule: 'plateau', scheduleEpochs: 2, scheduleFactor: 0.5 } as const;
  assertRates(rates(plateau, [5, 5, 5, 5, 5, 4, 5, 5, 5]), [0.8, 0.8, 0.8, 0.4, 0.4, 0.2, 0.2, 0.2, 0.1]);
});

test('a warm-up of n epochs rises in n + 1 equal steps, then the schedule begins', () => {
  assertRates(rates({ warmUpEpochs: 3 }, [1, 1, 1, 1, 1]), [0.2, 0.4, 0.6, 0.8, 0.8]);
  assertRates(rates({ warmUpEpochs: 1, schedule: 'cosine' }, [1, 1, 1]), [0.4, 0.8, 0.4]);
});

test('presets are free of contradictions', () => {
  for (const recipe of Object.values(PRESETS)) assert.equal(trainingConflict(recipe, new Set()), null);
});

test('a contradiction is one sentence that names what was set and what to do', () => {
  const refused = (settings: readonly string[], message: RegExp) =>
    assert.throws(() => recipeWith('tiny', settings), { code: 'option-invalid', message });
  refused(['accumulate=5'], /^--set accumulate=5: a batch of 32 images cannot be split into 5 equal parts: /);
  refused(['accumulate=0'], /accumulate=0: too small/);
  refused(['warmUpEpochs=8'], /leaves none of 8 for the full learning rate: let warmUpEpochs be less than epochs$/);
  refused(['schedule=linear'], /"constant"\|"plateau"\|"step"\|"cosine"/);
  refused(['scheduleFactor=1'], /scheduleFactor=1: too big/);
  refused(['clipNorm=-1'], /clipNorm=-1: too small/);
  refused(['recompute=1'], /recompute=1: /);
});

for (const [schedule, used] of Object.entries(SCHEDULE_VALUES)) {
  test(`schedule=${schedule} takes its values and refuses the others`, () => {
    const values = { scheduleEpochs: 3, scheduleFactor: 0.8, scheduleFigure: 'trainLoss' };
    for (const [key, value] of Object.entries(values)) {
      const make = () => recipeWith('tiny', [`${key}=${value}`, `schedule=${schedule}`]);
      if (used.some((name) => name === key)) assert.deepEqual({ ...make(), schedule, [key]: value }, make());
      else
        assert.throws(make, {
          code: 'option-invalid',
          message: new RegExp(`is ${schedule}, which has no ${key}: set`),
        });
    }
  });
}
