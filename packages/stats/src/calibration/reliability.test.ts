import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pythonTable } from '../../tests/python.ts';
import { readers, references } from '../../tests/references.ts';
import { assertClose, EXACT } from '../../tests/tolerance.ts';
import { proportionInterval } from '../proportions/proportion.ts';
import { reliability } from './reliability.ts';

for (const { name, cases } of references) {
  for (const reader of readers) {
    test(`bins agree with scikit-learn's calibration_curve: ${name}, ${reader}`, () => {
      for (const [binning, strategy] of [
        ['equal-width', 'uniform'],
        ['equal-count', 'quantile'],
      ] as const) {
        const expected = pythonTable(name)[reader][strategy];
        const { bins, expectedError, maximumError } = reliability(cases.scores[reader], cases.label, { binning });
        assert.equal(bins.length, expected.observed.length);
        const gaps = bins.map((bin, i) => {
          assertClose(bin.observed.value, expected.observed[i] as number, EXACT, `${binning} observed ${i}`);
          assertClose(bin.predicted, expected.predicted[i] as number, EXACT, `${binning} predicted ${i}`);
          assert.ok(bin.lower <= bin.predicted && bin.predicted <= bin.upper);
          return Math.abs((expected.observed[i] as number) - (expected.predicted[i] as number));
        });
        assert.equal(
          bins.reduce((sum, { count }) => sum + count, 0),
          cases.label.length,
        );
        const weighted = gaps.reduce((sum, gap, i) => sum + gap * (bins[i]?.count as number), 0) / cases.label.length;
        assertClose(expectedError, weighted, EXACT, 'ECE');
        assertClose(maximumError, Math.max(...gaps), EXACT, 'MCE');
      }
    });
  }
}

test('an edge belongs to the bin below it; both ends are kept; intervals are those of a proportion', () => {
  const { bins, expectedError } = reliability([0, 0.5, 0.51, 1], [0, 1, 1, 1], { bins: 2, level: 0.9 });
  assert.deepEqual(
    bins.map(({ lower, upper, count }) => [lower, upper, count]),
    [
      [0, 0.5, 2],
      [0.5, 1, 2],
    ],
  );
  assert.deepEqual(bins[0]?.observed.interval, proportionInterval(1, 2, { level: 0.9 }));
  assertClose(expectedError, (0.25 + 0.245) / 2, EXACT, 'ECE');
});

test('equal probabilities fall in one bin, and a forecast of the prevalence has no error', () => {
  for (const binning of ['equal-width', 'equal-count'] as const) {
    const { bins, expectedError } = reliability([0.25, 0.25, 0.25, 0.25], [1, 0, 0, 0], { binning });
    assert.deepEqual([bins.length, expectedError], [1, 0]);
  }
  assert.equal(reliability([0.2, 0.4], [0, 0]).bins.length, 2, 'one class alone');
});

test('what is no probability, no case and no number of bins is refused', () => {
  assert.throws(() => reliability([0.2, 1.2], [0, 1]), { code: 'stats/probability', message: /\[1\].*got 1.2/ });
  assert.throws(() => reliability([0.2, Number.NaN], [0, 1]), { code: 'stats/score' });
  assert.throws(() => reliability([], []), { code: 'stats/argument' });
  assert.throws(() => reliability([0.2], [1], { bins: 0 }), { code: 'stats/argument', message: /got 0/ });
});
