import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { references } from '../../tests/references.ts';
import { assertClose, assertRelative } from '../../tests/tolerance.ts';
import { auc } from '../roc/auc.ts';
import { obuchowskiRockette } from './obuchowski-rockette.ts';
import { readerAucs } from './reader-covariance.ts';
import { readerStudyCases, readerStudyPower } from './reader-study-size.ts';

const vanDyke = JSON.parse(
  readFileSync(new URL('../../../../references/stats/van-dyke.json', import.meta.url), 'utf8'),
);
const scores: number[][][] = vanDyke.ratings.map((readers: string[]) => readers.map((text) => [...text].map(Number)));
const labels = Array.from({ length: 114 }, (_, row) => Number(row >= vanDyke.negatives));

/** Half a unit of the last digit printed. */
const printed = (digits: number) => 0.5000001 * 10 ** -digits;

test('Van Dyke, jackknife: AUCs, mean squares and components as OR-DBM MRMC prints them', () => {
  const golden = vanDyke.jackknife;
  const got = obuchowskiRockette(scores, labels);
  got.aucs.flat().forEach((value, k) => {
    assertClose(value, golden.aucs.flat()[k], printed(8), `AUC ${k}`);
  });
  const { modality, reader, modalityReader } = got.meanSquares;
  [modality, reader, modalityReader].forEach((value, k) => {
    assertClose(value, golden.meanSquares[k], printed(8), `mean square ${k}`);
  });
  for (const [name, value] of Object.entries(golden.variance)) {
    assertClose(got.variance[name as keyof typeof got.variance], value as number, printed(8), name);
  }
});

for (const generalise of ['readers-and-cases', 'cases', 'readers'] as const) {
  test(`Van Dyke, jackknife: tests and intervals that generalise to ${generalise}`, () => {
    const golden = vanDyke.jackknife[generalise];
    const got = obuchowskiRockette(scores, labels, { generalise });
    assertClose(got.overall.p, golden.p, printed(4), 'p');
    if (generalise === 'cases') assertClose(got.overall.f, golden.chiSquare, printed(5), 'chi-square');
    else {
      assertClose(got.overall.f, golden.f, printed(2), 'F');
      assertClose(got.overall.denominatorDegrees, golden.df, printed(2), 'degrees');
    }
    const pair = got.differences[0] as (typeof got.differences)[number];
    [pair.difference, pair.standardError].forEach((value, k) => {
      assertClose(value, golden.difference[k], printed(5), `difference ${k}`);
    });
    assertClose(pair.t, golden.difference[2], printed(2), 't');
    assertClose(pair.interval.lower, golden.difference[3], printed(5), 'lower');
    assertClose(pair.interval.upper, golden.difference[4], printed(5), 'upper');
    assertClose(pair.p, got.overall.p, 1e-12, 'two modalities: one p');
    got.modalities.forEach(({ auc: value, standardError, degreesOfFreedom, interval }, i) => {
      const [error, degrees, lower, upper] = golden.single[i];
      assertClose(value, vanDyke.jackknife.means[i], printed(8), 'mean');
      assertClose(standardError, error, printed(8), 'standard error');
      if (degrees !== null) assertClose(degreesOfFreedom, degrees, printed(2), 'degrees');
      assertClose(interval.lower, lower, printed(8), 'lower');
      assertClose(interval.upper, upper, printed(8), 'upper');
    });
  });
}

test("Van Dyke, DeLong: as MRMCaov's guide prints it", () => {
  const golden = vanDyke.delong;
  const got = obuchowskiRockette(scores, labels, { covariance: 'delong' });
  for (const [name, value] of Object.entries(golden.variance)) {
    assertClose(got.variance[name as keyof typeof got.variance], value as number, printed(10), name);
  }
  assertClose(got.overall.f, golden.f, printed(6), 'F');
  assertClose(got.overall.denominatorDegrees, golden.df, printed(5), 'degrees');
  assertClose(got.overall.p, golden.p, printed(8), 'p');
  assertClose(got.differences[0]?.interval.upper as number, golden.difference[4], printed(10), 'upper');
  got.modalities.forEach(({ standardError, degreesOfFreedom, interval }, i) => {
    const [error, degrees, lower, upper] = golden.single[i];
    assertClose(standardError, error, printed(8), 'standard error');
    assertClose(degreesOfFreedom, degrees, printed(5), 'degrees');
    assertClose(interval.lower, lower, printed(7), 'lower');
    assertClose(interval.upper, upper, printed(7), 'upper');
  });
});

