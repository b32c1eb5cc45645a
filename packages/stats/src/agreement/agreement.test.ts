import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { references } from '../../tests/references.ts';
import { assertClose } from '../../tests/tolerance.ts';
import { cohenKappa, type KappaWeights } from './cohen-kappa.ts';
import { fleissKappa } from './fleiss-kappa.ts';
import { matthews } from './matthews.ts';
import { mcnemar, pairedCounts } from './mcnemar.ts';

const folder = new URL('../../../../references/stats/', import.meta.url);
const goldens = JSON.parse(readFileSync(new URL('agreement.json', folder), 'utf8'));

const CLOSED = 1e-9;

/** statsmodels' z of 1.96 is exact, so intervals agree as well. */
test('kappa, its standard errors and its interval agree with statsmodels, for all weights', () => {
  for (const { a, b, weights, ...golden } of goldens.cohen) {
    const got = cohenKappa(a, b, { weights: weights as KappaWeights });
    assertClose(got.value, golden.value, CLOSED, `${weights} value`);
    assertClose(got.standardError, golden.standardError, CLOSED, `${weights} standard error`);
    assertClose(got.z, golden.z, CLOSED, `${weights} z`);
    assertClose(got.p, golden.p, CLOSED, `${weights} p`);
    assertClose(got.interval.lower, golden.lower, CLOSED, `${weights} lower`);
    assertClose(got.interval.upper, golden.upper, CLOSED, `${weights} upper`);
  }
});

test('kappa: symmetry, names, perfect and inverted agreement, a category that nobody used', () => {
  const [a, b] = [
    [1, 2, 3, 3, 2, 1, 2],
    [1, 2, 2, 3, 3, 1, 1],
  ];
  for (const weights of ['none', 'linear', 'quadratic'] as const) {
    const forth = cohenKappa(a, b, { weights });
    const back = cohenKappa(b, a, { weights });
    assertClose(forth.value, back.value, 1e-12, 'exchange of raters');
    assertClose(forth.standardError, back.standardError, 1e-12, 'exchange of raters');
    const names = cohenKappa(
      a.map((x) => `BI-RADS ${x}`),
      b.map((x) => `BI-RADS ${x}`),
      { weights },
    );
    assert.equal(names.value, forth.value);
    assert.deepEqual(names.categories, ['BI-RADS 1', 'BI-RADS 2', 'BI-RADS 3']);
    const same = cohenKappa(a, a, { weights });
    assert.deepEqual([same.value, same.interval.lower, same.interval.upper], [1, 1, 1]);
  }
  assert.equal(cohenKappa([0, 1], [1, 0]).value, -1);
  assert.equal(cohenKappa(a, b, { categories: [1, 2, 3, 4] }).value, cohenKappa(a, b).value);
  assert.ok(
    cohenKappa(a, b, { weights: 'linear', categories: [1, 2, 3, 4] }).value !==
      cohenKappa(a, b, { weights: 'linear' }).value,
  );
  assert.deepEqual(cohenKappa(a, b).table, [
    [2, 0, 0],
    [1, 1, 1],
    [0, 1, 1],
  ]);
});

test('kappa refuses one category, columns of unequal length and missing ratings', () => {
  assert.throws(() => cohenKappa([1, 1], [1, 1]), { code: 'stats/classes', message: /in one/ });
  assert.throws(() => cohenKappa([], []), { code: 'stats/classes' });
  assert.throws(() => cohenKappa([1, 2], [1]), { code: 'stats/length' });
  assert.throws(() => cohenKappa([1, Number.NaN], [1, 2]), { code: 'stats/score', message: /a\[1\]/ });
  assert.throws(() => cohenKappa([1, 5], [1, 2], { categories: [1, 2] }), {
    code: 'stats/argument',
    message: /"5" in row 1/,
  });
});

test("Fleiss' kappa agrees with statsmodels, its standard error with irrCAC's (Gwet)", () => {
  for (const { counts, value, gwetStandardError, z } of goldens.fleiss) {
    const got = fleissKappa(counts);
    assertClose(got.value, value, CLOSED, 'value');
    assertClose(got.standardError, gwetStandardError, 1e-5, 'standard error'); // printed to five decimals
    assertClose(got.z, z, CLOSED, 'z');
  }
});

test("Fleiss' kappa: its standard error is near the jackknife's; perfect agreement; refusals", () => {
  const { counts } = goldens.fleiss[1];
  const { value, standardError } = fleissKappa(counts);
  const left = counts.map(
    (_: number[], i: number) => fleissKappa(counts.filter((__: number[], j: number) => j !== i)).value,
  );
  const mean = left.reduce((sum: number, x: number) => sum + x, 0) / left.length;
  const squares = left.reduce((sum: number, x: number) => sum + (x - mean) ** 2, 0);
  assertClose(standardError / Math.sqrt(((left.length - 1) / left.length) * squares), 1, 0.05, 'jackknife');
  assert.ok(value > 0);
  const perfect = fleissKappa([
    [3, 0],
    [0, 3],
    [3, 0],
  ]);
  assert.deepEqual([perfect.value, perfect.standardError, perfect.interval.lower], [1, 0, 1]);
  assert.throws(
    () =>
      fleissKappa([
        [3, 0],
        [3, 0],
      ]),
    { code: 'stats/classes' },
  );
  assert.throws(
    () =>
      fleissKappa([
        [3, 0],
        [1, 1],
      ]),
    { code: 'stats/argument', message: /counts\[1\]/ },
  );
  assert.throws(
    () =>
      fleissKappa([
        [1, 0],
        [0, 1],
      ]),
    { code: 'stats/argument' },
  );
});

