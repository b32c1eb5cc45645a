import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MinimalStandard } from '../../tests/minimal-standard.ts';
import { readers, references } from '../../tests/references.ts';
import { assertClose, assertRelative } from '../../tests/tolerance.ts';
import { normalQuantile } from '../distributions/normal.ts';
import { averagePrecision } from './average-precision.ts';

/** Average precision of weighted cases, from its definition: every positive's precision, pair by pair. */
function weighted(scores: readonly number[], labels: readonly number[], weights: readonly number[]): number {
  const called = (at: number, positive: boolean) =>
    scores.reduce(
      (sum, score, j) => sum + (score >= at && (labels[j] === 1 || !positive) ? (weights[j] as number) : 0),
      0,
    );
  let [area, positives] = [0, 0];
  scores.forEach((score, i) => {
    if (labels[i] !== 1) return;
    const weight = weights[i] as number;
    positives += weight;
    area += (weight * called(score, true)) / called(score, false);
  });
  return area / positives;
}

for (const { name, cases, sklearn } of references) {
  for (const reader of readers) {
    const scores = cases.scores[reader];
    test(`the value is scikit-learn's, the error the differential of the definition: ${name}, ${reader}`, () => {
      const got = averagePrecision(scores, cases.label);
      assertClose(got.averagePrecision, sklearn[reader].averagePrecision, 1e-12, 'average precision');
      const ones = scores.map(() => 1);
      const step = 1e-5;
      const slopes = scores.map((_, i) => {
        const at = (by: number) =>
          weighted(
            scores,
            cases.label,
            ones.map((weight, j) => (i === j ? weight + by : weight)),
          );
        return (at(step) - at(-step)) / (2 * step);
      });
      const variance = (clusters: readonly number[]) => {
        const sums = new Map<number, number>();
        const diseased = new Set(clusters.filter((_, i) => cases.label[i] === 1));
        clusters.forEach((cluster, i) => {
          sums.set(cluster, (sums.get(cluster) ?? 0) + (slopes[i] as number));
        });
        return [true, false].reduce((total, positive) => {
          const own = [...sums].filter(([cluster]) => diseased.has(cluster) === positive).map(([, value]) => value);
          const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
          return total + (own.length / (own.length - 1)) * own.reduce((sum, value) => sum + (value - mean) ** 2, 0);
        }, 0);
      };
      assertRelative(got.standardError ** 2, variance(cases.label.map((_, i) => i)), 1e-6, 'variance');
      const { standardError } = averagePrecision(scores, cases.label, { clusters: cases.patient });
      assertRelative(standardError ** 2, variance(cases.patient), 1e-6, 'variance with clusters');
    });
  }
}

test('the interval is symmetric on the logit scale and narrows with the level', () => {
  const [{ cases }] = references as [(typeof references)[number]];
  const { averagePrecision: value, interval } = averagePrecision(cases.scores.b, cases.label);
  const logit = (share: number) => Math.log(share / (1 - share));
  assertClose(logit(interval.upper) - logit(value), logit(value) - logit(interval.lower), 1e-12, 'symmetry');
  const narrow = averagePrecision(cases.scores.b, cases.label, { level: 0.5 }).interval;
  assert.ok(interval.lower < narrow.lower && narrow.upper < interval.upper);
});

test("its half-width is Student's quantile, on one degree of freedom less than the smaller class has cases", () => {
  const [scores, labels] = [
    [9, 8, 7, 6, 5, 4, 3, 2, 1],
    [1, 0, 1, 1, 0, 1, 0, 0, 0],
  ];
  const { averagePrecision: value, standardError, interval } = averagePrecision(scores, labels);
  const logit = (share: number) => Math.log(share / (1 - share));
  const half = (logit(interval.upper) - logit(value)) * value * (1 - value);
  assertRelative(half / standardError, 3.182446305284263, 1e-9, '0.975 on 3 degrees of freedom');
});

test('separated classes: Clopper and Pearson of as many trials as cases, or clusters, of the smaller class', () => {
  const [scores, labels] = [
    [9, 8, 7, 3, 2, 1, 0],
    [1, 1, 1, 0, 0, 0, 0],
  ];
  const { averagePrecision: value, standardError, interval } = averagePrecision(scores, labels);
  assert.deepEqual([value, standardError, interval.method, interval.upper], [1, 0, 'clopper-pearson', 1]);
  assertRelative(interval.lower, 0.025 ** (1 / 3), 1e-12, 'three');
  const clusters = [1, 1, 2, 3, 4, 5, 6];
  assertRelative(averagePrecision(scores, labels, { clusters }).interval.lower, 0.025 ** (1 / 2), 1e-12, 'two');
  assert.throws(() => averagePrecision(scores, labels, { clusters: [1, 1, 1, 3, 4, 5, 6] }), {
    code: 'stats/classes',
    message: /got 1 and 4/,
  });
  assert.throws(() => averagePrecision([1, 2, 3], [1, 0, 0]), { code: 'stats/classes' });
  // one patient without a positive case, and two others with negative ones
  const mixed = averagePrecision([9, 3, 7, 8, 2, 1, 0], labels, { clusters: [1, 2, 3, 1, 2, 3, 4] });
  assert.ok(mixed.standardError > 0 && mixed.interval.lower < mixed.averagePrecision);
});

test('at 50 cases the 95 % interval holds the truth in about 95 % of studies', () => {
  const random = new MinimalStandard(43);
  const labels = Array.from({ length: 50 }, (_, i) => Number(i < 25));
  const truth = 0.848; // of binormal scores with AUC 0.85 and half of the cases positive, by numerical integration
  const separation = Math.SQRT2 * normalQuantile(0.85);
  const trials = 800;
  let held = 0;
  for (let trial = 0; trial < trials; trial++) {
    const scores = labels.map((label) => normalQuantile(random.uniform()) + label * separation);
    const { lower, upper } = averagePrecision(scores, labels).interval;
    held += Number(lower <= truth && truth <= upper);
  }
  assertClose(held / trials, 0.95, 4 * Math.sqrt((0.95 * 0.05) / trials), 'coverage');
});
