import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readers, references } from '../../tests/references.ts';
import { assertClose, EXACT } from '../../tests/tolerance.ts';
import { brier } from './brier.ts';
import { reliability } from './reliability.ts';

for (const { name, cases, sklearn } of references) {
  for (const reader of readers) {
    const probabilities = cases.scores[reader];

    test(`the score agrees with scikit-learn and its parts add up: ${name}, ${reader}`, () => {
      const exact = brier(probabilities, cases.label);
      assertClose(exact.score, sklearn[reader].brier, EXACT, 'score');
      assertClose(exact.withinBins, 0, EXACT, 'nothing left over');
      assertClose(exact.skill as number, 1 - exact.score / exact.uncertainty, EXACT, 'skill');
    });

    test(`with bins, what is left over is the spread within bins less its covariance: ${name}, ${reader}`, () => {
      const curve = reliability(probabilities, cases.label);
      const { withinBins } = brier(probabilities, cases.label, curve);
      // Stephenson et al. 2008, equation 6: mean of (f - fbar)^2 less twice (f - fbar)(o - obar), by bin
      let total = 0;
      probabilities.forEach((f, row) => {
        const bin = curve.bins.find(({ lower, upper }) => (lower === 0 ? f >= 0 : f > lower) && f <= upper);
        const [df, dObserved] = [
          f - (bin?.predicted as number),
          (cases.label[row] as number) - (bin?.observed.value as number),
        ];
        total += df ** 2 - 2 * df * dObserved;
      });
      assertClose(withinBins, total / probabilities.length, EXACT, 'withinBins');
    });
  }
}

test('a forecast of the prevalence has neither reliability nor resolution; certainty is 0 or 1', () => {
  const climate = brier([0.25, 0.25, 0.25, 0.25], [1, 0, 0, 0]);
  assert.deepEqual([climate.reliability, climate.resolution, climate.score, climate.skill], [0, 0, 0.1875, 0]);
  assert.equal(brier([1, 0], [1, 0]).score, 0);
  assert.equal(brier([0, 1], [1, 0]).score, 1);
  assert.equal(brier([0.1, 0.1], [0, 0]).skill, undefined, 'one class has no uncertainty');
  assert.throws(() => brier([-0.1], [0]), { code: 'stats/probability' });
});
