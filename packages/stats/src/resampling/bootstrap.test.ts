import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MinimalStandard } from '../../tests/minimal-standard.ts';
import { python } from '../../tests/python.ts';
import { type Reference, references } from '../../tests/references.ts';
import { assertClose, EXACT } from '../../tests/tolerance.ts';
import { delong } from '../roc/delong.ts';
import { bootstrap } from './bootstrap.ts';
import { resampledAuc } from './resampled-auc.ts';
import { clusterClasses, type ResampledStatistic } from './units.ts';

const random = () => new MinimalStandard(7);

/** The mean of a resample. */
const meanOf =
  (x: ArrayLike<number>): ResampledStatistic =>
  (multiplicities) => {
    const total = multiplicities.reduce((sum, times, i) => sum + times * (x[i] as number), 0);
    return total / multiplicities.reduce((sum, times) => sum + times, 0);
  };

test('percentile and BCa agree with scipy.stats.bootstrap on the same resamples', () => {
  const { x, seed, replicates, percentile, bca, standardError } = python.bootstrap;
  for (const [method, [lower, upper]] of [
    ['percentile', percentile],
    ['bca', bca],
  ] as const) {
    const got = bootstrap(x.length, meanOf(x), { random: new MinimalStandard(seed), replicates, method });
    assert.equal(got.interval.method, method);
    assertClose(got.interval.lower, lower, EXACT, `${method} lower`);
    assertClose(got.interval.upper, upper, EXACT, `${method} upper`);
    assertClose(got.standardError, standardError, EXACT, 'standard error');
    assert.deepEqual([got.kept, got.discarded, got.units], [replicates, 0, x.length]);
  }
});

test('a cluster is drawn whole: copies of every case in a cluster change nothing', () => {
  const { x } = python.bootstrap;
  const twice = x.flatMap((value) => [value, value]);
  const clusters = twice.map((_, i) => `patient ${i >> 1}`);
  const single = bootstrap(x.length, meanOf(x), { random: random(), method: 'bca' });
  const clustered = bootstrap(twice.length, meanOf(twice), { random: random(), clusters, method: 'bca' });
  assert.equal(clustered.units, x.length);
  assertClose(clustered.interval.lower, single.interval.lower, EXACT, 'lower');
  assertClose(clustered.interval.upper, single.interval.upper, EXACT, 'upper');
  const unclustered = bootstrap(twice.length, meanOf(twice), { random: random() });
  assert.ok(unclustered.standardError < 0.8 * clustered.standardError, 'copies taken as independent look more certain');
});

test('strata keep their numbers in every replicate', () => {
  const strata = [...'aaabbbbbbb'];
  const size = (multiplicities: Uint32Array, stratum: string) =>
    multiplicities.reduce((sum, times, i) => sum + (strata[i] === stratum ? times : 0), 0);
  const sizes = new Set<string>();
  const statistic = (multiplicities: Uint32Array) => {
    sizes.add(`${size(multiplicities, 'a')} ${size(multiplicities, 'b')}`);
    return multiplicities[0];
  };
  bootstrap(10, statistic, { random: random(), strata });
  assert.deepEqual([...sizes], ['3 7']);
  bootstrap(10, statistic, { random: random() });
  assert.ok(sizes.size > 3);
});

test('patients stratified by class keep the number of diseased patients, whole', () => {
  const patients = ['p', 'p', 'q', 'q', 'r', 'r', 's'];
  const labels = [0, 1, 0, 0, true, true, false];
  const strata = clusterClasses(labels, patients);
  assert.deepEqual([...strata], [1, 1, 0, 0, 1, 1, 0]);
  const diseased = new Set<number>();
  const statistic = (multiplicities: Uint32Array) => {
    assert.equal(multiplicities[0], multiplicities[1], 'both cases of p');
    diseased.add((multiplicities[0] as number) + (multiplicities[4] as number));
    return 1;
  };
  bootstrap(7, statistic, { random: random(), clusters: patients, strata });
  assert.deepEqual([...diseased], [2]);
  assert.throws(() => clusterClasses([0, 1], ['p']), { code: 'stats/length' });
  assert.throws(() => clusterClasses([0, 2], ['p', 'q']), { code: 'stats/label' });
});

