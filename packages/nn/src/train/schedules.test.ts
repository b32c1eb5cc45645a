import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  constantSchedule,
  cosineSchedule,
  plateauSchedule,
  type Schedule,
  type ScheduleState,
  stepSchedule,
  warmUp,
} from './schedules.ts';

type Rates = readonly (readonly number[])[];
interface Reference {
  readonly plateau: readonly {
    readonly figures: readonly number[];
    readonly options: {
      readonly mode: 'min' | 'max';
      readonly factor: number;
      readonly patience: number;
      readonly cooldown?: number;
      readonly threshold?: number;
      readonly min_lr?: number;
    };
    readonly rates: Rates;
  }[];
  readonly step: { readonly size: number; readonly gamma: number; readonly rates: Rates };
  readonly cosine: { readonly length: number; readonly minimum: number; readonly rates: Rates };
  readonly warmUp: { length: number; start: number; size: number; gamma: number; rates: Rates };
}

/** What references/scripts/optimisers.py recorded of PyTorch's schedulers. */
const { schedules } = JSON.parse(
  readFileSync(new URL('../../../../references/optimisers.json', import.meta.url), 'utf8'),
) as { schedules: Reference };
const START = [0.1, 0.02];
const TOLERANCE = 1e-12;

/** Follows a schedule; its state goes through JSON at every tick, as through a checkpoint. */
function follow<S extends ScheduleState>(schedule: Schedule<S>, ticks: number, figures: readonly number[] = []): Rates {
  let state = schedule.initial;
  const rates = [state.rates];
  for (let tick = 0; tick < ticks; tick++) {
    const restored = JSON.parse(JSON.stringify(state)) as S;
    assert.deepEqual(restored, state);
    state = schedule.advance(restored, figures[tick] ?? 0);
    assert.equal(state.time, tick + 1);
    rates.push(state.rates);
  }
  return rates;
}

function assertRates(actual: Rates, expected: Rates): void {
  assert.equal(actual.length, expected.length);
  for (const [tick, rates] of expected.entries()) {
    for (const [group, rate] of rates.entries()) {
      const found = actual[tick]?.[group] as number;
      assert.ok(Math.abs(found - rate) <= TOLERANCE * rate, `tick ${tick}, group ${group}: ${found}, not ${rate}`);
    }
  }
}

for (const { figures, options, rates } of schedules.plateau) {
  test(`plateau follows PyTorch's ReduceLROnPlateau with ${JSON.stringify(options)}`, () => {
    const { min_lr: minimum = 0, ...others } = options;
    assertRates(follow(plateauSchedule(START, { ...others, minimum }), figures.length, figures), rates);
  });
}

test("step follows PyTorch's StepLR", () => {
  const { size, gamma, rates } = schedules.step;
  assertRates(follow(stepSchedule(START, { size, gamma }), rates.length - 1), rates);
});

test("cosine follows PyTorch's CosineAnnealingLR down, and then stays", () => {
  const { length, minimum, rates } = schedules.cosine;
  const schedule = cosineSchedule(START, { length, minimum });
  assertRates(follow(schedule, length), rates);
  assert.deepEqual(follow(schedule, length + 2).at(-1), [minimum, minimum]);
});

test("warm-up and then steps follow PyTorch's SequentialLR", () => {
  const { length, start, size, gamma, rates } = schedules.warmUp;
  assertRates(follow(warmUp(stepSchedule(START, { size, gamma }), { length, start }), rates.length - 1), rates);
});

test('a plateau after a warm-up counts only what comes after it', () => {
  const plateau = plateauSchedule([1], { factor: 0.5, patience: 0 });
  const rates = follow(warmUp(plateau, { length: 2 }), 5, [9, 8, 3, 3, 2]);
  assert.deepEqual(rates, [[0], [0.5], [1], [1], [0.5], [0.5]]);
});

test('constant rates stay', () => {
  assert.deepEqual(follow(constantSchedule(START), 2), [START, START, START]);
});

test('schedules refuse what they cannot follow', () => {
  assert.throws(() => constantSchedule([0.1, -1]), /group 1 requires a finite learning rate of 0 or more, got -1/);
  assert.throws(() => stepSchedule(START, { size: 0 }), /whole size of 1 or more, got 0/);
  assert.throws(() => cosineSchedule(START, { length: 1.5 }), /whole length of 1 or more, got 1.5/);
  assert.throws(() => warmUp(constantSchedule(START), { length: 0 }), /warmUp requires a whole length/);
  assert.throws(() => plateauSchedule(START, { factor: 1 }), /factor in \(0, 1\), got 1/);
  const plateau = plateauSchedule(START);
  assert.throws(() => plateau.advance(plateau.initial, Number.NaN), /finite figure at tick 1, got NaN/);
});
