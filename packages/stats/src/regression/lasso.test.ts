import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { MinimalStandard } from '../../tests/minimal-standard.ts';
import { assertClose, assertRelative } from '../../tests/tolerance.ts';
import { groupFolds } from '../cross-validation/group-folds.ts';
import { lassoLogits, lassoPath } from './lasso.ts';
import { crossValidatedLasso } from './lasso-cross-validation.ts';

/** What glmnet says of one table; references/scripts/lasso.R. */
interface GlmnetReference {
  readonly seed: number;
  readonly cases: number;
  readonly features: number;
  readonly positives: number;
  readonly penalties: readonly number[];
  readonly devianceRatio: readonly number[];
  readonly fits: readonly {
    readonly index: number;
    readonly intercept: number;
    readonly coefficients: readonly number[];
  }[];
  readonly deviance: readonly number[];
  readonly standardError: readonly number[];
  readonly best: number;
  readonly oneStandardError: number;
}

const references: Readonly<Record<string, GlmnetReference>> = JSON.parse(
  readFileSync(new URL('../../../../references/stats/lasso.json', import.meta.url), 'utf8'),
);

/** The table of lasso.R. */
function tableOf({ seed, cases, features }: Pick<GlmnetReference, 'seed' | 'cases' | 'features'>) {
  const random = new MinimalStandard(seed);
  const columns = Array.from({ length: features }, () => new Float64Array(cases));
  const labels = Array.from({ length: cases }, (_, i) => {
    const shared = random.uniform() - 0.5;
    columns.forEach((column, at) => {
      const j = at + 1;
      column[i] = (random.uniform() - 0.5 + (j % 3) * shared) * (1 + (j % 5)) + j;
    });
    const x = (j: number) => columns[j - 1]?.[i] ?? 0;
    const logit = (3 * (x(1) - 1)) / 2 - (2 * (x(4) - 4)) / 5 + (1.5 * (x(7) - 7)) / 3;
    return random.uniform() < 1 / (1 + Math.exp(-logit)) ? 1 : 0;
  });
  return { columns, labels };
}

const folds = (cases: number) => Array.from({ length: cases }, (_, i) => Math.floor(i / 2) % 5);
const TOLERANCE = 1e-6;
/** glmnet's references have it too. */
const TIGHT = { tolerance: 1e-15 };
/** Of a mean gradient: coefficients settle to the square root of the tolerance of the loss. */
const KKT = 1e-7;

for (const [name, reference] of Object.entries(references)) {
  const { columns, labels } = tableOf(reference);

  test(`the path is glmnet's: ${name}`, () => {
    assert.equal(labels.filter((label) => label === 1).length, reference.positives);
    const fits = lassoPath(columns, labels, TIGHT);
    assert.equal(fits.length, reference.penalties.length);
    fits.forEach((fit, k) => {
      assertRelative(fit.penalty, reference.penalties[k] as number, 1e-9, `penalty ${k}`);
      assertClose(fit.devianceRatio, reference.devianceRatio[k] as number, TOLERANCE, `deviance ratio ${k}`);
    });
    for (const { index, intercept, coefficients } of reference.fits) {
      const fit = fits[index];
      assertRelative(fit?.intercept ?? Number.NaN, intercept, TOLERANCE, `intercept ${index}`);
      coefficients.forEach((value, j) => {
        assertClose(
          fit?.coefficients[j] ?? Number.NaN,
          value,
          TOLERANCE * Math.max(1, Math.abs(value)),
          `coefficient ${j} at ${index}`,
        );
      });
      assert.deepEqual(
        fit?.selected,
        coefficients.flatMap((value, j) => (Math.abs(value) > 0 ? [j] : [])),
      );
    }
  });

  test(`cross-validation by patient is cv.glmnet's: ${name}`, () => {
    const found = crossValidatedLasso(columns, labels, folds(reference.cases), TIGHT);
    found.deviances.forEach(({ mean, standardError }, k) => {
      const expected = reference.deviance[k] as number;
      assertClose(mean, expected, TOLERANCE * Math.max(1, expected), `deviance ${k}`);
      assertClose(standardError, reference.standardError[k] as number, TOLERANCE, `standard error ${k}`);
    });
    assert.deepEqual([found.best, found.oneStandardError], [reference.best, reference.oneStandardError]);
  });
}

const tall = tableOf({ seed: 5, cases: 80, features: 12 });

