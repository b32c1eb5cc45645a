import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pythonTable } from '../../tests/python.ts';
import { readers, references } from '../../tests/references.ts';
import { assertClose, EXACT } from '../../tests/tolerance.ts';
import { isotonic, isotonicProbability } from './isotonic.ts';

for (const { name, cases } of references) {
  for (const reader of readers) {
    test(`probabilities agree with scikit-learn's IsotonicRegression: ${name}, ${reader}`, () => {
      const { at, probabilities } = pythonTable(name)[reader].isotonic;
      const fit = isotonic(cases.scores[reader], cases.label);
      at.forEach((score, i) => {
        assertClose(isotonicProbability(fit, score), probabilities[i] as number, EXACT, `at ${score}`);
      });
    });

    test(`the fit rises and keeps the number of positives: ${name}, ${reader}`, () => {
      const fit = isotonic(cases.scores[reader], cases.label);
      assert.ok(fit.probabilities.every((p, i) => i === 0 || p >= (fit.probabilities[i - 1] as number)));
      const sum = cases.scores[reader].reduce((total, score) => total + isotonicProbability(fit, score), 0);
      const positives = cases.label.reduce((total, label) => total + label, 0);
      assertClose(sum, positives, 1e-10, 'sum of probabilities');
    });
  }
}

test('ties are averaged, violators pooled, and a score that falls with risk is flat', () => {
  assert.deepEqual([...isotonic([1, 1, 2], [1, 0, 1]).probabilities], [0.5, 1]);
  const falling = isotonic([1, 2, 3, 4], [1, 1, 0, 0]);
  assert.deepEqual(
    [[...falling.scores], [...falling.probabilities]],
    [
      [1, 4],
      [0.5, 0.5],
    ],
  );
  assert.deepEqual([...isotonic([5, 5, 5], [1, 0, 0]).probabilities], [1 / 3]);
  assert.deepEqual([...isotonic([1, 2, 3, 4], [0, 0, 0, 1]).scores], [1, 3, 4], 'a flat stretch is its two ends');
  const fit = isotonic([1, 2], [0, 1]);
  assert.deepEqual(
    [-9, 1, 1.25, 2, 9].map((score) => isotonicProbability(fit, score)),
    [0, 0, 0.25, 1, 1],
  );
});

test('one class and what is no number are refused', () => {
  assert.throws(() => isotonic([1, 2], [1, 1]), { code: 'stats/classes' });
  assert.throws(() => isotonicProbability(isotonic([1, 2], [0, 1]), Number.POSITIVE_INFINITY), { code: 'stats/score' });
});
