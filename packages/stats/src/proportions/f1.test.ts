import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertClose, EXACT } from '../../tests/tolerance.ts';
import { twoSidedDeviate } from '../interval.ts';
import { f1Score } from './f1.ts';
import { proportionInterval } from './proportion.ts';

test('the delta interval is that of the full multinomial covariance with numerical derivatives', () => {
  const [tp, fp, fn, tn] = [116, 17, 15, 138];
  const n = tp + fp + fn + tn;
  const p = [tp / n, fp / n, fn / n, tn / n];
  const f = (q: readonly number[]) => {
    const [a, b, c] = q as [number, number, number];
    return (2 * a) / (2 * a + b + c);
  };
  const step = 1e-6;
  const gradient = p.map((_, i) => {
    const moved = (by: number) => f(p.map((value, j) => (i === j ? value + by : value)));
    return (moved(step) - moved(-step)) / (2 * step);
  });
  const dot = (weight: (g: number) => number) => gradient.reduce((sum, g, i) => sum + weight(g) * (p[i] as number), 0);
  const variance = (dot((g) => g * g) - dot((g) => g) ** 2) / n; // g' (diag(p) - p p') g / n
  const { value, interval } = f1Score({ tp, fp, fn }, { method: 'delta' });
  assert.ok(value !== null && interval !== null);
  const half = twoSidedDeviate(0.95) * Math.sqrt(variance);
  assertClose(interval.lower, value - half, 1e-9, 'lower');
  assertClose(interval.upper, value + half, 1e-9, 'upper');
  assert.equal(interval.method, 'delta');
});

test("where F1 is 0 or 1 the interval is Wilson's of tp / (tp + fp + fn), and says so", () => {
  const perfect = f1Score({ tp: 10, fp: 0, fn: 0 });
  const { lower: q } = proportionInterval(10, 10);
  assert.equal(perfect.value, 1);
  assert.ok(perfect.interval);
  assert.equal(perfect.interval.method, 'wilson-indirect');
  assertClose(perfect.interval.lower, (2 * q) / (1 + q), EXACT, 'lower');
  assert.equal(perfect.interval.upper, 1);
  const failed = f1Score({ tp: 0, fp: 3, fn: 5 });
  assert.ok(failed.interval);
  assert.equal(failed.interval.lower, 0);
  assert.ok(failed.interval.upper > 0.3 && failed.interval.upper < 1);
});

test('both methods stay in [0, 1] around the value, and agree for many cases', () => {
  for (const counts of [
    { tp: 1, fp: 0, fn: 1 },
    { tp: 9, fp: 1, fn: 0 },
    { tp: 1, fp: 20, fn: 3 },
  ]) {
    for (const method of ['delta', 'wilson-indirect'] as const) {
      const { value, interval } = f1Score(counts, { method });
      assert.ok(value !== null && interval !== null);
      assert.equal(interval.method, method);
      assert.ok(0 <= interval.lower && interval.lower <= value && value <= interval.upper && interval.upper <= 1);
    }
  }
  const many = { tp: 70000, fp: 20000, fn: 10000 };
  const [delta, wilson] = [f1Score(many, { method: 'delta' }).interval, f1Score(many).interval];
  assert.ok(delta && wilson);
  assert.equal(wilson.method, 'wilson-indirect');
  assertClose(delta.lower, wilson.lower, 1e-5, 'lower');
  assertClose(delta.upper, wilson.upper, 1e-5, 'upper');
});

test('without positive cases and calls F1 is null; counts that are not counts are refused', () => {
  const { value, interval } = f1Score({ tp: 0, fp: 0, fn: 0 });
  assert.deepEqual([value, interval], [null, null]);
  assert.throws(() => f1Score({ tp: 0.5, fp: 0, fn: 0 }), {
    code: 'stats/argument',
    message: /tp must be a count .* got 0.5/,
  });
});
