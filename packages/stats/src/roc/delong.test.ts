import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MinimalStandard } from '../../tests/minimal-standard.ts';
import { readers, references } from '../../tests/references.ts';
import { assertClose, assertRelative, EXACT } from '../../tests/tolerance.ts';
import { normalQuantile } from '../distributions/normal.ts';
import { delong, delongCovariance, placements } from './delong.ts';

for (const { name, cases, proc } of references) {
  for (const reader of readers) {
    test(`DeLong variance and interval agree with pROC: ${name}, ${reader}`, () => {
      const got = delong(cases.scores[reader], cases.label);
      const expected = proc[reader];
      assertClose(got.auc, expected.auc, EXACT, 'auc');
      assertRelative(got.variance, expected.delongVar, EXACT, 'variance');
      assertClose(got.interval.lower, expected.delongCi[0], EXACT, 'lower');
      assertClose(got.interval.upper, expected.delongCi[1], EXACT, 'upper');
      assert.equal(got.standardError, Math.sqrt(got.variance));
      assert.equal(got.positives + got.negatives, cases.label.length);
    });
  }
}

test('placements are the pair counts of the definition, in the order of the rows', () => {
  const { cases } = references[1] as (typeof references)[number];
  const scores = cases.scores.a;
  const of = (label: number) => scores.filter((_, row) => cases.label[row] === label);
  const [positives, negatives] = [of(1), of(0)];
  const psi = (x: number, y: number) => (x > y ? 1 : x === y ? 0.5 : 0);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const got = placements(scores, cases.label);
  positives.forEach((x, i) => {
    assertClose(got.positive[i] as number, mean(negatives.map((y) => psi(x, y))), EXACT, `V10 of positive ${i}`);
  });
  negatives.forEach((y, j) => {
    assertClose(got.negative[j] as number, mean(positives.map((x) => psi(x, y))), EXACT, `V01 of negative ${j}`);
  });
});

test('the covariance matrix is symmetric, its diagonal the variances', () => {
  const { cases } = references[0] as (typeof references)[number];
  const { aucs, covariance } = delongCovariance(
    readers.map((reader) => cases.scores[reader]),
    cases.label,
  );
  readers.forEach((reader, i) => {
    const alone = delong(cases.scores[reader], cases.label);
    assert.equal(aucs[i], alone.auc);
    assert.equal(covariance[i]?.[i], alone.variance);
    readers.forEach((_, j) => {
      assert.equal(covariance[i]?.[j], covariance[j]?.[i]);
    });
  });
  assert.throws(() => delongCovariance([], cases.label), { code: 'stats/argument' });
});

test('the logit interval follows the delta method and stays in [0, 1] where the plain one is cut', () => {
  const [scores, labels] = [
    [9, 8, 7, 6, 4.5, 5, 4, 3, 2, 1],
    [1, 1, 1, 1, 1, 0, 0, 0, 0, 0],
  ];
  const { auc, standardError, interval, logitInterval } = delong(scores, labels);
  assert.equal(auc, 0.96);
  assert.equal(interval.upper, 1);
  assert.equal(logitInterval.method, 'logit');
  assert.ok(
    0 < logitInterval.lower && logitInterval.lower < auc && auc < logitInterval.upper && logitInterval.upper < 1,
  );
  const logit = (value: number) => Math.log(value / (1 - value));
  const half = (normalQuantile(0.975) * standardError) / (auc * (1 - auc));
  assertClose(logit(logitInterval.upper) - logit(auc), half, EXACT * 10, 'upper, logits');
  assertClose(logit(auc) - logit(logitInterval.lower), half, EXACT * 10, 'lower, logits');
});

test('separated classes and constant scores have variance 0; the stand-in is Clopper-Pearson and says so', () => {
  const labels = [1, 1, 1, 0, 0, 0, 0, 0];
  const perfect = delong([9, 8, 7, 1, 2, 3, 4, 5], labels);
  assert.deepEqual([perfect.auc, perfect.variance, perfect.interval.lower], [1, 0, 1]);
  assert.equal(perfect.logitInterval.method, 'clopper-pearson');
  assertRelative(perfect.logitInterval.lower, 0.025 ** (1 / 3), EXACT, 'three disjoint pairs');
  assert.equal(perfect.logitInterval.upper, 1);
  const inverted = delong([-9, -8, -7, -1, -2, -3, -4, -5], labels);
  assert.deepEqual([inverted.auc, inverted.logitInterval.lower], [0, 0]);
  assertClose(inverted.logitInterval.upper, 1 - perfect.logitInterval.lower, EXACT, 'mirrored');
  const constant = delong([0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3], labels);
  assert.deepEqual([constant.auc, constant.variance, constant.logitInterval.method], [0.5, 0, 'clopper-pearson']);
  assert.ok(constant.logitInterval.lower < 0.1 && constant.logitInterval.upper > 0.9);
});

test('a class with one case has no variance; levels outside (0, 1) are refused', () => {
  assert.throws(() => delong([1, 2, 3], [1, 0, 0]), {
    code: 'stats/classes',
    message: /at least 2 positive .* got 1 positive/,
  });
  assert.throws(() => delong([1, 2, 3, 4], [1, 0, 0, 1], { level: 1 }), { code: 'stats/level' });
});

test('coverage of both 95 % intervals on binormal scores is near nominal', () => {
  const random = new MinimalStandard(20140);
  const separation = 1.2;
  const truth = 0.8019; // Phi(1.2 / sqrt 2)
  const labels = Array.from({ length: 80 }, (_, i) => (i < 40 ? 1 : 0));
  const repeats = 600;
  let [plain, logit] = [0, 0];
  for (let repeat = 0; repeat < repeats; repeat++) {
    const scores = labels.map((label) => normalQuantile(random.uniform()) + label * separation);
    const { interval, logitInterval } = delong(scores, labels);
    if (interval.lower <= truth && truth <= interval.upper) plain++;
    if (logitInterval.lower <= truth && truth <= logitInterval.upper) logit++;
  }
  const fourSigma = 4 * Math.sqrt((0.95 * 0.05) / repeats);
  assertClose(plain / repeats, 0.95, fourSigma, 'plain');
  assertClose(logit / repeats, 0.95, fourSigma, 'logit');
});

test('1,000,000 scores take under 3 s', () => {
  const random = new MinimalStandard(5);
  const labels = Uint8Array.from({ length: 1_000_000 }, (_, i) => i & 1);
  const scores = Float64Array.from(labels, (label) => random.uniform() + label / 4);
  const before = process.cpuUsage();
  const { auc } = delong(scores, labels);
  const { user, system } = process.cpuUsage(before);
  assertClose(auc, 1 - 0.75 ** 2 / 2, 0.002, 'uniforms a quarter apart');
  assert.ok(user + system < 3e6, `${(user + system) / 1e6} s of processor time`);
});
