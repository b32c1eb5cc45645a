import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pythonTable } from '../../tests/python.ts';
import { readers, references } from '../../tests/references.ts';
import { assertClose, EXACT } from '../../tests/tolerance.ts';
import { auc } from './auc.ts';
import { partialAuc } from './partial-auc.ts';

for (const { name, cases, proc, sklearn } of references) {
  for (const reader of readers) {
    const scores = cases.scores[reader];
    const over = (axis: 'specificity' | 'sensitivity', lower: number, upper: number) =>
      partialAuc(scores, cases.label, { over: axis, range: [lower, upper] });

    test(`partial AUC agrees with pROC, its correction with scikit-learn: ${name}, ${reader}`, () => {
      const high = over('specificity', 0.9, 1);
      assertClose(high.area, proc[reader].partialAuc09to1, EXACT, 'pROC');
      assertClose(high.corrected, sklearn[reader].partialAucMax01, EXACT, 'scikit-learn, 0.1');
      const python = pythonTable(name)[reader];
      assertClose(over('specificity', 0.8, 1).corrected, python.partialSpecificity08to1, EXACT, 'scikit-learn, 0.2');
      assertClose(over('sensitivity', 0.9, 1).corrected, python.partialSensitivity09to1, EXACT, 'sensitivity');
    });

    test(`parts add up to the whole, and the whole is the AUC on both axes: ${name}, ${reader}`, () => {
      const whole = auc(scores, cases.label);
      for (const axis of ['specificity', 'sensitivity'] as const) {
        assertClose(over(axis, 0, 1).area, whole, EXACT, axis);
        assertClose(over(axis, 0, 1).corrected, whole, EXACT, `${axis}, corrected`);
        const parts = over(axis, 0, 0.37).area + over(axis, 0.37, 0.9).area + over(axis, 0.9, 1).area;
        assertClose(parts, whole, EXACT, `${axis}, parts`);
      }
    });
  }
}

test('chance is one half after correction, separation is 1, and worse than chance lies below one half', () => {
  const labels = [1, 1, 0, 0];
  const at = (scores: readonly number[]) => partialAuc(scores, labels, { over: 'specificity', range: [0.5, 1] });
  assertClose(at([1, 1, 1, 1]).corrected, 0.5, EXACT, 'all equal');
  assertClose(at([4, 3, 2, 1]).corrected, 1, EXACT, 'separated');
  assert.deepEqual([at([1, 2, 3, 4]).area, at([4, 3, 2, 1]).area], [0, 0.5]);
  assert.ok(at([1, 2, 3, 4]).corrected < 0.5);
});

test('ranges that are no ranges are refused', () => {
  for (const range of [
    [0.9, 0.9],
    [1, 0.9],
    [-0.1, 1],
    [0, 1.1],
    [Number.NaN, 1],
  ] as const)
    assert.throws(() => partialAuc([1, 2], [0, 1], { over: 'specificity', range }), { code: 'stats/argument' });
  assert.throws(() => partialAuc([1, 2], [1, 1], { over: 'specificity', range: [0, 1] }), { code: 'stats/classes' });
});
