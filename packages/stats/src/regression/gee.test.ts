import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { references } from '../../tests/references.ts';
import { assertClose } from '../../tests/tolerance.ts';
import { type GeeCorrelation, type GeeLink, gee, geeEstimates } from './gee.ts';

/** geepack iterates to 1e-4 of a coefficient in oracle.R. */
const ITERATED = 1e-6;

const folder = new URL('../../../../references/stats/', import.meta.url);

for (const { name, cases } of references) {
  const expected = JSON.parse(readFileSync(new URL(`${name}.R.json`, folder), 'utf8'));
  for (const [measure, label] of [
    ['sens', 1],
    ['spec', 0],
  ] as const) {
    const kept = cases.label.flatMap((own, row) => (own === label ? [row] : []));
    const stacked = (['a', 'b', 'c'] as const).flatMap((model, k) => kept.map((row) => ({ row, model, k })));
    const response = stacked.map(({ row, model }) => Number((cases.scores[model][row] as number) > 0.5) === label);
    const design = [
      stacked.map(() => 1),
      stacked.map(({ k }) => Number(k === 1)),
      stacked.map(({ k }) => Number(k === 2)),
    ];
    const patients = stacked.map(({ row }) => cases.patient[row] as number);
    for (const correlation of ['independence', 'exchangeable'] as const) {
      test(`the fit agrees with geepack: ${name}, ${measure}, ${correlation}`, () => {
        const golden = expected[`gee_${measure}_${correlation}`];
        const fit = gee(response, design, patients, { correlation });
        fit.coefficients.forEach(({ estimate, standardError, z, p }, k) => {
          assertClose(estimate, golden.coef[k], ITERATED, `coefficient ${k}`);
          assertClose(standardError, golden.robustSe[k], ITERATED, `standard error ${k}`);
          // Wald's statistic is a quotient of both
          assertClose(z * z, golden.wald[k], 1e-4, `Wald ${k}`);
          assertClose(p, golden.p[k], ITERATED, `p ${k}`);
        });
        assertClose(fit.alpha, golden.alpha, ITERATED, 'alpha');
        assert.equal(fit.clusters, new Set(patients).size);
      });
    }

    test(`order of rows and names of patients do not matter: ${name}, ${measure}`, () => {
      const backwards = stacked.map((_, i) => stacked.length - 1 - i);
      const pick = <T>(column: readonly T[]) => backwards.map((i) => column[i] as T);
      const straight = geeEstimates(response, design, patients, { correlation: 'exchangeable' });
      const turned = geeEstimates(
        pick(response),
        design.map(pick),
        pick(patients).map((id) => `patient ${id}`),
        {
          correlation: 'exchangeable',
        },
      );
      straight.estimates.forEach((estimate, k) => {
        assertClose(turned.estimates[k] as number, estimate, 1e-10, `coefficient ${k}`);
        assertClose(turned.covariance[k]?.[k] as number, straight.covariance[k]?.[k] as number, 1e-10, `variance ${k}`);
      });
    });
  }
}

test('one row a patient: the sandwich of a mean is the sum of squares over n squared, exchangeable the same', () => {
  const response = [3, 5, 4, 8, 10];
  const ones = response.map(() => 1);
  const patients = ['a', 'b', 'c', 'd', 'e'];
  for (const correlation of ['independence', 'exchangeable'] as const) {
    const { coefficients, alpha } = gee(response, [ones], patients, { link: 'identity', correlation });
    assertClose(coefficients[0]?.estimate as number, 6, 1e-12, 'mean');
    assertClose(coefficients[0]?.standardError as number, Math.sqrt(34 / 25), 1e-12, 'standard error'); // 9 + 1 + 4 + 4 + 16
    assert.equal(alpha, 0);
  }
});

test('a copied patient halves the variance, a copied row within a patient changes nothing', () => {
  const response = [1, 0, 1, 1, 0, 1, 0, 1];
  const patients = [0, 0, 1, 2, 2, 3, 4, 5];
  const ones = (rows: readonly unknown[]) => [rows.map(() => 1)];
  const once = geeEstimates(response, ones(response), patients);
  const twice = geeEstimates([...response, ...response], ones([...response, ...response]), [
    ...patients,
    ...patients.map((id) => id + 10),
  ]);
  const within = geeEstimates([...response, ...response], ones([...response, ...response]), [...patients, ...patients]);
  const variance = (fit: typeof once) => fit.covariance[0]?.[0] as number;
  assertClose(variance(twice), variance(once) / 2, 1e-12, 'copied patients');
  assertClose(variance(within), variance(once), 1e-12, 'copied rows');
});

test('separation, equal columns, a correlation of 1 and bad columns are refused by name', () => {
  const ones = [1, 1, 1, 1, 1, 1];
  const group = [0, 0, 0, 1, 1, 1];
  const patients = [1, 2, 3, 4, 5, 6];
  assert.throws(() => gee([1, 0, 1, 1, 1, 1], [ones, group], patients), {
    code: 'stats/separation',
    message: /identity link/,
  });
  assert.throws(() => gee([0, 0, 0, 1, 1, 1], [ones, group], patients), { code: 'stats/separation' });
  assert.throws(() => gee([0, 1, 0, 1, 0, 1], [ones, ones], patients), {
    code: 'stats/convergence',
    message: /repeat others/,
  });
  assert.throws(() => gee([0, 0, 1, 1, 0, 0], [ones], [1, 1, 2, 2, 3, 3], { correlation: 'exchangeable' }), {
    code: 'stats/convergence',
    message: /got 1/,
  });
  assert.throws(() => gee([0, 2, 0, 1, 0, 1], [ones], patients), { code: 'stats/label' });
  assert.throws(() => gee([0, Number.NaN, 0, 1, 0, 1], [ones], patients), { code: 'stats/score', message: /row 1/ });
  assert.throws(() => gee([0, 1, 0, 1, 0, 1], [ones.slice(1)], patients), { code: 'stats/length', message: /got 5/ });
  assert.throws(() => gee([0, 1, 0, 1, 0, 1], [ones], patients.slice(1)), {
    code: 'stats/length',
    message: /clusters/,
  });
  assert.throws(() => gee([0, 1, 0, 1, 0, 1], [ones, group], [1, 1, 1, 2, 2, 2]), {
    code: 'stats/argument',
    message: /2 clusters/,
  });
  assert.throws(() => gee([0, 1, 0, 1, 0, 1], [ones], patients, { level: 1 }), { code: 'stats/level' });
  assert.throws(() => gee([0, 1, 0, 1, 0, 1], [ones], ['a', 'b', '', 'c', 'd', 'e']), {
    code: 'stats/argument',
    message: /clusters\[2\]/,
  });
  assert.throws(() => gee([0, 1, 0, 1, 0, 1], [ones], patients, { link: 'probit' as GeeLink }), {
    code: 'stats/argument',
    message: /"probit"/,
  });
  assert.throws(() => gee([0, 1, 0, 1, 0, 1], [ones], patients, { correlation: 'ar1' as GeeCorrelation }), {
    code: 'stats/argument',
  });
});
