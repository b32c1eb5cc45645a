/** AUC, specificity and Matthews correlation at 90 % sensitivity against a plain loop, and their intervals against a plain bootstrap. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '@mammoscope/random';
import { measureScores } from './measures.ts';

const random = new RandomStream(5, 'scores');
const CASES = 80;
const positive = Array.from({ length: CASES }, (_, i) => i % 4 === 0);
const scores = positive.map((is) => random.uniform() + (is ? 0.35 : 0));
const patients = positive.map((_, i) => `patient ${i >> 1}`);

/** The three figures of cases that count so many times; undefined where no threshold is near 90 %. */
function plain(times: readonly number[], tolerance = Number.POSITIVE_INFINITY) {
  const weight = (rows: readonly number[]) => rows.reduce((sum, row) => sum + (times[row] as number), 0);
  const rows = [...positive.keys()];
  const [pos, neg] = [rows.filter((row) => positive[row]), rows.filter((row) => !positive[row])];
  const [p, n] = [weight(pos), weight(neg)];
  let wins = 0;
  for (const a of pos)
    for (const b of neg) {
      const [x, y] = [scores[a] as number, scores[b] as number];
      wins += (times[a] as number) * (times[b] as number) * (x > y ? 1 : x === y ? 0.5 : 0);
    }
  let best = { gap: Number.POSITIVE_INFINITY, tp: 0, fp: 0 };
  for (const threshold of [...scores].sort((a, b) => b - a)) {
    const above = (some: readonly number[]) => weight(some.filter((row) => (scores[row] as number) >= threshold));
    const [tp, fp] = [above(pos), above(neg)];
    const gap = Math.abs(tp / p - 0.9);
    // Of equally near sensitivities the higher, of equal ones the most specific.
    if (gap < best.gap - 1e-12 || (Math.abs(gap - best.gap) < 1e-12 && tp > best.tp)) best = { gap, tp, fp };
  }
  if (best.gap > tolerance + 1e-12) return { auc: wins / (p * n) };
  const { tp, fp } = best;
  const [fn, tn] = [p - tp, n - fp];
  const mcc = (tp * tn - fp * fn) / Math.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn));
  return { auc: wins / (p * n), specificity: tn / n, mcc, sensitivity: tp / p };
}

test('figures are those of a plain loop over pairs and thresholds', () => {
  const got = measureScores({ scores, positive, patients }, 1, 'test');
  const expected = plain(positive.map(() => 1));
  for (const measure of ['auc', 'specificity', 'mcc'] as const)
    assert.ok(Math.abs((got[measure].value ?? 0) - (expected[measure] ?? Number.NaN)) < 1e-12, measure);
  assert.equal(got.sensitivity, expected.sensitivity);
  assert.deepEqual([got.cases, got.positives], [80, 20]);
});

test('intervals are near those of a plain bootstrap of patients that drops resamples far from 90 %', () => {
  const got = measureScores({ scores, positive, patients }, 1, 'test');
  const draws = new RandomStream(9, 'plain bootstrap');
  const found: Record<'auc' | 'specificity' | 'mcc', number[]> = { auc: [], specificity: [], mcc: [] };
  for (let replicate = 0; replicate < 600; replicate++) {
    const times = positive.map(() => 0);
    for (let i = 0; i < CASES / 2; i++) {
      const patient = draws.integer(0, CASES / 2 - 1);
      for (const row of [2 * patient, 2 * patient + 1]) times[row] = (times[row] as number) + 1;
    }
    const figures = plain(times, 0.025);
    for (const measure of ['auc', 'specificity', 'mcc'] as const) {
      const value = figures[measure];
      if (value !== undefined) found[measure].push(value);
    }
  }
  assert.ok(found.mcc.length < 600, 'some resamples are dropped');
  for (const measure of ['auc', 'specificity', 'mcc'] as const) {
    const sorted = found[measure].sort((a, b) => a - b);
    const [lower = 0, upper = 0] = got[measure].interval ?? [];
    const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] as number;
    assert.ok(Math.abs(lower - at(0.025)) < 0.04, `${measure}: ${lower} and ${at(0.025)}`);
    assert.ok(Math.abs(upper - at(0.975)) < 0.04, `${measure}: ${upper} and ${at(0.975)}`);
  }
});

test('a patient is drawn with all of her cases: copies of every case change no interval', () => {
  const single = measureScores({ scores, positive, patients: scores.map((_, i) => `${i}`) }, 1, 'test');
  const twice = <T>(values: readonly T[]) => values.flatMap((value) => [value, value]);
  const double = { scores: twice(scores), positive: twice(positive), patients: twice(scores.map((_, i) => `${i}`)) };
  for (const measure of ['auc', 'specificity', 'mcc'] as const)
    for (const side of [0, 1] as const) {
      const bound = single[measure].interval?.[side] ?? Number.NaN;
      const got = measureScores(double, 1, 'test')[measure].interval?.[side] ?? Number.NaN;
      assert.ok(Math.abs(got - bound) < 1e-12, `${measure}: ${got} and ${bound}`);
    }
});

test('without one of the classes nothing is measured, and it is said why', () => {
  const none = measureScores({ scores, positive: positive.map(() => false), patients }, 1, 'test');
  assert.deepEqual(none.auc, { value: null, undefinedReason: 'there is no positive case' });
  assert.deepEqual([none.positives, none.sensitivity], [0, null]);
  const all = measureScores({ scores, positive: positive.map(() => true), patients }, 1, 'test');
  assert.deepEqual(all.mcc, { value: null, undefinedReason: 'there is no negative case' });
});

test('with so few positives that no threshold is near 90 % a figure has no interval', () => {
  const few = {
    scores: [0.9, 0.8, 0.3, 0.2, 0.1],
    positive: [true, true, false, false, false],
    patients: [...'abcde'],
  };
  const { specificity, auc } = measureScores(few, 1, 'test');
  assert.equal(specificity.value, 1);
  assert.equal(specificity.interval, null);
  assert.match(specificity.undefinedReason ?? '', /too few resamples/);
  assert.deepEqual(auc.interval, [1, 1]);
});
