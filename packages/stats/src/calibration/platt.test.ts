import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pythonTable } from '../../tests/python.ts';
import { readers, references } from '../../tests/references.ts';
import { assertClose, assertRelative } from '../../tests/tolerance.ts';
import { platt, plattProbability } from './platt.ts';

const ITERATIVE = 1e-9;
/** scikit-learn stops its quasi-Newton search early. */
const SKLEARN = 1e-4;

for (const { name, cases } of references) {
  for (const reader of readers) {
    test(`the fit is the root of the gradient that scipy finds: ${name}, ${reader}`, () => {
      const expected = pythonTable(name)[reader].platt;
      const got = platt(cases.scores[reader], cases.label);
      assertRelative(got.slope, expected.slope, ITERATIVE, 'slope');
      assertRelative(got.intercept, expected.intercept, ITERATIVE, 'intercept');
      assertRelative(got.slope, expected.sklearn[0], SKLEARN, 'slope of scikit-learn');
      assert.ok(got.iterations < 20);
    });

    test(`another unit of the score changes no probability: ${name}, ${reader}`, () => {
      const scores = cases.scores[reader];
      const fit = platt(scores, cases.label);
      const scaled = platt(
        scores.map((score) => 1e6 * score - 3e5),
        cases.label,
      );
      for (const score of [0, 0.3, 0.9])
        assertClose(
          plattProbability(scaled, 1e6 * score - 3e5),
          plattProbability(fit, score),
          ITERATIVE,
          `at ${score}`,
        );
    });
  }
}

test('separated classes have a finite fit towards the targets, equal scores the mean target', () => {
  const fit = platt([1, 2, 3, 4], [0, 0, 1, 1]);
  assert.ok(Number.isFinite(fit.slope) && fit.slope > 0);
  assertClose(plattProbability(fit, 2.5), 0.5, ITERATIVE, 'between');
  for (const constant of [0, 7, 0.1]) {
    const flat = platt([constant, constant, constant], [1, 0, 0]);
    assert.equal(flat.slope, 0);
    assertClose(plattProbability(flat, constant), (2 / 3 + 1 / 4 + 1 / 4) / 3, ITERATIVE, 'mean target');
  }
});

test('far scores stay probabilities; one class and what is no number are refused', () => {
  const fit = platt([1, 2, 3, 4], [0, 1, 0, 1]);
  assert.deepEqual([plattProbability(fit, 1e300), plattProbability(fit, -1e300)], [1, 0]);
  assert.throws(() => platt([1, 2], [1, 1]), { code: 'stats/classes' });
  assert.throws(() => platt([1, Number.NaN], [1, 0]), { code: 'stats/score' });
  assert.throws(() => plattProbability(fit, Number.NaN), { code: 'stats/score' });
});
