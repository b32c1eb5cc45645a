import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MinimalStandard } from '../../tests/minimal-standard.ts';
import { references } from '../../tests/references.ts';
import { assertClose, EXACT } from '../../tests/tolerance.ts';
import { quantile } from '../resampling/quantile.ts';
import { rocCurve } from './roc.ts';
import { type RocBandPoint, rocBand } from './roc-band.ts';

const { cases } = references[1] as (typeof references)[number];
const band = (seed: number, options: object = {}) =>
  rocBand(cases.scores.b, cases.label, { random: new MinimalStandard(seed), ...options });

test('a band holds the curve, rises with the false-positive rate, and ends at 1', () => {
  const { points, replicates, level } = band(7);
  assert.deepEqual([points.length, replicates, level], [101, 1000, 0.95]);
  points.forEach(({ tpr, lower, upper, fpr }, i) => {
    const before = points[i - 1] ?? { lower: 0, upper: 0, tpr: 0 };
    assert.ok(0 <= lower && lower <= tpr && tpr <= upper && upper <= 1, `at ${fpr}: ${lower} ${tpr} ${upper}`);
    assert.ok(lower >= before.lower && upper >= before.upper && tpr >= before.tpr);
  });
  assert.deepEqual(points.at(-1), { fpr: 1, tpr: 1, lower: 1, upper: 1 });
});

test('the same source gives the same band, another source another, a lower level a narrower one', () => {
  assert.deepEqual(band(3, { replicates: 200 }), band(3, { replicates: 200 }));
  assert.notDeepEqual(band(3, { replicates: 200 }), band(4, { replicates: 200 }));
  const width = (points: readonly RocBandPoint[]) => points.reduce((sum, { lower, upper }) => sum + upper - lower, 0);
  assert.ok(width(band(3, { level: 0.5 }).points) < 0.6 * width(band(3).points));
});

