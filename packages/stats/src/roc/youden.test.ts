import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readers, references } from '../../tests/references.ts';
import { assertClose, EXACT } from '../../tests/tolerance.ts';
import { confusion } from '../proportions/confusion.ts';
import { youden } from './youden.ts';

for (const { name, cases, sklearn } of references) {
  for (const reader of readers) {
    test(`the largest Youden index and its thresholds agree with scikit-learn: ${name}, ${reader}`, () => {
      const got = youden(cases.scores[reader], cases.label);
      const expected = sklearn[reader].youden;
      assertClose(got.index, expected.max, EXACT, 'index');
      assert.deepEqual(got.thresholds, expected.thresholds);
      assert.equal(got.threshold, expected.thresholds[0]);
      const at = confusion(cases.scores[reader], cases.label, got.threshold);
      assert.deepEqual([got.sensitivity, got.specificity], [at.sensitivity.value, at.specificity.value]);
      assertClose(got.sensitivity + got.specificity - 1, got.index, EXACT, 'J');
    });
  }
}

test('of tied thresholds all are returned and the most specific is chosen', () => {
  const got = youden([6, 5, 4, 3, 2, 1], [1, 1, 0, 1, 0, 0]); // tp - fp down the scores: 1 2 1 2 1 0
  assert.deepEqual(got.thresholds, [5, 3]);
  assert.deepEqual([got.threshold, got.specificity, got.sensitivity, got.index], [5, 1, 2 / 3, 2 / 3]);
});

test('rounding does not break a tie: 0.3 - 0.1 is below 0.2 in floating point', () => {
  const order = [1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1];
  assert.ok(3 / 10 - 1 / 10 < 2 / 10);
  assert.deepEqual(
    youden(
      order.map((_, i) => 20 - i),
      order,
    ).thresholds,
    [19, 17],
  );
});

test('where no cut-off beats chance the index is 0 and nobody is called positive', () => {
  const got = youden([1, 2], [1, 0]);
  assert.deepEqual(got, { index: 0, threshold: Infinity, sensitivity: 0, specificity: 1, thresholds: [Infinity, 1] });
});