test('the standard error of an AUC is near that of DeLong, and BCa with strata keeps inside [0, 1]', () => {
  const { cases } = references[0] as Reference;
  const statistic = resampledAuc(cases.scores.b, cases.label);
  const got = bootstrap(cases.label.length, statistic, { random: random(), strata: cases.label, method: 'bca' });
  const expected = delong(cases.scores.b, cases.label);
  assertClose(got.estimate, expected.auc, EXACT, 'estimate');
  assertClose(got.standardError / expected.standardError, 1, 0.06, 'standard error');
  assertClose(got.interval.lower, expected.logitInterval.lower, 0.01, 'lower');
  assertClose(got.interval.upper, expected.logitInterval.upper, 0.01, 'upper');
  assert.equal(got.interval.method, 'bca');
});

test('replicates of one class are dropped and counted, or drawn again', () => {
  const [scores, labels] = [
    [4, 2, 3, 1],
    [1, 0, 0, 0],
  ];
  const statistic = resampledAuc(scores, labels);
  const dropped = bootstrap(4, statistic, { random: random(), replicates: 1000 });
  assert.equal(dropped.kept + dropped.discarded, 1000);
  // no positive with probability (3/4)^4, no negative with (1/4)^4
  assertClose(dropped.discarded / 1000, 0.75 ** 4 + 0.25 ** 4, 0.06, 'discarded');
  const redrawn = bootstrap(4, statistic, { random: random(), replicates: 1000, discards: 'redraw' });
  assert.equal(redrawn.kept, 1000);
  assert.ok(redrawn.discarded > 300);
});

test('where BCa is undefined the percentile interval stands in and says so', () => {
  const separated = bootstrap(6, resampledAuc([6, 5, 4, 3, 2, 1], [1, 1, 1, 0, 0, 0]), {
    random: random(),
    method: 'bca',
  });
  assert.deepEqual(
    [separated.interval.lower, separated.interval.upper, separated.interval.method],
    [1, 1, 'percentile'],
  );
  const lonePositive = bootstrap(4, resampledAuc([1, 3, 2, 0], [1, 0, 0, 0]), { random: random(), method: 'bca' });
  assert.equal(lonePositive.interval.method, 'percentile');
  // A sum over the units drawn at least once is below the estimate in every replicate.
  const distinct = (multiplicities: Uint32Array) =>
    multiplicities.reduce((sum, times, i) => sum + (times > 0 ? i : 0), 0);
  const below = bootstrap(40, distinct, { random: random(), method: 'bca' });
  assert.equal(below.interval.method, 'percentile');
  assert.ok(below.interval.upper < below.estimate);
});

test('bad input is refused: clusters across strata, columns that differ, replicates, statistics without a value', () => {
  const statistic = resampledAuc([1, 2, 3], [0, 1, 1]);
  const options = { random: random() };
  assert.throws(() => bootstrap(3, statistic, { ...options, clusters: ['p', 'p', 'q'], strata: [0, 1, 1] }), {
    code: 'stats/cluster',
    message: /cluster "p" in stratum "1" \(row 1\)/,
  });
  assert.throws(() => bootstrap(3, statistic, { ...options, clusters: [1, 2] }), { code: 'stats/length' });
  for (const replicates of [99, 100_001, 250.5])
    assert.throws(() => bootstrap(3, statistic, { ...options, replicates }), { code: 'stats/argument' });
  assert.throws(() => bootstrap(3, statistic, { ...options, level: 1 }), { code: 'stats/level' });
  assert.throws(() => bootstrap(0, statistic, options), { code: 'stats/argument' });
  assert.throws(() => bootstrap(3, () => undefined, options), { code: 'stats/variance' });
  const once = (multiplicities: Uint32Array) => (multiplicities.every((times) => times === 1) ? 1 : undefined);
  for (const discards of ['drop', 'redraw'] as const)
    assert.throws(() => bootstrap(9, once, { ...options, discards }), { code: 'stats/replicates' });
});

test('2,000 clustered replicates of the AUC of 10,000 images take under 3 s', () => {
  const source = random();
  const clusters = Uint32Array.from({ length: 10_000 }, (_, i) => i >> 2);
  const labels = Uint8Array.from(clusters, (patient) => (patient % 5 === 0 ? 1 : 0));
  const scores = Float64Array.from(labels, (label) => source.uniform() + label / 2);
  const before = process.cpuUsage();
  const { kept, units } = bootstrap(10_000, resampledAuc(scores, labels), { random: source, clusters });
  const { user, system } = process.cpuUsage(before);
  assert.deepEqual([kept, units], [2000, 2500]);
  assert.ok(user + system < 3e6, `${(user + system) / 1e6} s of processor time`);
});
