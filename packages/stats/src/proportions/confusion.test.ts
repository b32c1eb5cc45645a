import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readers, references } from '../../tests/references.ts';
import { assertClose, EXACT } from '../../tests/tolerance.ts';
import { confusion, confusionMetrics } from './confusion.ts';
import { proportionInterval } from './proportion.ts';

/**
 * The references call score > 0.5 positive (as scripts/oracle.R does), this package score >= cutoff. Six scores of the
 * tied table are 0.5 exactly; the next double above 0.5 as the cut-off is the same rule as theirs.
 */
const ABOVE_HALF = 0.5 + Number.EPSILON / 2;

for (const { name, cases, sklearn } of references) {
  for (const reader of readers) {
    test(`confusion above 0.5 agrees with scikit-learn: ${name}, ${reader}`, () => {
      const expected = sklearn[reader]['at0.5'];
      const got = confusion(cases.scores[reader], cases.label, ABOVE_HALF);
      const { tp, fp, tn, fn, ...rates } = expected;
      assert.deepEqual({ tp: got.tp, fp: got.fp, tn: got.tn, fn: got.fn }, { tp, fp, tn, fn });
      const ours = {
        acc: got.accuracy.value,
        f1: got.f1.value,
        mcc: got.mcc,
        precision: got.ppv.value,
        recall: got.sensitivity.value,
        kappa: got.kappa,
      };
      for (const [metric, value] of Object.entries(ours)) {
        assertClose(value ?? Number.NaN, rates[metric as keyof typeof ours], EXACT, metric);
      }
    });
  }
}

test('a score equal to the cut-off is called positive; the whole range of cut-offs works', () => {
  const [scores, labels] = [
    [0.2, 0.5, 0.5, 0.9],
    [false, false, true, true],
  ];
  const counts = (cutoff: number) => {
    const { tp, fp, tn, fn } = confusion(scores, labels, cutoff);
    return [tp, fp, tn, fn];
  };
  assert.deepEqual(counts(0.5), [2, 1, 1, 0]);
  assert.deepEqual(counts(0.51), [1, 0, 2, 1]);
  assert.deepEqual(counts(Number.NEGATIVE_INFINITY), [2, 2, 0, 0]);
  assert.deepEqual(counts(Number.POSITIVE_INFINITY), [0, 0, 2, 2]);
  assert.throws(() => confusion(scores, labels, Number.NaN), { code: 'stats/argument', message: /got NaN/ });
});

test('each proportion carries its fraction and the interval asked for', () => {
  const got = confusionMetrics({ tp: 80, fp: 5, tn: 95, fn: 20 }, { method: 'clopper-pearson', level: 0.9 });
  const expected = {
    sensitivity: [80, 100],
    specificity: [95, 100],
    accuracy: [175, 200],
    ppv: [80, 85],
    npv: [95, 115],
  };
  for (const [name, [x, n]] of Object.entries(expected) as [keyof typeof expected, [number, number]][]) {
    const { value, numerator, denominator, interval } = got[name];
    assert.deepEqual([value, numerator, denominator], [x / n, x, n]);
    assert.deepEqual(interval, proportionInterval(x, n, { method: 'clopper-pearson', level: 0.9 }));
  }
  assert.equal(got.f1.interval?.level, 0.9);
  assert.equal(got.sensitivity.interval?.method, 'clopper-pearson');
  assert.equal(confusionMetrics({ tp: 1, fp: 0, tn: 1, fn: 1 }).npv.interval?.method, 'wilson');
});

test('perfect, inverted and undefined matrices', () => {
  const perfect = confusionMetrics({ tp: 5, fp: 0, tn: 7, fn: 0 });
  assert.deepEqual([perfect.mcc, perfect.kappa, perfect.f1.value], [1, 1, 1]);
  const inverted = confusionMetrics({ tp: 0, fp: 6, tn: 0, fn: 6 });
  assert.deepEqual([inverted.mcc, inverted.kappa], [-1, -1]);
  const noCalls = confusionMetrics({ tp: 0, fp: 0, tn: 7, fn: 5 });
  assert.deepEqual([noCalls.ppv.value, noCalls.ppv.interval, noCalls.mcc], [null, null, null]);
  assert.equal(noCalls.kappa, 0);
  const oneClass = confusion([0.9, 0.8], [1, 1], 0.5);
  assert.deepEqual([oneClass.specificity.value, oneClass.kappa], [null, null]);
  assert.equal(oneClass.sensitivity.value, 1);
  assert.throws(() => confusionMetrics({ tp: 1, fp: -1, tn: 0, fn: 0 }), {
    code: 'stats/argument',
    message: /fp must/,
  });
});