test('every fit meets the conditions of an optimum', () => {
  const { columns, labels } = tall;
  for (const fit of lassoPath(columns, labels, { ...TIGHT, penalties: [0.1, 0.03, 0.001] })) {
    const logits = lassoLogits(fit, columns);
    const residuals = labels.map((label, i) => label - 1 / (1 + Math.exp(-(logits[i] as number))));
    columns.forEach((column, j) => {
      const mean = column.reduce((sum, value) => sum + value, 0) / column.length;
      const deviation = Math.sqrt(column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / column.length);
      const slope = column.reduce((sum, value, i) => sum + ((value - mean) / deviation) * (residuals[i] as number), 0);
      const coefficient = fit.coefficients[j] as number;
      if (coefficient === 0) assert.ok(Math.abs(slope / 80) <= fit.penalty + KKT, `feature ${j}`);
      else assertClose(slope / 80, Math.sign(coefficient) * fit.penalty, KKT, `feature ${j}`);
    });
    assertClose(
      residuals.reduce((sum, value) => sum + value, 0),
      0,
      80 * KKT,
      'residuals',
    );
  }
});

test('the unit and the zero of a feature change no probability; a constant one is never selected', () => {
  const { columns, labels } = tall;
  const [plain] = lassoPath(columns, labels, { ...TIGHT, penalties: [0.02] });
  const other = [
    ...columns.map((column, j) => column.map((value) => 10 ** (j - 6) * value - 3)),
    new Float64Array(80).fill(0.1),
  ];
  const [scaled] = lassoPath(other, labels, { ...TIGHT, penalties: [0.02] });
  assert.ok(plain && scaled);
  assert.deepEqual(scaled.selected, plain.selected);
  const [a, b] = [lassoLogits(plain, columns), lassoLogits(scaled, other)];
  a.forEach((logit, i) => {
    assertClose(b[i] as number, logit, 1e-7, `case ${i}`);
  });
  assert.equal(scaled.coefficients[12], 0);
});

test('separated classes end the path early, with finite coefficients', () => {
  const labels = Array.from({ length: 40 }, (_, i) => (i < 20 ? 0 : 1));
  const columns = [labels.map((label, i) => label * 4 + (i % 7) / 7), labels.map((_, i) => i % 3)];
  const fits = lassoPath(columns, labels);
  assert.ok(fits.length < 100);
  assert.ok(fits.every((fit) => [fit.intercept, ...fit.coefficients].every(Number.isFinite)));
  assert.deepEqual(fits[0]?.selected, []);
});

test('bad tables and penalties are refused', () => {
  const labels = [0, 1, 0, 1];
  assert.throws(() => lassoPath([], labels), { code: 'stats/argument' });
  assert.throws(() => lassoPath([[1, 2, 3]], labels), { code: 'stats/length', message: /features\[0\].*3 for 4/ });
  assert.throws(() => lassoPath([[1, 2, Number.NaN, 4]], labels), {
    code: 'stats/argument',
    message: /features\[0\]\[2\]/,
  });
  assert.throws(() => lassoPath([[1, 2, 3, 4]], [1, 1, 1, 1]), { code: 'stats/classes' });
  assert.throws(() => lassoPath([[7, 7, 7, 7]], labels), { code: 'stats/variance' });
  for (const penalties of [[0], [0.1, 0.2], [Number.NaN]])
    assert.throws(() => lassoPath([[1, 2, 3, 5]], labels, { penalties }), { code: 'stats/argument' });
  assert.throws(() => crossValidatedLasso([[1, 2, 3, 5]], labels, [0, 0]), { code: 'stats/length' });
  assert.throws(() => crossValidatedLasso([[1, 2, 3, 5]], labels, [1, 1, 1, 1]), { code: 'stats/argument' });
  assert.throws(() => crossValidatedLasso([[1, 2, 3, 5]], labels, [0, 1, 0, 1]), { code: 'stats/classes' });
});

test('folds keep patients whole and share out the classes', () => {
  const patients = Array.from({ length: 90 }, (_, i) => `p${Math.floor(i / 3)}`);
  const labels = patients.map((_, i) => (Math.floor(i / 3) % 3 === 0 && i % 3 === 0 ? 1 : 0)); // 10 of 30 have a positive case
  const found = groupFolds(patients, labels, 5, new MinimalStandard(1));
  for (let fold = 0; fold < 5; fold++) {
    const members = [...new Set(patients.filter((_, i) => found[i] === fold))];
    assert.equal(members.length, 6);
    assert.equal(members.filter((name) => Number(name.slice(1)) % 3 === 0).length, 2);
  }
  patients.forEach((name, i) => {
    assert.equal(found[i], found[patients.indexOf(name)]);
  });
  assert.notDeepEqual(found, groupFolds(patients, labels, 5, new MinimalStandard(2)));
  assert.throws(() => groupFolds(patients, labels, 11, new MinimalStandard(1)), {
    code: 'stats/classes',
    message: /got 10 with/,
  });
  assert.throws(() => groupFolds(patients, labels, 1, new MinimalStandard(1)), { code: 'stats/argument' });
});