test('the empirical curve is linear between points and takes the upper end of a step, at 1 - 0.9 too', () => {
  const { points } = rocCurve(cases.scores.b, cases.label);
  const tops = points.filter(({ fp }, i) => points[i + 1]?.fp !== fp);
  const got = band(1, { replicates: 2, grid: tops.map(({ fpr }) => fpr) }).points;
  tops.forEach(({ tpr }, i) => {
    assert.equal(got[i]?.tpr, tpr);
  });
  const scores = [10, 9.5, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0.5, 9.2];
  const labels = [1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
  const small = (grid: readonly number[]) =>
    rocBand(scores, labels, { random: new MinimalStandard(1), replicates: 2, grid }).points.map(({ tpr }) => tpr);
  assert.deepEqual(small([0, 1 - 0.9, 0.1, 1]), [1 / 3, 1, 1, 1]);
  const slanted = rocBand([2, 1, 1, 0], [1, 1, 0, 0], { random: new MinimalStandard(1), replicates: 2, grid: [0.25] });
  assertClose(slanted.points[0]?.tpr as number, 0.75, EXACT, 'half way up the tied step');
});

test('the band is the quantiles of ROC curves of resampled cases, drawn within each class', () => {
  // classes in the order of their first row
  const classes = [...new Set(cases.label)];
  const parts = classes.map((label) => cases.scores.b.filter((_, row) => cases.label[row] === label));
  const random = new MinimalStandard(5);
  const resample = (part: readonly number[] = []) => part.map(() => part[random.integer(0, part.length - 1)] as number);
  const sensitivityAt = (fpr: number) => {
    const sample = parts.map(resample);
    const labels = sample.flatMap((part, i) => part.map(() => classes[i] as number));
    const { points } = rocCurve(sample.flat(), labels);
    const after = points.findIndex((point) => point.fpr > fpr);
    const [left, right] = [points[after - 1], points[after]];
    if (left === undefined || right === undefined) return 1;
    return left.tpr + ((right.tpr - left.tpr) * (fpr - left.fpr)) / (right.fpr - left.fpr);
  };
  const slow = Float64Array.from({ length: 300 }, () => sensitivityAt(0.123)).sort();
  const [fast] = band(5, { replicates: 300, grid: [0.123], level: 0.9 }).points;
  assertClose(fast?.lower as number, quantile(slow, 0.05), EXACT, 'lower');
  assertClose(fast?.upper as number, quantile(slow, 0.95), EXACT, 'upper');
});

test('with clusters whole ones are drawn: clusters of one give the same band, copies of each case a wider one', () => {
  const twice = <T>(values: readonly T[]) => values.flatMap((value) => [value, value]);
  const [scores, labels] = [twice(cases.scores.b), twice(cases.label)];
  const drawn = (clusters?: readonly number[]) =>
    rocBand(scores, labels, { random: new MinimalStandard(9), replicates: 200, ...(clusters ? { clusters } : {}) });
  const single = drawn(labels.map((_, i) => i));
  assert.deepEqual(single, drawn());
  const whole = drawn(labels.map((_, i) => i >> 1));
  const plain = rocBand(cases.scores.b, cases.label, { random: new MinimalStandard(9), replicates: 200 });
  assert.deepEqual(whole, plain); // copies say nothing new, up to rates that are the same numbers
  const width = ({ points }: typeof whole) => points.reduce((sum, { lower, upper }) => sum + upper - lower, 0);
  assert.ok(width(whole) > 1.2 * width(single), `${width(whole)} and ${width(single)}`);
});

test('replicates that lack a class are left out and counted', () => {
  const clusters = ['A', 'A', 'B', 'C'];
  const random = new MinimalStandard(2);
  const { points, replicates } = rocBand([4, 3, 2, 5], [1, 0, 1, 1], { random, replicates: 400, clusters });
  assert.ok(replicates > 200 && replicates < 340, `${replicates}`); // 1 - (2/3)^3 = 0.70 of them hold A
  assert.ok((points[100]?.lower as number) === 1);
  assert.throws(() => rocBand([4, 3, 2], [1, 0, 1], { random: { integer: () => 1 }, clusters: ['A', 'A', 'B'] }), {
    code: 'stats/replicates',
  });
});

test('with separated classes every replicate is perfect', () => {
  const { points } = rocBand([4, 3, 2, 1], [1, 1, 0, 0], { random: new MinimalStandard(1), replicates: 50 });
  assert.ok(points.every(({ lower, upper }) => lower === 1 && upper === 1));
});

test('at false-positive rate 0 with one negative the band is that of a binomial proportion', () => {
  // All 40 positives but 10 outscore the one negative: sensitivity of a replicate is Binomial(40, 3/4) / 40.
  const labels = [0, ...Array.from({ length: 40 }, () => 1)];
  const scores = labels.map((label, i) => (label === 0 ? 0.5 : i <= 30 ? 1 : 0));
  const { points } = rocBand(scores, labels, { random: new MinimalStandard(11), replicates: 4000, grid: [0] });
  const [point] = points;
  assert.equal(point?.tpr, 0.75);
  // Quantiles of Binomial(40, 3/4) / 40 at 0.025 and 0.975: 0.6, 0.875; one step of 1/40 for the resampling.
  assertClose(point?.lower as number, 0.6, 1 / 40 + EXACT, 'lower');
  assertClose(point?.upper as number, 0.875, 1 / 40 + EXACT, 'upper');
});

test('bad grids, replicates and levels are refused', () => {
  assert.throws(() => band(1, { grid: [0.2, 0.1] }), { code: 'stats/argument', message: /got grid\[1\] = 0.1; sort/ });
  assert.throws(() => band(1, { grid: [50] }), { code: 'stats/argument', message: /grid\[0\] = 50/ });
  assert.throws(() => band(1, { grid: [] }), { code: 'stats/argument', message: /got none/ });
  assert.throws(() => band(1, { replicates: 1 }), { code: 'stats/argument', message: /got 1;/ });
  assert.throws(() => band(1, { level: 0 }), { code: 'stats/level' });
});

test("quantiles are R's type 7", () => {
  assert.equal(quantile([1, 2, 3, 4], 0.5), 2.5);
  assertClose(quantile([1, 2, 4, 8, 16], 0.9), 12.8, EXACT, '8 + 0.6 (16 - 8)');
  assert.deepEqual([quantile([3, 5], 0), quantile([3, 5], 1), quantile([7], 0.3)], [3, 5, 7]);
  assert.throws(() => quantile([], 0.5), { code: 'stats/argument' });
  assert.throws(() => quantile([1], 2), { code: 'stats/argument', message: /got 2/ });
});
