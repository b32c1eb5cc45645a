import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupsOf } from '../reader-study/study.ts';
import { analysesOf } from './analyses.ts';
import type { Evaluated } from './evaluated.ts';

/** Ten images, half of them positive; scores that rank two pairs wrong. */
const positive = [false, false, false, true, false, true, false, true, true, true];
const scores = [0.05, 0.1, 0.2, 0.3, 0.35, 0.5, 0.6, 0.7, 0.8, 0.9];
const single = { model: 'a', role: 'single' as const, scores, cutoff: 0.5 };
const validation = { scores: [0.2, 0.4, 0.6, 0.8], positive: [false, true, false, true] };

const evaluated = (
  models: readonly Evaluated['headline'][],
  headline = models[0] as Evaluated['headline'],
): Evaluated => ({
  models,
  headline,
  positive,
  dataset: 'test split',
  validation,
  cutoffRule: 'largest Youden index on the validation images',
  seed: 1,
});

test('operating points: tables add up to the images, cut-offs are those of the validation images', () => {
  const { operatingPoints = [] } = analysesOf(evaluated([single]));
  assert.equal(operatingPoints.length, 3);
  for (const { tp, fp, fn, tn, cutoff } of operatingPoints) {
    const called = scores.map((score) => score >= (cutoff?.value ?? Infinity));
    assert.equal(tp, called.filter((yes, i) => yes && positive[i]).length);
    assert.equal(fp, called.filter((yes, i) => yes && !positive[i]).length);
    assert.deepEqual([tp + fn, fp + tn], [5, 5]);
  }
  // Of the validation images 0.4 and 0.8 are positive: both are called from 0.4 on; 0.8 calls no negative.
  assert.deepEqual(
    operatingPoints.map(({ cutoff }) => cutoff?.value),
    [0.5, 0.4, 0.8],
  );
});

test('a cut-off that calls nothing positive is left out, and its table says so', () => {
  const { operatingPoints = [] } = analysesOf(evaluated([{ ...single, cutoff: Infinity }]));
  const [first] = operatingPoints;
  assert.equal(first?.cutoff, undefined);
  assert.deepEqual([first?.tp, first?.fp, first?.fn, first?.tn], [0, 0, 5, 5]);
  assert.deepEqual(first?.ppv, { value: null, interval: null });
});

test('calibration before and after counts every image once; net benefit of treating all is the prevalence at 0', () => {
  const { calibration = [], decision = [] } = analysesOf(evaluated([single]));
  const curves = calibration[0]?.curves ?? [];
  assert.deepEqual(
    curves.map(({ name }) => name),
    ['as trained', 'after Platt scaling'],
  );
  for (const { bins } of curves) {
    assert.equal(
      bins.reduce((sum, { count }) => sum + count, 0),
      10,
    );
    const shares = bins.reduce((sum, { count, observed }) => sum + count * (observed.value ?? Number.NaN), 0);
    assert.ok(Math.abs(shares - 5) < 1e-12);
  }
  const brier = scores.reduce((sum, score, i) => sum + (score - Number(positive[i])) ** 2, 0) / 10;
  assert.ok(Math.abs((curves[0]?.brier ?? 0) - brier) < 1e-12);
  const atOnePercent = decision[0]?.all[0];
  assert.ok(Math.abs((atOnePercent?.netBenefit ?? 0) - (0.5 - (0.5 * 0.01) / 0.99)) < 1e-12);
});

test('models are compared pair by pair, of many the headline with each; models that tell all apart are not tested', () => {
  assert.deepEqual(analysesOf(evaluated([single])).comparisons, []);
  const other = (model: string, seed: number) => ({
    ...single,
    model,
    scores: scores.map((score, i) => (score * (1 + ((i * seed) % 7))) / 7),
  });
  const three = [single, other('b', 3), other('c', 5)];
  const [all] = analysesOf(evaluated(three)).comparisons ?? [];
  assert.deepEqual(
    all?.pairs.map(({ first, second }) => first + second),
    ['ab', 'ac', 'bc'],
  );
  for (const { p, adjustedP = Number.NaN } of all?.pairs ?? []) assert.ok(adjustedP >= p && adjustedP <= 1);
  const four = [...three, { ...single, model: 'd', role: 'ensemble' as const }];
  const [many] = analysesOf(evaluated(four, four[3])).comparisons ?? [];
  assert.deepEqual(
    many?.pairs.map(({ first, second }) => first + second),
    ['da', 'db', 'dc'],
  );
  assert.deepEqual(
    [many?.pairs.length, many?.adjustedPairs, many?.pairs.every(({ adjustedP }) => adjustedP !== undefined)],
    [3, 6, true],
  );
  assert.equal(all?.adjustedPairs, undefined);
  const perfect = { ...single, model: 'p', scores: positive.map(Number) };
  const useless = { ...single, model: 'u', scores: positive.map(() => 0.5) };
  assert.deepEqual(analysesOf(evaluated([perfect, useless])).comparisons?.[0]?.pairs, []);
});

