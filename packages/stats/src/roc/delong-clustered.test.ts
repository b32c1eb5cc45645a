import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MinimalStandard } from '../../tests/minimal-standard.ts';
import { references } from '../../tests/references.ts';
import { assertClose, assertRelative, EXACT } from '../../tests/tolerance.ts';
import { normalQuantile } from '../distributions/normal.ts';
import { bootstrap } from '../resampling/bootstrap.ts';
import { resampledAuc } from '../resampling/resampled-auc.ts';
import { delong } from './delong.ts';
import { delongOverall } from './delong-overall.ts';
import { delongPaired } from './delong-paired.ts';

/** The covariance of two AUCs as Obuchowski 1997 writes it, pair by pair. */
function plainCovariance(
  a: readonly number[],
  b: readonly number[],
  labels: readonly number[],
  clusters: readonly number[],
): number {
  const psi = (x: number, y: number) => (x > y ? 1 : x === y ? 0.5 : 0);
  const rows = labels.map((_, row) => row);
  const [positives, negatives] = [rows.filter((row) => labels[row] === 1), rows.filter((row) => labels[row] === 0)];
  const [m, n] = [positives.length, negatives.length];
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const components = (s: readonly number[]) => {
    const pair = (i: number, j: number) => psi(s[i] as number, s[j] as number);
    const area = mean(positives.map((i) => mean(negatives.map((j) => pair(i, j)))));
    const sumOver = (ids: readonly number[], cluster: number, value: (id: number) => number) =>
      ids.filter((id) => clusters[id] === cluster).reduce((sum, id) => sum + value(id) - area, 0);
    return [...new Set(clusters)].map((cluster) => ({
      x: sumOver(positives, cluster, (i) => mean(negatives.map((j) => pair(i, j)))),
      y: sumOver(negatives, cluster, (j) => mean(positives.map((i) => pair(i, j)))),
    }));
  };
  const [first, second] = [components(a), components(b)];
  const count = new Set(clusters).size;
  const holding = (ids: readonly number[]) => new Set(ids.map((id) => clusters[id])).size;
  const [i10, i01] = [holding(positives), holding(negatives)];
  const sum = (term: (k: number) => number) => first.reduce((total, _, k) => total + term(k), 0);
  const at = (k: number) => [first[k], second[k]] as [{ x: number; y: number }, { x: number; y: number }];
  const s10 = (i10 / ((i10 - 1) * m)) * sum((k) => at(k)[0].x * at(k)[1].x);
  const s01 = (i01 / ((i01 - 1) * n)) * sum((k) => at(k)[0].y * at(k)[1].y);
  const s11 = (count / (count - 1)) * sum((k) => at(k)[0].x * at(k)[1].y + at(k)[1].x * at(k)[0].y);
  return s10 / m + s01 / n + s11 / (m * n);
}

