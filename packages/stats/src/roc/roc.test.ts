import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readers, references } from '../../tests/references.ts';
import { assertClose, EXACT } from '../../tests/tolerance.ts';
import { confusionCounts } from '../proportions/confusion.ts';
import { auc } from './auc.ts';
import { rocCurve } from './roc.ts';

test('ties across classes are one slanted step, from threshold Infinity to the lowest score', () => {
  const { points, positives, negatives } = rocCurve([0.8, 0.5, 0.5, 0.5, 0.1], [1, 1, 0, 1, 0]);
  assert.deepEqual([positives, negatives], [3, 2]);
  assert.deepEqual(points, [
    { threshold: Number.POSITIVE_INFINITY, fpr: 0, tpr: 0, fp: 0, tp: 0 },
    { threshold: 0.8, fpr: 0, tpr: 1 / 3, fp: 0, tp: 1 },
    { threshold: 0.5, fpr: 0.5, tpr: 1, fp: 1, tp: 3 },
    { threshold: 0.1, fpr: 1, tpr: 1, fp: 2, tp: 3 },
  ]);
});

test('every point is the confusion matrix at its threshold, and the trapezoids add up to the AUC', () => {
  for (const { name, cases } of references) {
    for (const reader of readers) {
      const scores = cases.scores[reader];
      const { points } = rocCurve(scores, cases.label);
      assert.equal(points.length, new Set(scores).size + 1);
      for (const { threshold, tp, fp } of points) {
        const counts = confusionCounts(scores, cases.label, threshold);
        assert.deepEqual([tp, fp], [counts.tp, counts.fp]);
      }
      const area = points.slice(1).reduce((sum, { fpr, tpr }, i) => {
        const before = points[i] as (typeof points)[number];
        return sum + ((fpr - before.fpr) * (tpr + before.tpr)) / 2;
      }, 0);
      assertClose(area, auc(scores, cases.label), EXACT, `${name} ${reader}`);
    }
  }
});

test('typed arrays and negative scores are taken as they are', () => {
  const { points } = rocCurve(Float32Array.of(-2, -3, 0, -0), Uint8Array.of(1, 0, 1, 0));
  assert.deepEqual(
    points.map(({ tp, fp }) => [tp, fp]),
    [
      [0, 0],
      [1, 1],
      [2, 1],
      [2, 2],
    ],
  );
});

test('bad input is refused with its row, what was got and what to do', () => {
  const refused = (scores: readonly unknown[], labels: readonly unknown[]) => () =>
    rocCurve(scores as number[], labels as number[]);
  assert.throws(refused([1, 2], [1]), { code: 'stats/length', message: /2 scores and 1 labels; pass/ });
  assert.throws(refused([1, NaN], [1, 0]), { code: 'stats/score', message: /scores\[1\] .* got NaN; leave/ });
  assert.throws(refused([1, Infinity], [1, 0]), { code: 'stats/score', message: /got Infinity/ });
  assert.throws(refused([1, '0.5'], [1, 0]), { code: 'stats/score', message: /got the text "0.5"/ });
  assert.throws(refused([1, 2], [1, 2]), { code: 'stats/label', message: /labels\[1\] .* got 2; recode/ });
  assert.throws(refused([1, 2], ['1', 0]), { code: 'stats/label', message: /labels\[0\] .* got the text "1"/ });
  assert.throws(refused([1, 2], [1, 1]), { code: 'stats/classes', message: /got 2 positive and 0 negative/ });
  assert.throws(refused([], []), { code: 'stats/classes', name: 'StatsError' });
});
