import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '@mammoscope/random';
import { measuredModel, patientClusters } from './metric-figures.ts';
import { COMPARED_MEASURES, modelComparison } from './model-comparison.ts';

/** Sixty images, a third of them positive, and three models of different use. */
const positive = Array.from({ length: 60 }, (_, i) => i % 3 === 0);
const scoresOf = (name: string, use: number) => {
  const random = new RandomStream(7, name);
  return positive.map((truth) => 0.5 * random.uniform() + (truth ? use : 0));
};
const models = (['a', 'b', 'c'] as const).map((model, i) => ({
  model,
  scores: scoresOf(model, [0.25, 0.1, 0][i] as number),
  cutoff: 0.35,
}));
/** Every image twice, as two images of one patient. */
const twice = <T>(values: readonly T[]) => values.flatMap((value) => [value, value]);
const doubled = models.map((model) => ({ ...model, scores: twice(model.scores) }));
const patients = twice(positive.map((_, i) => `p${i}`));

const close = (a: number, b: number, tolerance = 1e-9) => Math.abs(a - b) <= tolerance;

test('an image that a patient has twice says no more than once, where patients are clusters; taken as two images it does', () => {
  const once = modelComparison({ models, positive });
  const again = modelComparison({ models: doubled, positive: twice(positive), clusters: patients });
  const apart = modelComparison({ models: doubled, positive: twice(positive) });
  for (const measure of COMPARED_MEASURES) {
    const [p, pAgain, pApart] = [once, again, apart].map(({ overall }) => overall[measure]?.p ?? Number.NaN);
    assert.ok(close(p as number, pAgain as number), `${measure}: ${p} and ${pAgain}`);
    assert.ok((pApart as number) < (p as number), `${measure}: ${pApart} is not below ${p}`);
    for (const [i, pair] of once.pairs.entries()) {
      const [first, second] = [pair.measures[measure], again.pairs[i]?.measures[measure]];
      assert.ok(first && second && close(first.p, second.p) && close(first.interval.lower, second.interval.lower));
    }
  }
});

test('differences are of the shares counted; of two models alone the overall test is the paired one', () => {
  const [a, b] = models as [(typeof models)[number], (typeof models)[number]];
  const share = ({ scores }: typeof a, counts: (i: number, called: boolean) => boolean) => {
    const rows = scores.flatMap((score, i) => (counts(i, score >= 0.35) ? [score >= 0.35 === positive[i]] : []));
    return rows.filter(Boolean).length / rows.length;
  };
  const ranked = ({ scores }: typeof a) => {
    const pairs = scores.flatMap((s, i) => scores.flatMap((t, j) => (positive[i] && !positive[j] ? [s > t] : [])));
    return pairs.filter(Boolean).length / pairs.length;
  };
  const counted = {
    auc: ranked,
    sensitivity: (model: typeof a) => share(model, (i) => positive[i] as boolean),
    specificity: (model: typeof a) => share(model, (i) => !positive[i]),
    accuracy: (model: typeof a) => share(model, () => true),
    ppv: (model: typeof a) => share(model, (_, called) => called),
    npv: (model: typeof a) => share(model, (_, called) => !called),
  };
  const { overall, pairs } = modelComparison({ models: [a, b], positive });
  for (const measure of COMPARED_MEASURES) {
    const difference = pairs[0]?.measures[measure];
    assert.ok(difference && close(difference.difference, counted[measure](a) - counted[measure](b)), measure);
    assert.ok(close(difference.p, overall[measure]?.p ?? Number.NaN), measure);
    assert.equal(difference.pHolm, difference.p);
  }
});

test("p values of a measure are adjusted for its pairs: the smallest of three by 3, none below its own, as Holm's are", () => {
  const { pairs } = modelComparison({ models, positive });
  assert.deepEqual(
    pairs.map(({ a, b }) => a + b),
    ['ab', 'ac', 'bc'],
  );
  for (const measure of COMPARED_MEASURES) {
    const ordered = pairs.flatMap(({ measures }) => measures[measure] ?? []).sort((x, y) => x.p - y.p);
    const expected = [3 * (ordered[0]?.p ?? 1), 2 * (ordered[1]?.p ?? 1), ordered[2]?.p ?? 1];
    expected.forEach((p, i) => {
      const least = Math.min(1, Math.max(...expected.slice(0, i + 1)));
      assert.ok(close(ordered[i]?.pHolm ?? Number.NaN, least), `${measure} ${i}: ${p}`);
    });
  }
});

test('a model that calls nothing has no PPV to compare and a sensitivity of 0; one that is always right has its tests', () => {
  const silent = { model: 'silent', scores: positive.map(() => 0.1), cutoff: Number.POSITIVE_INFINITY };
  const right = { model: 'right', scores: positive.map(Number), cutoff: 0.5 };
  const { overall, pairs } = modelComparison({
    models: [models[0] as (typeof models)[number], silent, right],
    positive,
  });
  assert.equal(overall.ppv, undefined);
  const measuresOf = (a: string, b: string) => pairs.find((pair) => pair.a === a && pair.b === b)?.measures;
  assert.equal(measuresOf('a', 'silent')?.ppv, undefined);
  assert.ok((measuresOf('a', 'right')?.ppv?.p ?? 1) < 0.05);
  const called = models[0]?.scores.filter((score, i) => positive[i] && score >= 0.35).length as number;
  assert.ok(close(measuresOf('a', 'silent')?.sensitivity?.difference ?? Number.NaN, called / 20));
  // 1 less 0 in every case: a difference that does not vary
  assert.equal(measuresOf('silent', 'right')?.sensitivity, undefined);
  assert.ok((measuresOf('a', 'right')?.auc?.difference ?? 1) < 0);
});

test('intervals of a model are as wide with every image twice as with it once, where patients are clusters', () => {
  const [model] = models as [(typeof models)[number]];
  const own = patientClusters(positive.map((_, i) => ({ patientId: `p${i}` })));
  assert.equal(own, undefined, 'no patient has several');
  const clusters = patientClusters(patients.map((patientId) => ({ patientId })));
  assert.deepEqual(clusters, patients);
  const options = { seed: 1, clusters: positive.map((_, i) => `p${i}`) };
  const once = measuredModel(model.scores, positive, model.cutoff, options);
  const again = measuredModel(twice(model.scores), twice(positive), model.cutoff, { seed: 1, clusters });
  const plain = measuredModel(twice(model.scores), twice(positive), model.cutoff, { seed: 1 });
  const width = (bounds: { readonly lower: number; readonly upper: number } | null) =>
    bounds ? bounds.upper - bounds.lower : Number.NaN;
  assert.ok(close(width(once.auc.logitInterval), width(again.auc.logitInterval)));
  assert.ok(width(plain.auc.logitInterval) < 0.8 * width(again.auc.logitInterval));
  for (const measure of ['sensitivity', 'specificity', 'accuracy', 'ppv', 'npv', 'f1'] as const) {
    const [one, two, apart] = [once, again, plain].map(({ atCutoff }) => width(atCutoff[measure].interval));
    assert.ok(close(one as number, two as number, 1e-6), `${measure}: ${one} and ${two}`);
    assert.ok((apart as number) < 0.85 * (two as number), `${measure}: ${apart} is not below ${two}`);
  }
  assert.equal(again.atCutoff.tp, 2 * once.atCutoff.tp);
});
