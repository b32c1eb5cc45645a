import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { references } from '../../tests/references.ts';
import { assertClose, assertRelative } from '../../tests/tolerance.ts';
import { twoSidedDeviate } from '../interval.ts';
import { type GeeMeasure, geeComparison } from './gee-comparison.ts';

const goldens = JSON.parse(readFileSync(new URL('../../../../references/stats/gee.json', import.meta.url), 'utf8'));

/** geepack's iteration stops between 1e-8 and 1e-10 even where it is asked for less. */
const ITERATED = 1e-6;

const measures: readonly GeeMeasure[] = ['sensitivity', 'specificity', 'accuracy', 'ppv', 'npv'];

for (const { name, cases } of references) {
  const models = (['a', 'b', 'c'] as const).map((model) => ({
    name: model,
    calls: cases.scores[model].map((score) => score > 0.5),
  }));
  for (const measure of measures) {
    for (const link of ['logit', 'identity'] as const) {
      for (const correlation of ['independence', 'exchangeable'] as const) {
        test(`the comparison agrees with geepack: ${name}, ${measure}, ${link}, ${correlation}`, () => {
          const golden = goldens[`${name}_${measure}_${link}_${correlation}`];
          // independence is the default
          const working = correlation === 'independence' ? {} : { correlation };
          const got = geeComparison(models, cases.label, cases.patient, measure, { link, ...working });
          got.models.forEach(({ value, standardError, interval, numerator, denominator }, k) => {
            const beta = golden.coef[k];
            const expit = (eta: number) => (link === 'logit' ? 1 / (1 + Math.exp(-eta)) : eta);
            const root = Math.sqrt(golden.covariance[k][k]);
            const slope = link === 'logit' ? expit(beta) * (1 - expit(beta)) : 1;
            assertClose(value, expit(beta), ITERATED, 'value');
            assertClose(standardError, root * slope, ITERATED, 'standard error');
            const half = twoSidedDeviate(0.95) * root;
            assertClose(interval.lower, Math.max(0, expit(beta - half)), ITERATED, 'lower');
            assertClose(interval.upper, Math.min(1, expit(beta + half)), ITERATED, 'upper');
            if (correlation === 'independence') assertClose(value, numerator / denominator, 1e-12, 'fraction');
          });
          assertRelative(got.overall.chiSquare, golden.chiSquare, ITERATED, 'chi-square');
          assert.equal(got.overall.degreesOfFreedom, 2);
          assertClose(got.overall.p, golden.p, ITERATED, 'p');
          got.pairs.forEach(({ z }, k) => {
            assertClose(z, golden.z[k], 1e-5, `z ${k}`);
          });
          assertClose(got.alpha, golden.alpha, ITERATED, 'alpha');
        });
      }
    }
  }
}

const labels = [1, 1, 1, 1, 0, 0, 0, 0];
const patients = ['p', 'q', 'r', 's', 'p', 't', 'u', 'v'];
const model = (name: string, text: string) => ({ name, calls: [...text].map(Number) });

test('exchange of two models changes signs alone; with two the overall test is the square of z', () => {
  const [a, b] = [model('a', '11100100'), model('b', '10101100')];
  const [forth, back] = [
    geeComparison([a, b], labels, patients, 'accuracy', { correlation: 'independence' }),
    geeComparison([b, a], labels, patients, 'accuracy', { correlation: 'independence' }),
  ];
  assertClose(forth.pairs[0]?.z as number, -(back.pairs[0]?.z as number), 1e-12, 'z');
  assertClose(forth.pairs[0]?.difference as number, -(back.pairs[0]?.difference as number), 1e-12, 'difference');
  assertClose((forth.pairs[0]?.z as number) ** 2, forth.overall.chiSquare, 1e-10, 'chi-square');
  assertClose(forth.pairs[0]?.p as number, forth.overall.p, 1e-10, 'p');
});

