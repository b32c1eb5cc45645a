import assert from 'node:assert/strict';
import { test } from 'node:test';
import { delong, delongPaired } from '@mammoscope/stats';
import { aucDifference, modelFigures } from './figures.ts';
import type { ComparedCases } from './reproduction.ts';

const positive = [true, true, true, true, false, false, false, false];
const FIRST = [0.9, 0.8, 0.7, 0.3, 0.6, 0.4, 0.2, 0.1];
const SECOND = [0.9, 0.2, 0.7, 0.3, 0.6, 0.4, 0.8, 0.1];
const cases = (patients = positive.map((_, i) => `p${i}`)): ComparedCases => ({
  ...{ case: 'lesion', patients, positive },
  models: new Map(),
});
const model = (scores: readonly number[]) => ({ scores, cutoff: 0.5 });
const close = (a: number | null | undefined, b: number, tolerance = 1e-9) =>
  assert.ok(Math.abs((a ?? Number.NaN) - b) <= tolerance, `${a} is not ${b}`);

test('one repetition has the figures of its cases, clustered where a patient has several', () => {
  const { auc, sensitivity } = modelFigures([{ cases: cases(), overlap: 0, model: model(FIRST) }]);
  close(auc.value, 14 / 16);
  close(auc.interval?.[0], delong(FIRST, positive).logitInterval.lower);
  assert.deepEqual([sensitivity.numerator, sensitivity.denominator], [3, 4]);
  const pairs = ['a', 'a', 'b', 'b', 'c', 'c', 'd', 'd'];
  const clustered = modelFigures([{ cases: cases(pairs), overlap: 0, model: model(FIRST) }]);
  close(clustered.auc.interval?.[0], delong(FIRST, positive, { clusters: pairs }).logitInterval.lower);
  assert.notEqual(clustered.auc.interval?.[0], auc.interval?.[0]);
});

test("several repetitions have their mean, Student's interval, and a wider one where they share patients", () => {
  const repetition = (scores: readonly number[], overlap: number) => ({
    cases: cases(),
    overlap,
    model: model(scores),
  });
  const aucs = [14 / 16, 9 / 16]; // counted by hand: of 16 pairs FIRST has two in the wrong order, SECOND seven
  const mean = (14 + 9) / 32;
  const deviation = Math.sqrt(aucs.reduce((sum, auc) => sum + (auc - mean) ** 2, 0));
  const t = 12.706204736174707; // Student's t, 0.975, one degree of freedom (R: qt(0.975, 1))
  for (const overlap of [0, 0.25]) {
    const { auc } = modelFigures([repetition(FIRST, overlap), repetition(SECOND, overlap)]);
    close(auc.value, mean);
    close(auc.interval?.[0], Math.max(0, mean - t * deviation * Math.sqrt(1 / 2 + overlap)));
    close(auc.interval?.[1], Math.min(1, mean + t * deviation * Math.sqrt(1 / 2 + overlap)));
  }
});

test('a difference of AUCs is tested by DeLong in one repetition and by Student over several', () => {
  const repetition = (first: readonly number[], second: readonly number[]) => ({
    ...{ cases: cases(), overlap: 0 },
    first: model(first),
    second: model(second),
  });
  const one = aucDifference([repetition(FIRST, SECOND)]);
  close(one.difference, 5 / 16);
  close(one.p, delongPaired(FIRST, SECOND, positive).p);
  assert.match(one.test, /DeLong/);
  const same = aucDifference([repetition(FIRST, FIRST), repetition(SECOND, SECOND)]);
  assert.deepEqual([same.difference, same.p], [0, 1]);
  const several = aucDifference([repetition(FIRST, SECOND), repetition(FIRST, FIRST), repetition(FIRST, SECOND)]);
  close(several.difference, 10 / 48);
  close(several.p, 0.18350341907227397); // R: t.test(c(5/16, 0, 5/16))$p.value
  assert.match(several.test, /3 repetitions/);
});
