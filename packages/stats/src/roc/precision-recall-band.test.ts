import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MinimalStandard } from '../../tests/minimal-standard.ts';
import { references } from '../../tests/references.ts';
import { assertClose, EXACT } from '../../tests/tolerance.ts';
import { quantile } from '../resampling/quantile.ts';
import { precisionRecall } from './precision-recall.ts';
import { precisionRecallBand } from './precision-recall-band.ts';

const [, { cases }] = references as [(typeof references)[number], (typeof references)[number]];
const scores = cases.scores.b;

test('a band holds the curve and ends at the prevalence', () => {
  const { points, replicates } = precisionRecallBand(scores, cases.label, { random: new MinimalStandard(3) });
  assert.deepEqual([points.length, replicates], [101, 1000]);
  for (const { precision, lower, upper, recall } of points)
    assert.ok(0 <= lower && lower <= precision && precision <= upper && upper <= 1, `at ${recall}`);
  const curve = precisionRecall(scores, cases.label).points;
  for (const { recall, precision } of points)
    assert.equal(precision, curve.find(({ tp, recall: reached }) => tp > 0 && reached >= recall - 1e-12)?.precision);
});

for (const clustered of [false, true]) {
  test(`the band is the quantiles of curves of resampled ${clustered ? 'patients' : 'cases'}`, () => {
    const units = clustered ? cases.patient : cases.label.map((_, row) => row);
    const diseased = new Set(units.filter((_, row) => cases.label[row] === 1));
    const strata = [...new Set(units)].reduce<Map<boolean, number[]>>((found, unit) => {
      found.set(diseased.has(unit), [...(found.get(diseased.has(unit)) ?? []), unit]);
      return found;
    }, new Map());
    const random = new MinimalStandard(8);
    const slow = Float64Array.from({ length: 200 }, () => {
      const drawn = [...strata.values()].flatMap((own) =>
        own.map(() => own[random.integer(0, own.length - 1)] as number),
      );
      const rows = drawn.flatMap((unit) => units.flatMap((each, row) => (each === unit ? [row] : [])));
      const { points } = precisionRecall(
        rows.map((row) => scores[row] as number),
        rows.map((row) => cases.label[row] as number),
      );
      return points.find(({ tp, recall }) => tp > 0 && recall >= 0.7 - 1e-12)?.precision as number;
    }).sort();
    const { points } = precisionRecallBand(scores, cases.label, {
      random: new MinimalStandard(8),
      replicates: 200,
      level: 0.9,
      grid: [0.7],
      ...(clustered ? { clusters: cases.patient } : {}),
    });
    assertClose(points[0]?.lower as number, quantile(slow, 0.05), EXACT, 'lower');
    assertClose(points[0]?.upper as number, quantile(slow, 0.95), EXACT, 'upper');
  });
}

test('a recall that is a count of positives up to rounding is reached there, and recall 0 at the first positive', () => {
  const labels = Array.from({ length: 200 }, (_, i) => Number(i % 2 === 0));
  const falling = labels.map((_, i) => 200 - i); // one positive, one negative, in turn
  const { points } = precisionRecallBand(falling, labels, {
    random: new MinimalStandard(1),
    replicates: 2,
    grid: [0, 0.07, 1], // 100 * 0.07 is 7.000000000000001
  });
  assert.deepEqual(
    points.map(({ precision }) => precision),
    [1, 7 / 13, 100 / 199],
  );
});

test('bad grids and one class are refused', () => {
  const random = new MinimalStandard(1);
  assert.throws(() => precisionRecallBand(scores, cases.label, { random, grid: [2] }), { code: 'stats/argument' });
  assert.throws(() => precisionRecallBand([1, 2], [0, 0], { random }), { code: 'stats/classes' });
});