test('models that agree in every call do not differ: z = 0, p = 1, and one degree of freedom less', () => {
  const [a, b] = [model('a', '11100100'), model('b', '10101100')];
  const twins = geeComparison([a, { ...a, name: 'twin' }], labels, patients, 'accuracy', {
    correlation: 'independence',
  });
  assert.deepEqual(
    [twins.pairs[0]?.z, twins.pairs[0]?.p, twins.overall],
    [0, 1, { chiSquare: 0, degreesOfFreedom: 0, p: 1 }],
  );
  const three = geeComparison([a, { ...a, name: 'twin' }, b], labels, patients, 'accuracy', {
    correlation: 'independence',
  });
  const two = geeComparison([a, b], labels, patients, 'accuracy', { correlation: 'independence' });
  assert.equal(three.overall.degreesOfFreedom, 1);
  assertClose(three.overall.chiSquare, two.overall.chiSquare, 1e-9, 'chi-square');
});

test('a model that is always right: the logit refuses it by name, the identity link gives it an exact interval', () => {
  const [perfect, other] = [model('perfect', '11110000'), model('other', '11000000')];
  assert.throws(() => geeComparison([perfect, other], labels, patients, 'sensitivity'), {
    code: 'stats/separation',
    message: /"perfect".*4 of 4/,
  });
  const got = geeComparison([perfect, other], labels, patients, 'sensitivity', {
    link: 'identity',
    correlation: 'independence',
  });
  assert.equal(got.models[0]?.value, 1);
  assert.equal(got.models[0]?.interval.method, 'clopper-pearson');
  assertClose(got.models[0]?.interval.lower as number, 0.025 ** (1 / 4), 1e-9, 'lower limit of 4 of 4 patients');
  assert.equal(got.models[0]?.interval.upper, 1);
  assertClose(got.pairs[0]?.difference as number, 0.5, 1e-12, 'difference');
  assertClose(got.pairs[0]?.standardError as number, 0.25, 1e-12, 'standard error'); // sqrt(4 * 0.25) / 4
  const both = geeComparison([perfect, { ...perfect, name: 'again' }], labels, patients, 'sensitivity', {
    link: 'identity',
    correlation: 'independence',
  });
  assert.deepEqual([both.pairs[0]?.difference, both.pairs[0]?.z, both.pairs[0]?.p], [0, 0, 1]);
  assert.throws(
    () =>
      geeComparison([perfect, model('inverted', '00000000')], labels, patients, 'sensitivity', {
        link: 'identity',
        correlation: 'independence',
      }),
    { code: 'stats/variance' },
  );
});

test('a model that misses rows, has nothing to count or a call that is none is refused by name', () => {
  const good = model('good', '11010100');
  assert.throws(() => geeComparison([good, model('short', '1101')], labels, patients, 'accuracy'), {
    code: 'stats/length',
    message: /"short".*4 calls for 8/,
  });
  assert.throws(() => geeComparison([good, model('shy', '00000000')], labels, patients, 'ppv'), {
    code: 'stats/classes',
    message: /"shy"/,
  });
  assert.throws(
    () =>
      geeComparison([good, { name: 'odd', calls: [1, 0, 1, 1, Number.NaN, 0, 0, 1] }], labels, patients, 'accuracy'),
    {
      code: 'stats/label',
      message: /"odd"\[4\]/,
    },
  );
  assert.throws(() => geeComparison([good, good], labels, patients.slice(1), 'accuracy'), {
    code: 'stats/length',
    message: /clusters/,
  });
  assert.throws(() => geeComparison([good], labels, patients, 'accuracy'), { code: 'stats/argument' });
  assert.throws(
    () =>
      geeComparison(
        [good, good],
        labels.map(() => 0),
        patients,
        'sensitivity',
      ),
    { code: 'stats/classes' },
  );
  assert.throws(() => geeComparison([good, good], labels, patients, 'f1' as GeeMeasure), {
    code: 'stats/argument',
    message: /npv, got "f1"/,
  });
});
