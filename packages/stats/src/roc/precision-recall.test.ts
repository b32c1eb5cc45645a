import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pythonTable } from '../../tests/python.ts';
import { readers, references } from '../../tests/references.ts';
import { assertClose, EXACT } from '../../tests/tolerance.ts';
import { precisionRecall } from './precision-recall.ts';

for (const { name, cases, sklearn } of references) {
  for (const reader of readers) {
    test(`curve and average precision agree with scikit-learn: ${name}, ${reader}`, () => {
      const got = precisionRecall(cases.scores[reader], cases.label);
      assertClose(got.averagePrecision, sklearn[reader].averagePrecision, EXACT, 'average precision');
      const { thresholds, precision, recall } = pythonTable(name)[reader].precisionRecall;
      thresholds.forEach((threshold, i) => {
        const point = got.points[i];
        assert.equal(point?.threshold, threshold);
        assertClose(point?.precision as number, precision[i] as number, EXACT, `precision ${i}`);
        assertClose(point?.recall as number, recall[i] as number, EXACT, `recall ${i}`);
      });
      const last = got.points.at(-1);
      assert.equal(last?.recall, 1);
      assertClose(last?.precision as number, got.prevalence, EXACT, 'everybody called');
    });
  }
}

test('equal scores have the prevalence, separation has 1', () => {
  assert.equal(precisionRecall([1, 1, 1, 1], [1, 0, 0, 0]).averagePrecision, 0.25);
  assert.equal(precisionRecall([4, 3, 2, 1], [1, 1, 0, 0]).averagePrecision, 1);
  assert.throws(() => precisionRecall([1, 2], [0, 0]), { code: 'stats/classes' });
});
