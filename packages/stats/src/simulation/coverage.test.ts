import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MinimalStandard } from '../../tests/minimal-standard.ts';
import { assertClose } from '../../tests/tolerance.ts';
import { coverage } from './coverage.ts';
import { binormalAveragePrecision } from './scenarios.ts';

test('the intervals meant for small studies cover near their level, the textbook ones do not at n = 50', () => {
  const trials = 600;
  const rows = coverage({ random: new MinimalStandard(29), trials, sizes: [50, 200], auc: 0.95, proportion: 0.93 });
  const at = (cases: number, quantity: string, method: string) => {
    const row = rows.find((r) => r.cases === cases && r.quantity === quantity && r.method === method);
    assert.ok(row, `${quantity} ${method} ${cases}`);
    return row.coverage;
  };
  const fourSigma = 4 * Math.sqrt((0.95 * 0.05) / trials);
  for (const cases of [50, 200]) {
    assertClose(at(cases, 'auc', 'delong-logit'), 0.95, fourSigma, `logit ${cases}`);
    assertClose(at(cases, 'proportion', 'wilson'), 0.95, fourSigma, `Wilson ${cases}`);
    assertClose(at(cases, 'f1', 'wilson-indirect'), 0.95, fourSigma, `F1 ${cases}`);
    assertClose(at(cases, 'auc of patients', 'clustered-logit'), 0.95, fourSigma, `patients ${cases}`);
    assertClose(at(cases, 'average precision', 'logit'), 0.95, fourSigma, `average precision ${cases}`);
  }
  assert.ok(at(50, 'auc', 'delong-plain') < 0.9);
  assert.ok(at(50, 'proportion', 'wald') < 0.9);
  assert.ok(at(50, 'proportion', 'clopper-pearson') >= 0.95);
  assert.ok(at(200, 'auc of patients', 'delong-logit') < 0.93); // takes two views of a patient as two patients
});

test('the truth is that of the scores: coverage at every level, bootstrap included', () => {
  const rows = coverage({ random: new MinimalStandard(31), trials: 150, sizes: [120], level: 0.8, replicates: 100 });
  assert.deepEqual(
    rows.filter(({ quantity }) => quantity === 'auc').map(({ method }) => method),
    ['delong-plain', 'delong-logit', 'percentile', 'bca'],
  );
  for (const row of rows) {
    if (row.quantity === 'proportion of patients' && row.method === 'wilson') continue; // takes cases as independent
    if (row.quantity === 'auc of patients' && row.method === 'delong-logit') continue;
    assertClose(row.coverage, 0.8, 4 * Math.sqrt((0.8 * 0.2) / 150), `${row.quantity} ${row.method}`);
    assertClose(row.standardError ** 2, (row.coverage * (1 - row.coverage)) / 150, 1e-12, 'standard error');
    assert.ok(row.meanWidth > 0 && row.meanWidth < 0.35);
  }
});

test('average precision of binormal scores: 0.5 without a distance, 1 far apart, 0.848 at an AUC of 0.85', () => {
  assertClose(binormalAveragePrecision(0), 0.5, 1e-9, 'none');
  assertClose(binormalAveragePrecision(20), 1, 1e-9, 'far');
  // scikit-learn on 2,000,000 scores of numpy gives 0.8475
  assertClose(binormalAveragePrecision(1.4657657), 0.8475, 0.001, '0.85');
});

test('what cannot be simulated is refused', () => {
  const random = new MinimalStandard(1);
  for (const options of [{ trials: 0 }, { sizes: [3] }, { sizes: [51] }, { auc: 1 }, { proportion: 0 }])
    assert.throws(() => coverage({ random, ...options }), { code: 'stats/argument' });
  assert.throws(() => coverage({ random, level: 95 }), { code: 'stats/level' });
});
