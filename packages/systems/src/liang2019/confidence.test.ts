import assert from 'node:assert/strict';
import { test } from 'node:test';
import { averageCorrectConfidence } from '@mammoscope/stats';
import { callConfidence } from './confidence.ts';

const SCORES = [0.9, 0.4, 0.5, 0.2, 0.7, 0.8];
const TRUTH = [true, true, true, false, false, true];
const CALLS = SCORES.map((score) => score >= 0.5);

test('of calls by the larger probability it is the average correct confidence', () => {
  const { value, correct, cases } = callConfidence(SCORES, CALLS, TRUTH);
  assert.ok(Math.abs((value as number) - averageCorrectConfidence(SCORES, TRUTH).value) < 1e-15);
  assert.deepEqual([correct, cases], [4, 6]); // 0.9, 0.5, 1 - 0.2 and 0.8
});

test("the interval is Student's of the right calls: R's t.test(c(0.9, 0.5, 0.8, 0.8)) within [0, 1]", () => {
  const { value, interval } = callConfidence(SCORES, CALLS, TRUTH);
  // 0.4743920653 to 1.0256079347
  assert.ok(Math.abs((value as number) - 0.75) < 1e-15);
  assert.ok(Math.abs((interval?.lower as number) - 0.4743920653) < 1e-9 && interval?.upper === 1);
});

test('cases that are given twice as clusters of two leave value and interval nearly as they are; as cases of their own they narrow it', () => {
  const twice = <T>(values: readonly T[]) => values.flatMap((value) => [value, value]);
  const once = callConfidence(SCORES, CALLS, TRUTH);
  const names = SCORES.map((_, i) => `patient ${i}`);
  const clustered = callConfidence(twice(SCORES), twice(CALLS), twice(TRUTH), twice(names));
  assert.equal(clustered.correct, 8);
  assert.ok(Math.abs((clustered.value as number) - (once.value as number)) < 1e-12);
  assert.ok(Math.abs((clustered.interval?.lower as number) - (once.interval?.lower as number)) < 1e-12);
  const apart = callConfidence(twice(SCORES), twice(CALLS), twice(TRUTH));
  assert.ok((apart.interval?.lower as number) > (once.interval?.lower as number) + 0.05);
});

test('a call by votes against the probability has a confidence below one half; none right have no value, one no interval', () => {
  assert.deepEqual(callConfidence([0.4, 0.7], [true, true], [true, false]), {
    ...{ value: 0.4, interval: null, correct: 1, cases: 2 },
  });
  assert.deepEqual(callConfidence([0.4], [false], [true]), { value: null, interval: null, correct: 0, cases: 1 });
});