test('average precision has its interval, and the headline a band around its curve', () => {
  const { precisionRecall: curves = [] } = analysesOf(evaluated([single, { ...single, model: 'b' }]));
  const [first, second] = curves;
  // of 0.9, 0.8, 0.7 all are positive; then 4 of 5 (0.5), 5 of 7 (0.3)
  assert.ok(Math.abs((first?.averagePrecision?.value ?? 0) - (3 + 4 / 5 + 5 / 7) / 5) < 1e-12);
  const [lower = 0, upper = 0] = first?.averagePrecision?.interval ?? [];
  assert.ok(0 < lower && lower < 0.9 && upper > 0.95 && upper < 1, `${lower} ${upper}`);
  assert.equal(first?.band?.recall.length, 101);
  assert.match(first?.band?.description ?? '', /^95 % interval, 1000 bootstrap replicates of images$/);
  assert.equal(second?.band, undefined);
});

test('subgroups: AUC of the headline in each, numbers in bands; too few of a class have no AUC and say so', () => {
  assert.deepEqual(analysesOf(evaluated([single])).subgroups, []);
  const vendor = ['A', 'A', 'A', 'A', 'A', 'B', 'B', 'B', 'B', 'A'];
  const age = ['', '40', '41', '42', '43', '51', '52', '53', '54', '44'];
  const by = [
    { column: 'vendor', groups: groupsOf('m.csv', vendor, { column: 'vendor' }) },
    { column: 'age', groups: groupsOf('m.csv', age, { column: 'age', edges: [50] }) },
  ];
  const [analysis] = analysesOf({ ...evaluated([single]), by }).subgroups ?? [];
  assert.deepEqual(
    analysis?.groups.map(({ name, rows }) => [
      name,
      ...rows.map(({ label, cases, positives }) => [label, cases, positives]),
    ]),
    [
      ['vendor', ['A', 6, 2], ['B', 4, 3]],
      ['age', ['<50', 5, 2], ['>=50', 4, 3], ['missing', 1, 0]],
    ],
  );
  // vendor A: positives 0.3 and 0.9 against 0.05, 0.1, 0.2 and 0.35: 7 of 8 pairs
  assert.equal(analysis?.groups[0]?.rows[0]?.estimate.value, 7 / 8);
  assert.deepEqual(analysis?.groups[0]?.rows[1]?.estimate, {
    value: null,
    undefinedReason: 'a class has fewer than two images',
  });
  assert.equal(analysis?.overall?.estimate.value, 22 / 25);
});

test('every two models are compared in every measure; a headline that comes last is drawn first, with the sign turned', () => {
  const flat = { ...single, model: 'b', scores: scores.map((score, i) => (i % 2 === 0 ? 0.4 : score)) };
  const models = ['a', 'c', 'd'].map((model) => ({ ...single, model }));
  const evaluation = evaluated([...models, flat], flat);
  const { comparisons = [], pairwise = [] } = analysesOf(evaluation);
  const table = pairwise[0]?.pairs ?? [];
  assert.equal(table.length, 6);
  const last = table.find(({ first, second }) => first === 'a' && second === 'b');
  const drawn = comparisons[0]?.pairs.find(({ second }) => second === 'a');
  assert.ok(last?.auc && drawn && last.auc.difference !== 0);
  assert.equal(drawn.first, 'b');
  assert.equal(drawn.difference, -last.auc.difference);
  assert.deepEqual(drawn.interval, last.auc.interval?.map((bound) => -bound).reverse());
  assert.equal(last.sensitivity?.difference, 4 / 5 - flat.scores.filter((s, i) => positive[i] && s >= 0.5).length / 5);
  assert.match(
    pairwise[0]?.test ?? '',
    /images taken as independent; the other measures by generalised .* independent$/,
  );
});

test('with patients as clusters every part says so, and a subgroup needs two patients of a class', () => {
  const clusters = scores.map((_, i) => `p${Math.floor(i / 2)}`);
  const views = scores.map((_, i) => (i < 6 ? 'CC' : 'MLO'));
  const by = [{ column: 'view', groups: groupsOf('m.csv', views, { column: 'view' }) }];
  const models = [single, { ...single, model: 'b', scores: scores.map((score, i) => (i % 3 === 0 ? 0.4 : score)) }];
  const { comparisons, pairwise, precisionRecall, subgroups, operatingPoints } = analysesOf({
    ...evaluated(models),
    ...{ clusters, by },
  });
  assert.match(comparisons?.[0]?.test ?? '', /Obuchowski 1997, patients as clusters$/);
  assert.match(pairwise?.[0]?.test ?? '', /estimating equations, patients as clusters$/);
  assert.match(precisionRecall?.[0]?.band?.description ?? '', /replicates of patients$/);
  const [cc, mlo] = subgroups?.[0]?.groups[0]?.rows ?? [];
  assert.equal(mlo?.estimate.undefinedReason, 'a class has fewer than two patients');
  assert.ok(cc?.estimate.interval);
  const apart = analysesOf(evaluated(models));
  assert.notDeepEqual(operatingPoints?.[0]?.accuracy?.interval, apart.operatingPoints?.[0]?.accuracy?.interval);
});
