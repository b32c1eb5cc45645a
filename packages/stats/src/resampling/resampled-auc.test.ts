import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MinimalStandard } from '../../tests/minimal-standard.ts';
import { readers, references } from '../../tests/references.ts';
import { assertClose, EXACT } from '../../tests/tolerance.ts';
import { confusionCounts } from '../proportions/confusion.ts';
import { auc } from '../roc/auc.ts';
import { fixedSensitivity } from '../roc/operating-point.ts';
import { resampledAuc } from './resampled-auc.ts';
import { resampledOperatingPoint } from './resampled-operating-point.ts';

/** A resample as multiplicities and as the rows themselves. */
function draw(count: number, random: MinimalStandard) {
  const rows = Array.from({ length: count }, () => random.integer(0, count - 1));
  const multiplicities = new Uint32Array(count);
  for (const row of rows) multiplicities[row] = (multiplicities[row] as number) + 1;
  return { rows, multiplicities };
}

for (const { name, cases } of references) {
  test(`a weighted rank sum is the AUC of the resampled rows: ${name}`, () => {
    const random = new MinimalStandard(11);
    for (const reader of readers) {
      const statistic = resampledAuc(cases.scores[reader], cases.label);
      for (let repeat = 0; repeat < 20; repeat++) {
        const { rows, multiplicities } = draw(cases.label.length, random);
        const column = (values: readonly number[]) => rows.map((row) => values[row] as number);
        const expected = auc(column(cases.scores[reader]), column(cases.label));
        assertClose(statistic(multiplicities) as number, expected, EXACT, `${reader} ${repeat}`);
      }
    }
  });

  test(`the operating point of a resample is fixedSensitivity of its rows, missing ones discarded: ${name}`, () => {
    const random = new MinimalStandard(13);
    let discarded = 0;
    for (const reader of readers) {
      for (const sensitivity of [0.5, 0.9, 1]) {
        for (const tolerance of [0.002, 1]) {
          const statistic = resampledOperatingPoint(cases.scores[reader], cases.label, {
            sensitivity,
            tolerance,
            figure: ({ tp, fp, tn, fn }) => tp + 1e3 * fp + 1e6 * tn + 1e9 * fn,
          });
          for (let repeat = 0; repeat < 8; repeat++) {
            const { rows, multiplicities } = draw(cases.label.length, random);
            const [scores, labels] = [cases.scores[reader], cases.label].map((values) =>
              rows.map((row) => values[row] as number),
            ) as [number[], number[]];
            const point = fixedSensitivity(scores, labels, { target: sensitivity });
            const { tp, fp, tn, fn } = confusionCounts(scores, labels, point.threshold);
            const missed = Math.abs(point.deviation) > tolerance + EXACT;
            discarded += missed ? 1 : 0;
            assert.equal(statistic(multiplicities), missed ? undefined : tp + 1e3 * fp + 1e6 * tn + 1e9 * fn);
          }
        }
      }
    }
    assert.ok(discarded > 0, 'some resamples miss the sensitivity');
  });
}

test('a resample of one class has no value', () => {
  const statistic = resampledAuc([1, 2, 3], [0, 1, 1]);
  assert.equal(statistic(Uint32Array.of(0, 2, 1)), undefined);
  assert.equal(statistic(Uint32Array.of(3, 0, 0)), undefined);
  assert.equal(statistic(Uint32Array.of(1, 0, 2)), 1);
  const point = resampledOperatingPoint([1, 2, 3], [0, 1, 1], { sensitivity: 0.9, figure: ({ tp }) => tp });
  assert.equal(point(Uint32Array.of(0, 1, 2)), undefined);
  assert.throws(() => resampledAuc([1, 2], [1, 1]), { code: 'stats/classes' });
  assert.throws(() => resampledOperatingPoint([1, 2], [0, 1], { sensitivity: 90, figure: () => 1 }), {
    code: 'stats/argument',
    message: /got 90/,
  });
});