test("McNemar's p values agree with statsmodels and a sum over the binomial distribution", () => {
  for (const { onlyA, onlyB, exact, chiSquare, corrected, midP } of goldens.mcnemar) {
    const counts = { both: 20, onlyA, onlyB, neither: 10 };
    assertClose(mcnemar(counts).p, exact, CLOSED, 'exact');
    assertClose(mcnemar(counts, { method: 'chi-square' }).p, chiSquare, CLOSED, 'chi-square');
    // statsmodels leaves the correction negative at an even split, which squares to p < 1
    if (onlyA !== onlyB)
      assertClose(mcnemar(counts, { method: 'chi-square-corrected' }).p, corrected, CLOSED, 'corrected');
    assertClose(mcnemar(counts, { method: 'mid-p' }).p, midP, CLOSED, 'mid-p');
  }
  assert.equal(mcnemar({ both: 1, onlyA: 7, onlyB: 7, neither: 0 }, { method: 'chi-square-corrected' }).p, 1);
});

test("McNemar from columns agrees with R's mcnemar.test", () => {
  for (const { name, cases } of references) {
    const golden = JSON.parse(readFileSync(new URL(`${name}.R.json`, folder), 'utf8')).mcnemar_ab;
    const right = (scores: readonly number[]) => scores.map((score, row) => score > 0.5 === (cases.label[row] === 1));
    const counts = pairedCounts(right(cases.scores.a), right(cases.scores.b));
    assertClose(mcnemar(counts, { method: 'chi-square-corrected' }).p, golden.p, CLOSED, name);
    assert.equal(counts.both + counts.onlyA + counts.onlyB + counts.neither, cases.label.length);
  }
});

test('McNemar: no discordant pairs, exchange, an interval inside [-1, 1], refusals', () => {
  for (const method of ['exact', 'mid-p', 'chi-square', 'chi-square-corrected'] as const) {
    assert.equal(mcnemar({ both: 5, onlyA: 0, onlyB: 0, neither: 2 }, { method }).p, 1);
    const forth = mcnemar({ both: 5, onlyA: 3, onlyB: 8, neither: 2 }, { method });
    const back = mcnemar({ both: 5, onlyA: 8, onlyB: 3, neither: 2 }, { method });
    assert.deepEqual(
      [forth.p, forth.difference, forth.interval.lower],
      [back.p, -back.difference, -back.interval.upper],
    );
  }
  const extreme = mcnemar({ both: 0, onlyA: 3, onlyB: 0, neither: 0 });
  assert.ok(extreme.interval.upper <= 1 && extreme.interval.lower < extreme.difference && extreme.difference === 1);
  assert.throws(() => pairedCounts([1, 0], [1]), { code: 'stats/length' });
  assert.throws(() => pairedCounts([1, 2], [1, 0]), { code: 'stats/label', message: /a\[1\]/ });
  assert.throws(() => mcnemar({ both: 0, onlyA: 0, onlyB: 0, neither: 0 }), { code: 'stats/argument' });
});

test('the Matthews correlation and its delta-method error agree with a numerical gradient', () => {
  for (const { counts, value, standardError } of goldens.matthews) {
    const [tp, fp, tn, fn] = counts;
    const got = matthews({ tp, fp, tn, fn });
    assertClose(got.value, value, 1e-12, 'value');
    assertClose(got.standardError, standardError, 1e-8, 'standard error'); // central differences of step 1e-6
    assert.ok(got.interval.lower < value && value < got.interval.upper);
    // Exchanged calls flip everything
    const flipped = matthews({ tp: fn, fp: tn, tn: fp, fn: tp });
    assertClose(flipped.value, -value, 1e-12, 'flipped');
    assertClose(flipped.interval.lower, -got.interval.upper, 1e-12, 'flipped limit');
  }
});

test('Matthews: a perfect table keeps a lower limit, an empty margin is refused', () => {
  const perfect = matthews({ tp: 20, fp: 0, tn: 30, fn: 0 });
  assert.deepEqual([perfect.value, perfect.interval.upper, perfect.interval.method], [1, 1, 'clopper-pearson']);
  // The value of the table whose rates are the lower limits 0.025^(1/20) and 0.025^(1/30)
  const [se, sp] = [0.025 ** (1 / 20), 0.025 ** (1 / 30)];
  const [tp, fn, tn, fp] = [20 * se, 20 * (1 - se), 30 * sp, 30 * (1 - sp)];
  const expected = (tp * tn - fp * fn) / Math.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn));
  assertClose(perfect.interval.lower, expected, 1e-9, 'lower');
  const wrong = matthews({ tp: 0, fp: 30, tn: 0, fn: 20 });
  assert.deepEqual([wrong.value, wrong.interval.lower], [-1, -1]);
  assertClose(wrong.interval.upper, -expected, 1e-9, 'upper');
  assert.throws(() => matthews({ tp: 0, fp: 0, tn: 5, fn: 5 }), {
    code: 'stats/classes',
    message: /0 called positive/,
  });
  assert.throws(() => matthews({ tp: 0.5, fp: 0, tn: 5, fn: 5 }), { code: 'stats/argument' });
});
