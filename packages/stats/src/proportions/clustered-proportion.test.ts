import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { references } from '../../tests/references.ts';
import { assertClose, assertRelative } from '../../tests/tolerance.ts';
import { clusteredProportion } from './clustered-proportion.ts';

const goldens = JSON.parse(readFileSync(new URL('../../../../references/stats/gee.json', import.meta.url), 'utf8'));

for (const { name, cases } of references) {
  test(`the interval is geepack's of an intercept: ${name}`, () => {
    const { coef, covariance } = goldens[`${name}_sensitivity_logit_independence`];
    const rows = cases.label.flatMap((label, row) => (label === 1 ? [row] : []));
    const { value, interval } = clusteredProportion(
      rows.map((row) => (cases.scores.a[row] as number) > 0.5),
      rows.map((row) => cases.patient[row] as number),
    );
    const expit = (x: number) => 1 / (1 + Math.exp(-x));
    const half = 1.959963984540054 * Math.sqrt(covariance[0][0]);
    assertClose(value as number, expit(coef[0]), 1e-6, 'value');
    assertClose(interval?.lower as number, expit(coef[0] - half), 1e-6, 'lower');
    assertClose(interval?.upper as number, expit(coef[0] + half), 1e-6, 'upper');
    assert.equal(interval?.method, 'robust-logit');
  });
}

test('clusters that do not differ have the exact interval of as many trials as clusters', () => {
  const right = clusteredProportion([1, 1, 1, 1], ['A', 'A', 'B', 'B']);
  assertRelative(right.interval?.lower as number, 0.025 ** (1 / 2), 1e-12, 'all');
  assert.deepEqual([right.interval?.upper, right.interval?.method], [1, 'clopper-pearson']);
  const half = clusteredProportion([1, 0, 1, 0, 1, 0, 1, 0], [1, 1, 2, 2, 3, 3, 4, 4]).interval;
  assertClose((half?.lower as number) + (half?.upper as number), 1, 1e-12, 'two of four');
  assert.ok((half?.lower as number) < 0.1);
});

test('no cases and one cluster that differs have no interval; columns of different length are refused', () => {
  assert.deepEqual(clusteredProportion([], []), { value: null, numerator: 0, denominator: 0, interval: null });
  assert.equal(clusteredProportion([1, 0], ['A', 'A']).interval, null);
  assert.throws(() => clusteredProportion([1, 0], ['A']), { code: 'stats/length' });
  assert.throws(() => clusteredProportion([1], ['A'], { level: 95 }), { code: 'stats/level' });
});
