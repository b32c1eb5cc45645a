import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pythonTable } from '../../tests/python.ts';
import { readers, references } from '../../tests/references.ts';
import { assertClose, EXACT } from '../../tests/tolerance.ts';
import { decisionCurve } from './decision-curve.ts';

for (const { name, cases } of references) {
  for (const reader of readers) {
    test(`net benefits agree with a plain loop in Python: ${name}, ${reader}`, () => {
      const { thresholds, model, all } = pythonTable(name)[reader].netBenefit;
      decisionCurve(cases.scores[reader], cases.label, thresholds).points.forEach((point, i) => {
        assertClose(point.model, model[i] as number, EXACT, `model at ${point.threshold}`);
        assertClose(point.all, all[i] as number, EXACT, `all at ${point.threshold}`);
        const odds = (1 - point.threshold) / point.threshold;
        assertClose(point.avoidedPer100, 100 * (point.model - point.all) * odds, 1e-10, 'avoided');
        assert.equal(point.none, 0);
      });
    });
  }
}

test('a perfect model is worth the prevalence, one that calls everybody is worth treating all, a useless call costs', () => {
  const labels = [1, 0, 0, 0];
  for (const point of decisionCurve([1, 0, 0, 0], labels).points) assertClose(point.model, 0.25, EXACT, 'perfect');
  for (const point of decisionCurve([1, 1, 1, 1], labels).points) assert.equal(point.model, point.all);
  assert.equal(decisionCurve([0, 0.6, 0, 0], labels, [0.5]).points[0]?.model, -0.25);
  assert.equal(decisionCurve([0.5, 0, 0, 0], labels, [0.5]).points[0]?.model, 0.25, 'at the threshold is called');
  assert.equal(decisionCurve([0, 0, 0, 0], labels).points.length, 99);
  const all = decisionCurve([0, 0, 0, 0], labels, [0.25]).points[0]?.all as number;
  assertClose(all, 0, EXACT, 'treating all is worth nothing at the prevalence');
});

test('what is no probability and thresholds of 0 and 1 are refused', () => {
  assert.throws(() => decisionCurve([2, 0], [1, 0]), { code: 'stats/probability' });
  for (const threshold of [0, 1, Number.NaN])
    assert.throws(() => decisionCurve([1, 0], [1, 0], [threshold]), { code: 'stats/argument' });
});
