import assert from 'node:assert/strict';
import { test } from 'node:test';
import { references } from '../../tests/references.ts';
import { assertClose, assertRelative, EXACT } from '../../tests/tolerance.ts';
import { twoSidedDeviate } from '../interval.ts';
import { delongCovariance } from './delong.ts';
import { delongPaired } from './delong-paired.ts';

/** d log p / d log z is about z^2, 36 for the largest z here. */
const P_VALUE = 1e-10;

const pairs = [
  ['paired_ab', 'a', 'b'],
  ['paired_ac', 'a', 'c'],
  ['paired_bc', 'b', 'c'],
] as const;

for (const { name, cases, paired, proc } of references) {
  for (const [key, a, b] of pairs) {
    test(`the paired test agrees with pROC: ${name}, ${a} and ${b}`, () => {
      const got = delongPaired(cases.scores[a], cases.scores[b], cases.label);
      assertRelative(got.z, paired[key].z, EXACT, 'z');
      assertRelative(got.p, paired[key].p, P_VALUE, 'p');
      assertClose(got.difference, proc[a].auc - proc[b].auc, EXACT, 'difference');
      const half = twoSidedDeviate(0.95) * got.standardError;
      assertClose(got.interval.lower, got.difference - half, EXACT, 'lower');
      assertClose(got.interval.upper, got.difference + half, EXACT, 'upper');
    });

    test(`the standard error is that of the covariance matrix, and exchange flips the sign: ${name}, ${a} and ${b}`, () => {
      const got = delongPaired(cases.scores[a], cases.scores[b], cases.label);
      const { covariance } = delongCovariance([cases.scores[a], cases.scores[b]], cases.label);
      const [[varA, covAB], [, varB]] = covariance as [[number, number], [number, number]];
      assertRelative(got.standardError ** 2, varA + varB - 2 * covAB, EXACT, 'variance of the difference');
      assert.equal(got.covariance, covAB);
      const exchanged = delongPaired(cases.scores[b], cases.scores[a], cases.label);
      assert.deepEqual([exchanged.difference, exchanged.z, exchanged.p], [-got.difference, -got.z, got.p]);
    });
  }
}

test('scores that rank alike do not differ; a difference without variance is refused', () => {
  const labels = [1, 0, 1, 0, 1, 0];
  const scores = [0.9, 0.8, 0.7, 0.3, 0.2, 0.1];
  const same = delongPaired(
    scores,
    scores.map((score) => score ** 3),
    labels,
  );
  assert.deepEqual([same.difference, same.standardError, same.z, same.p], [0, 0, 0, 1]);
  const inverted = [3, 1, 4, 2, 5, 0].map((score) => -score);
  assert.throws(() => delongPaired([3, 1, 4, 2, 5, 0], inverted, labels), {
    code: 'stats/variance',
    message: /got AUCs 1 and 0/,
  });
});

test('columns of different length are refused, whichever is short', () => {
  assert.throws(() => delongPaired([1, 2, 3, 4], [1, 2, 3], [1, 0, 1, 0]), {
    code: 'stats/length',
    message: /3 scores/,
  });
});
