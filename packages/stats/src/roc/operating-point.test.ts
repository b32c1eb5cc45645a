import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readers, references } from '../../tests/references.ts';
import { assertClose, EXACT } from '../../tests/tolerance.ts';
import { confusionCounts } from '../proportions/confusion.ts';
import { fixedSensitivity, fixedSpecificity, type TargetRule } from './operating-point.ts';

const rules: readonly TargetRule[] = ['nearest', 'at-least'];

for (const { name, cases } of references) {
  for (const reader of readers) {
    const scores = cases.scores[reader];
    /** Every cut-off there is, by counting: what the chosen one must beat. */
    const all = [...new Set(scores), Number.POSITIVE_INFINITY].map((cutoff) => {
      const { tp, fp, tn, fn } = confusionCounts(scores, cases.label, cutoff);
      return { cutoff, sensitivity: tp / (tp + fn), specificity: tn / (tn + fp) };
    });

    test(`no cut-off serves a fixed rate better: ${name}, ${reader}`, () => {
      for (const target of [0, 0.5, 0.8, 0.9, 0.95, 1]) {
        for (const rule of rules) {
          for (const [point, held, free] of [
            [fixedSensitivity(scores, cases.label, { target, rule }), 'sensitivity', 'specificity'],
            [fixedSpecificity(scores, cases.label, { target, rule }), 'specificity', 'sensitivity'],
          ] as const) {
            const { tp, fp, tn, fn } = point;
            assert.deepEqual(confusionCounts(scores, cases.label, point.threshold), { tp, fp, tn, fn });
            assertClose(point.deviation, point[held] - target, EXACT, 'deviation');
            const eligible = all.filter((other) => rule === 'nearest' || other[held] >= target - EXACT);
            const distance = Math.min(...eligible.map((other) => Math.abs(other[held] - target)));
            assertClose(Math.abs(point.deviation), distance, EXACT, `${held} ${rule} ${target}`);
            const best = Math.max(
              ...eligible.filter((other) => other[held] === point[held]).map((other) => other[free]),
            );
            assert.equal(point[free], best);
          }
        }
      }
    });
  }
}

test('the nearest rate may lie below the target, at-least never does', () => {
  const scores = [9, 8, 7, 6, 5, 4, 3, 2];
  const labels = [1, 1, 1, 0, 1, 0, 0, 0]; // sensitivities 0, 1/4, 1/2, 3/4, 1
  assert.equal(fixedSensitivity(scores, labels, { target: 0.85 }).sensitivity, 0.75);
  assert.equal(fixedSensitivity(scores, labels, { target: 0.85, rule: 'at-least' }).sensitivity, 1);
  assert.equal(fixedSensitivity(scores, labels, { target: 0.9 }).sensitivity, 1);
  assert.equal(fixedSensitivity(scores, labels, { target: 0.875 }).sensitivity, 1, 'equally near: the higher');
  assert.equal(fixedSensitivity(scores, labels, { target: 0 }).threshold, Number.POSITIVE_INFINITY);
});

test('rounding of target times cases does not cost a case: 0.55 of 100 is 55.00000000000001', () => {
  const scores = Array.from({ length: 200 }, (_, i) => 200 - i);
  const labels = scores.map((score) => (score > 100 ? 1 : 0));
  const mirrored = scores.map((score) => -score);
  for (const target of [0.07, 0.28, 0.55, 0.56, 0.7, 0.9]) {
    const fixed = { target, rule: 'at-least' } as const;
    assert.equal(fixedSensitivity(scores, labels, fixed).tp, Math.round(100 * target));
    assert.equal(fixedSpecificity(mirrored, labels, fixed).tn, Math.round(100 * target));
  }
});

test('targets and rules outside their range are refused', () => {
  assert.throws(() => fixedSensitivity([1, 2], [0, 1], { target: 90 }), { code: 'stats/argument', message: /got 90/ });
  assert.throws(() => fixedSpecificity([1, 2], [0, 1], { target: 0.9, rule: 'closest' as TargetRule }), {
    code: 'stats/argument',
    message: /"closest"/,
  });
  assert.throws(() => fixedSensitivity([1, 2], [1, 1], { target: 0.9 }), { code: 'stats/classes' });
});
