import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertClose } from '../../tests/tolerance.ts';
import { averageCorrectConfidence } from './average-correct-confidence.ts';

test('the mean confidence of right calls, by hand', () => {
  // Right: 0.9 and 0.5 (called positive), 0.2 (confidence 0.8). Wrong: 0.4 of a positive, 0.7 of a negative.
  const got = averageCorrectConfidence([0.9, 0.4, 0.5, 0.2, 0.7], [1, 1, 1, 0, 0]);
  assertClose(got.value, (0.9 + 0.5 + 0.8) / 3, 1e-12, 'value');
  assert.deepEqual([got.correct, got.cases], [3, 5]);
  assertClose(
    averageCorrectConfidence([0.9, 0.4, 0.2], [1, 1, 0], 0.3).value,
    (0.9 + 0.4 + 0.8) / 3,
    1e-12,
    'cut-off 0.3',
  );
});

test('exchanging the classes changes nothing; it does not fall when right calls grow surer', () => {
  const [p, labels] = [
    [0.95, 0.3, 0.6, 0.15],
    [1, 0, 0, 0],
  ];
  const turned = averageCorrectConfidence(
    p.map((x) => 1 - x),
    labels.map((y) => 1 - y),
  );
  assertClose(turned.value, averageCorrectConfidence(p, labels).value, 1e-12, 'exchange');
});

test('no right call, a score that is no probability and NaN are refused', () => {
  assert.throws(() => averageCorrectConfidence([0.1, 0.9], [1, 0]), { code: 'stats/classes', message: /none of 2/ });
  assert.throws(() => averageCorrectConfidence([0.1, 1.9], [1, 0]), { code: 'stats/probability', message: /\[1\]/ });
  assert.throws(() => averageCorrectConfidence([0.1, Number.NaN], [1, 0]), { code: 'stats/score' });
  assert.throws(() => averageCorrectConfidence([0.1, 0.2], [1, 0], 2), { code: 'stats/argument' });
});