test('the jackknife from placements is the jackknife by leaving cases out', () => {
  for (const { cases, name } of references) {
    const rows = cases.label.map((_, row) => row).slice(0, 80);
    const column = (key: 'a' | 'b') => rows.map((row) => cases.scores[key][row] as number);
    const truth = rows.map((row) => cases.label[row] as number);
    const without = (values: readonly number[], row: number) => values.filter((_, i) => i !== row);
    const left = (key: 'a' | 'b') => rows.map((row) => auc(without(column(key), row), without(truth, row)));
    const [a, b] = [left('a'), left('b')];
    const mean = (x: readonly number[]) => x.reduce((sum, value) => sum + value, 0) / x.length;
    const products = a.reduce((sum, value, i) => sum + (value - mean(a)) * ((b[i] as number) - mean(b)), 0);
    const got = readerAucs([[column('a'), column('b')]], truth, 'jackknife').covariance(0, 0, 0, 1);
    assertRelative(got, (products * (a.length - 1)) / a.length, 1e-9, name);
  }
});

test('exchange of modalities flips the difference, of readers changes nothing, monotone scores change nothing', () => {
  const straight = obuchowskiRockette(scores, labels);
  const exchanged = obuchowskiRockette([...scores].reverse(), labels);
  assertClose(
    exchanged.differences[0]?.difference as number,
    -(straight.differences[0]?.difference as number),
    1e-15,
    'sign',
  );
  assertClose(exchanged.overall.p, straight.overall.p, 1e-12, 'p');
  const shuffled = obuchowskiRockette(
    scores.map((readers) => [...readers].reverse()),
    labels,
  );
  assertClose(shuffled.overall.f, straight.overall.f, 1e-10, 'F');
  const stretched = obuchowskiRockette(
    scores.map((readers) => readers.map((own) => own.map((x) => x ** 3))),
    labels,
  );
  assert.deepEqual(stretched.overall, straight.overall);
  assert.equal(obuchowskiRockette([...scores, scores[0] as number[][]], labels).differences.length, 3);
});

test('equal modalities give 0 and p = 1 without NaN; designs that are not factorial are refused', () => {
  const one = scores[0] as number[][];
  const same = obuchowskiRockette([one, one], labels);
  assert.deepEqual([same.overall.f, same.overall.p, same.differences[0]?.t, same.differences[0]?.p], [0, 1, 0, 1]);
  assert.throws(() => obuchowskiRockette([one, one.slice(1)], labels), {
    code: 'stats/argument',
    message: /got readers 5, 4/,
  });
  assert.throws(() => obuchowskiRockette([one], labels), { code: 'stats/argument' });
  assert.throws(
    () =>
      obuchowskiRockette(
        scores,
        labels.map(() => 1),
      ),
    { code: 'stats/classes' },
  );
  assert.throws(() => obuchowskiRockette([one, [...one.slice(1), (one[0] as number[]).slice(1)]], labels), {
    code: 'stats/length',
  });
  const perfect = [labels, labels];
  const inverted = perfect.map((own) => own.map((x) => 1 - x));
  assert.throws(() => obuchowskiRockette([perfect, inverted], labels), { code: 'stats/variance' });
});

const { variance } = obuchowskiRockette(scores, labels);
const plan = { variance, pilotCases: 114, readers: vanDyke.power.plannedReaders, difference: vanDyke.power.difference };

test("power and cases of a planned study: RJafroc's book on Van Dyke as a pilot", () => {
  for (const generalise of ['cases', 'readers'] as const) {
    const golden = vanDyke.power[generalise];
    const got = readerStudyPower({ ...plan, generalise }, golden.cases);
    assertClose(got.power, golden.power, printed(8), 'power');
    assertClose(got.criticalF, golden.criticalF, printed(6), 'critical F');
    assertClose(got.noncentrality, golden.noncentrality, printed(6), 'noncentrality');
    assert.equal(got.denominatorDegrees, golden.df);
    assert.equal(readerStudyCases({ ...plan, generalise }).cases, golden.cases);
  }
  const both = vanDyke.power['readers-and-cases'];
  const got = readerStudyPower(plan, both.cases);
  assertClose(got.noncentrality, both.noncentrality, printed(7), 'noncentrality');
  assert.equal(readerStudyCases(plan).cases, both.cases);
});

test('the cases found are the fewest; more readers need no more; what no number of cases reaches is refused', () => {
  for (const generalise of ['readers-and-cases', 'cases', 'readers'] as const) {
    const { cases, power } = readerStudyCases({ ...plan, generalise }, 0.9);
    assert.ok(power >= 0.9 && readerStudyPower({ ...plan, generalise }, cases - 1).power < 0.9);
    const more = readerStudyCases({ ...plan, generalise, readers: plan.readers + 5 }, 0.9);
    assert.ok(more.cases <= cases);
  }
  // Without an effect to speak of the power is the size of the test
  assertClose(readerStudyPower({ ...plan, difference: 1e-9 }, 100).power, 0.05, 1e-9, 'size');
  assert.throws(() => readerStudyCases({ ...plan, readers: 2, difference: 0.01 }), {
    code: 'stats/argument',
    message: /add readers/,
  });
  assert.throws(() => readerStudyPower({ ...plan, difference: 0 }, 100), { code: 'stats/argument' });
  assert.throws(() => readerStudyPower(plan, 1.5), { code: 'stats/argument' });
  assert.throws(() => readerStudyCases(plan, 1), { code: 'stats/argument' });
});