for (const { name, cases } of references) {
  const { a, b, c } = cases.scores;

  for (const [of, clusters] of [
    ['patients', cases.patient],
    ['clusters that straddle the classes', cases.label.map((_, row) => row >> 1)],
  ] as const)
    test(`with ${of} variance and covariance are Obuchowski's: ${name}`, () => {
      const covariance = plainCovariance(a, b, cases.label, clusters);
      assertRelative(
        delong(a, cases.label, { clusters }).variance,
        plainCovariance(a, a, cases.label, clusters),
        1e-9,
        'a',
      );
      const paired = delongPaired(a, b, cases.label, { clusters });
      assertClose(paired.covariance, covariance, 1e-12, 'covariance');
      const variance = plainCovariance(a, a, cases.label, clusters) + plainCovariance(b, b, cases.label, clusters);
      assertRelative(paired.standardError ** 2, variance - 2 * covariance, 1e-9, 'difference');
      const overall = delongOverall([a, b], cases.label, { clusters });
      assertRelative(overall.chiSquare, paired.z ** 2, 1e-9, 'overall test of two');
      assert.equal(delongOverall([a, b, c], cases.label, { clusters }).degreesOfFreedom, 2);
    });

  const clusters = cases.patient;
  test(`clusters of one case give DeLong's numbers: ${name}`, () => {
    const alone = cases.label.map((_, row) => row);
    const [plain, single] = [delong(a, cases.label), delong(a, cases.label, { clusters: alone })];
    assertRelative(single.variance, plain.variance, EXACT * 10, 'variance');
    assertClose(single.logitInterval.lower, plain.logitInterval.lower, EXACT * 10, 'lower');
    const pairs = [delongPaired(a, c, cases.label), delongPaired(a, c, cases.label, { clusters: alone })] as const;
    assertRelative(pairs[1].z, pairs[0].z, EXACT * 10, 'z');
  });

  test(`the clustered standard error is near that of a bootstrap of whole clusters: ${name}`, () => {
    const { standardError } = delong(a, cases.label, { clusters });
    const random = new MinimalStandard(17);
    const drawn = bootstrap(cases.label.length, resampledAuc(a, cases.label), { random, replicates: 1000, clusters });
    assertRelative(standardError, drawn.standardError, 0.12, 'standard error');
  });
}

test('copies of every case as one cluster change nothing; taken as independent they halve the variance', () => {
  const [{ cases }] = references as [(typeof references)[number]];
  const twice = <T>(values: readonly T[]) => values.flatMap((value) => [value, value]);
  const [scores, labels] = [twice(cases.scores.b), twice(cases.label)];
  const clusters = labels.map((_, row) => row >> 1);
  const once = delong(cases.scores.b, cases.label);
  const copied = delong(scores, labels, { clusters });
  assertRelative(copied.variance, once.variance, EXACT * 10, 'variance');
  assertRelative(delong(scores, labels).variance, once.variance / 2, 0.02, 'taken as independent');
});

test('separated clusters have the stand-in of as many trials as clusters; a class in one cluster is refused', () => {
  const labels = [1, 1, 1, 1, 0, 0, 0, 0];
  const scores = [9, 8, 7, 6, 4, 3, 2, 1];
  const clusters = ['A', 'A', 'B', 'B', 'C', 'C', 'D', 'E'];
  const { variance, logitInterval } = delong(scores, labels, { clusters });
  assert.deepEqual([variance, logitInterval.method], [0, 'clopper-pearson']);
  assertRelative(logitInterval.lower, 0.025 ** (1 / 2), EXACT, 'two clusters');
  assert.throws(() => delong(scores, labels, { clusters: [1, 1, 1, 1, 2, 3, 4, 5] }), {
    code: 'stats/classes',
    message: /clusters must be at least 2 with positive and 2 with negative cases, got 1 and 4/,
  });
});

test('patients with two views: the interval that knows of them covers at its level, the other one does not', () => {
  const random = new MinimalStandard(61);
  const normal = () => normalQuantile(random.uniform());
  const [trials, patients, separation] = [500, 100, Math.SQRT2 * normalQuantile(0.85)];
  const labels = Array.from({ length: 2 * patients }, (_, i) => Number(i < patients));
  const clusters = labels.map((_, i) => i >> 1);
  let [knowing, naive] = [0, 0];
  for (let trial = 0; trial < trials; trial++) {
    const shared = Array.from({ length: patients }, normal);
    const scores = labels.map(
      (label, i) => (3 * (shared[i >> 1] as number) + normal()) / Math.sqrt(10) + label * separation,
    );
    const holds = ({ logitInterval: { lower, upper } }: ReturnType<typeof delong>) => lower <= 0.85 && 0.85 <= upper;
    knowing += Number(holds(delong(scores, labels, { clusters })));
    naive += Number(holds(delong(scores, labels)));
  }
  assertClose(knowing / trials, 0.95, 4 * Math.sqrt((0.95 * 0.05) / trials), 'clustered');
  assert.ok(naive / trials < 0.9, `${naive / trials}`);
});
