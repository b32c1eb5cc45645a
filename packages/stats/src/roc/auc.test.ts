import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readers, references } from '../../tests/references.ts';
import { assertClose, EXACT } from '../../tests/tolerance.ts';
import { auc } from './auc.ts';
import { midranks } from './midranks.ts';

for (const { name, cases, proc, sklearn } of references) {
  for (const reader of readers) {
    const scores = cases.scores[reader];
    test(`AUC agrees with pROC and scikit-learn: ${name}, ${reader}`, () => {
      assertClose(auc(scores, cases.label), proc[reader].auc, EXACT, 'pROC');
      assertClose(auc(scores, cases.label), sklearn[reader].auc, EXACT, 'scikit-learn');
    });

    test(`AUC keeps under a monotone transform and mirrors under swapped labels: ${name}, ${reader}`, () => {
      const value = auc(scores, cases.label);
      assert.equal(
        auc(
          scores.map((score) => Math.exp(3 * score) - 7),
          cases.label,
        ),
        value,
      );
      assertClose(
        auc(
          scores,
          cases.label.map((label) => 1 - label),
        ),
        1 - value,
        EXACT,
        'swapped labels',
      );
      assertClose(
        auc(
          scores.map((score) => -score),
          cases.label,
        ),
        1 - value,
        EXACT,
        'negated scores',
      );
    });
  }
}

for (const { name, cases } of references) {
  test(`AUC is the Mann-Whitney statistic of a loop over all pairs: ${name}`, () => {
    for (const reader of readers) {
      const of = (label: number) => cases.scores[reader].filter((_, row) => cases.label[row] === label);
      const [positives, negatives] = [of(1), of(0)];
      let halves = 0;
      for (const x of positives) for (const y of negatives) halves += x > y ? 2 : x === y ? 1 : 0;
      const pairs = positives.length * negatives.length;
      assertClose(auc(cases.scores[reader], cases.label), halves / 2 / pairs, EXACT, reader);
    }
  });
}

test('AUC counts concordant pairs, ties one half', () => {
  assert.equal(auc([3, 1, 2, 1], [1, 1, 0, 0]), 2.5 / 4);
  assert.equal(auc([1, 2], [0, 1]), 1);
  assert.equal(auc([5, 5, 5], [true, false, false]), 0.5);
});

test('midranks share the mean of tied ranks and keep the order of the rows', () => {
  assert.deepEqual([...midranks([10, 30, 10, 20, 30, 30])], [1.5, 5, 1.5, 3, 5, 5]);
  assert.deepEqual([...midranks([])], []);
});
