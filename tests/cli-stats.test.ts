/** The commands of stats: their JSON against pROC, geepack, scikit-learn, statsmodels and published tables. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { close, golden, rowsOf, scores, statsWorkplace } from './stats-command.ts';

const { json, table } = await statsWorkplace();

for (const name of ['continuous', 'tied']) {
  test(`roc: AUC, DeLong's interval, average precision, partial AUC and the 2 x 2 table of ${name}`, async () => {
    const [r, { metrics }] = [golden(`stats/${name}.R.json`), golden(`stats/${name}.sklearn.json`)];
    // the references call score > 0.5 positive
    const above = String(0.5 + Number.EPSILON / 2);
    const got = await json(
      ...['roc', scores(name), '--scores', 'a,b,c', '--partial', 'specificity:0.9,1', '--cutoff', above],
    );
    assert.deepEqual(
      got.models.map(({ model }: { model: string }) => model),
      ['a', 'b', 'c'],
    );
    for (const each of got.models) {
      const [proc, sklearn] = [r[each.model], metrics[each.model]];
      close(each.auc, proc.auc, 1e-9, 'AUC');
      close(each.standardError ** 2, proc.delongVar, 1e-9, 'variance');
      close(each.plainInterval.lower, proc.delongCi[0], 1e-9, 'lower');
      close(each.plainInterval.upper, proc.delongCi[1], 1e-9, 'upper');
      close(each.partialAuc.area, proc.partialAuc09to1, 1e-9, 'partial AUC');
      close(each.partialAuc.corrected, sklearn.partialAucMax01, 1e-9, 'corrected');
      close(each.averagePrecision, sklearn.averagePrecision, 1e-9, 'average precision');
      assert.ok(each.interval.lower < each.auc && each.auc < each.interval.upper && each.interval.upper < 1);
      const { lower, upper } = each.averagePrecisionInterval;
      assert.ok(0 < lower && lower < each.averagePrecision && each.averagePrecision < upper && upper < 1);
      const [youden, cut] = each.points;
      assert.ok(sklearn.youden.thresholds.includes(youden.cutoff), 'Youden');
      close(youden.sensitivity.value + youden.specificity.value - 1, sklearn.youden.max, 1e-9, 'Youden index');
      const at = sklearn['at0.5'];
      for (const count of ['tp', 'fp', 'tn', 'fn']) assert.equal(cut[count], at[count], count);
      const rates = { accuracy: 'acc', f1: 'f1', ppv: 'precision', sensitivity: 'recall' };
      for (const [ours, theirs] of Object.entries(rates)) close(cut[ours].value, at[theirs], 1e-9, ours);
      close(cut.mcc, at.mcc, 1e-9, 'MCC');
      assert.equal(cut.f1.interval.method, 'wilson-indirect');
    }
  });

  test(`roc with --cluster: robust intervals of proportions agree with geepack: ${name}`, async () => {
    const gee = golden('stats/gee.json');
    const flags = ['roc', scores(name), '--scores', 'a,b,c', '--cluster', 'patient', '--replicates', '100'];
    const { models } = await json(...flags, '--cutoff', String(0.5 + Number.EPSILON / 2));
    const expit = (x: number) => 1 / (1 + Math.exp(-x));
    for (const [k, model] of models.entries()) {
      for (const measure of ['sensitivity', 'specificity', 'accuracy', 'ppv', 'npv']) {
        const { coef, covariance } = gee[`${name}_${measure}_logit_independence`];
        const { value, interval, numerator, denominator } = model.points[1][measure];
        const half = 1.959963984540054 * Math.sqrt(covariance[k][k]);
        close(value, numerator / denominator, 1e-12, 'share');
        close(interval.lower, expit(coef[k] - half), 1e-6, `${measure} lower`);
        close(interval.upper, expit(coef[k] + half), 1e-6, `${measure} upper`);
        assert.equal(interval.method, 'robust-logit');
      }
      const { f1 } = model.points[1];
      assert.ok(f1.interval.lower < f1.value && f1.value < f1.interval.upper);
    }
  });

  test(`compare: paired DeLong and McNemar of ${name}, as pROC has them; clusters of one case change nothing`, async () => {
    const [r, { overall }] = [golden(`stats/${name}.R.json`), golden('stats/python.json').tables[name]];
    const above = String(0.5 + Number.EPSILON / 2);
    const rows = rowsOf(name).map((cells, i) => [...cells, i]);
    const numbered = await table(`${name}-numbered.csv`, ['patient', 'label', 'a', 'b', 'c', 'row'], rows);
    const flags = ['compare', numbered, '--scores', 'a,b,c', '--cutoff', above, '--mcnemar', 'chi-square-corrected'];
    for (const got of [await json(...flags), await json(...flags, '--cluster', 'row', '--replicates', '100')]) {
      for (const pair of got.pairs) {
        const expected = r[`paired_${pair.a}${pair.b}`];
        close(pair.z, expected.z, 1e-9, 'z');
        close(pair.p, expected.p, 1e-9, 'p');
      }
      const holm = got.pairs.map(({ pHolm }: { pHolm: number }) => pHolm);
      const raw = got.pairs.map(({ p }: { p: number }) => p);
      close(Math.min(...holm), Math.min(1, 3 * Math.min(...raw)), 1e-15, 'Holm');
      close(got.overall.chiSquare / overall.chiSquare, 1, 1e-9, 'chi-square');
      assert.equal(got.overall.degreesOfFreedom, overall.degreesOfFreedom);
      close(got.calls[0].p, r.mcnemar_ab.p, 1e-9, 'McNemar');
    }
  });

  test(`compare: GEE of ${name} as geepack has it; AUCs of patients against a bootstrap of patients`, async () => {
    const gee = golden('stats/gee.json');
    const above = String(0.5 + Number.EPSILON / 2);
    const flags = ['compare', scores(name), '--scores', 'a,b,c', '--cluster', 'patient', '--cutoff', above];
    for (const correlation of ['independence', 'exchangeable']) {
      const got = await json(
        ...flags,
        ...['--correlation', correlation, '--measures', 'sensitivity,specificity,ppv,npv,accuracy'],
      );
      for (const { standardError, interval, bootstrapInterval } of got.pairs) {
        const width = (of: { lower: number; upper: number }) => of.upper - of.lower;
        close(width(interval) / width(bootstrapInterval), 1, 0.25, 'width');
        close(width(interval), 2 * 1.959963984540054 * standardError, 1e-9, 'standard error');
      }
      assert.equal(got.proportions.length, 5);
      for (const fit of got.proportions) {
        const expected = gee[`${name}_${fit.measure}_logit_${correlation}`];
        close(fit.overall.chiSquare / expected.chiSquare, 1, 1e-6, `${fit.measure} chi-square`);
        close(fit.overall.p, expected.p, 1e-6, `${fit.measure} p`);
        fit.models.forEach(({ value }: { value: number }, k: number) => {
          close(value, 1 / (1 + Math.exp(-expected.coef[k])), 1e-6, `${fit.measure} of ${k}`);
        });
      }
    }
  });

  test(`compare --by: each subgroup gives what its rows alone give: ${name}`, async () => {
    const rows = rowsOf(name).map((cells, i) => [...cells, i % 3 ? 'GE' : 'Hologic']);
    const columns = ['patient', 'label', 'a', 'b', 'c', 'vendor'];
    const flags = ['--scores', 'a,b', '--cutoff', '0.5'];
    const whole = await json('compare', await table('vendors.csv', columns, rows), ...flags, '--by', 'vendor');
    for (const vendor of ['GE', 'Hologic']) {
      const own = rows.filter((cells) => cells[5] === vendor);
      const alone = await json('compare', await table('vendor.csv', columns, own), ...flags);
      const pair = whole.subgroupPairs.find(({ subgroup }: { subgroup: string }) => subgroup === vendor);
      close(pair.z, alone.pairs[0].z, 1e-12, 'z');
      close(pair.difference, alone.pairs[0].difference, 1e-12, 'difference');
      const [first] = whole.subgroups.filter(({ subgroup }: { subgroup: string }) => subgroup === vendor);
      assert.deepEqual(first.auc, (({ model, cutoff, ...auc }) => auc)(alone.models[0]));
      const called = own.filter(([, label, a]) => label === 1 && (a as number) >= 0.5).length;
      assert.deepEqual([first.cutoff, first.sensitivity.numerator], [0.5, called]);
    }
    const [p, q] = whole.subgroupPairs.map((pair: { p: number }) => pair.p);
    close(
      Math.min(...whole.subgroupPairs.map((pair: { pHolm: number }) => pair.pHolm)),
      Math.min(1, 2 * Math.min(p, q)),
      1e-12,
      'Holm',
    );
  });
}

test("Kang 2021, Table 1: the command gives the paper's values and intervals from calls of its own counts", async () => {
  const kang = golden('papers/kang2021-table1.json');
  const basisPoints = (fraction: number) => Math.floor(1e4 * fraction + 0.5 + 1e-9);
  const models: string[] = kang.rows.map((_: object, k: number) => `m${k}`);
  const right = (cases: number, perCent: number) => Math.round((perCent * cases) / 100);
  const calls = (cases: number, rate: 'sensitivity' | 'specificity', [yes, no]: readonly [number, number]) =>
    Array.from({ length: cases }, (_, i) =>
      kang.rows.map((row: Record<string, number[]>) => (i < right(cases, row[rate]?.[0] ?? 0) ? yes : no)),
    );
  const name = await table(
    'kang.csv',
    ['truth', ...models],
    [
      ...calls(kang.positives, 'sensitivity', [0.9, 0.1]).map((cells) => ['malignant', ...cells]),
      ...calls(kang.negatives, 'specificity', [0.1, 0.9]).map((cells) => ['benign', ...cells]),
    ],
  );
  const got = await json(
    ...['roc', name, '--label', 'truth', '--positive', 'malignant', '--scores', models.join(',')],
    ...['--cutoff', '0.5', '--interval', 'wald'],
  );
  got.models.forEach(
    (model: { points: Record<string, { value: number; interval: { upper: number } }>[] }, k: number) => {
      for (const figure of ['sensitivity', 'specificity', 'accuracy', 'ppv', 'npv']) {
        const { value = 0, interval = { upper: 0 } } = model.points[1]?.[figure] ?? {};
        // the paper adds the rounded half-width to the rounded value
        const [centre, half] = [basisPoints(value), basisPoints(interval.upper - value)];
        assert.deepEqual(
          [centre, centre - half, centre + half],
          kang.rows[k][figure].map((perCent: number) => Math.round(100 * perCent)),
          `${kang.rows[k].model} ${figure}`,
        );
      }
    },
  );
});

test('froc: the figures of the DBTex challenge, from columns of both kinds; IoU; intervals hold the figure', async () => {
  const [scene] = golden('stats/detection.json').scenes;
  const volumes = await table(
    'volumes.csv',
    ['volume', 'slices', 'vendor'],
    scene.volumes.map(({ id, slices }: { id: string; slices: number }, i: number) => [id, slices, i % 2 ? 'A' : 'B']),
  );
  type Found = { volume: string; box: number[]; slice: number; score: number; slices: number[] };
  const lesions = await table(
    'lesions.csv',
    ['volume', 'x1', 'y1', 'x2', 'y2', 'slice_first', 'slice_last'],
    scene.lesions.map(({ volume, box, slices }: Found) => [volume, ...box, ...slices]),
  );
  const marks = await table(
    'marks.csv',
    ['volume', 'x1', 'y1', 'x2', 'y2', 'slice', 'score'],
    scene.detections.map(({ volume, box, slice, score }: Found) => [volume, ...box, slice, score]),
  );
  const dbtex = await table(
    'marks-dbtex.csv',
    ['volume', 'X', 'Width', 'Y', 'Height', 'Z', 'Depth', 'Score'],
    scene.detections.map(({ volume, box: [x1 = 0, y1 = 0, x2 = 0, y2 = 0], slice, score }: Found) => [
      ...[volume, x1, x2 - x1, y1, y2 - y1],
      ...[slice - 2, 4, score],
    ]),
  );
  for (const predictions of [marks, dbtex]) {
    const got = await json(
      ...['froc', '--predictions', predictions, '--lesions', lesions, '--volumes', volumes],
      ...['--by', 'vendor', '--replicates', '200'],
    );
    got.positives.sensitivities.forEach(
      (at: { sensitivity: number; interval: { lower: number; upper: number } }, k: number) => {
        close(at.sensitivity, scene.dbtexPositive[k], 1e-9, `at ${k + 1}`);
        assert.ok(at.interval.lower <= at.sensitivity && at.sensitivity <= at.interval.upper);
      },
    );
    close(
      got.positives.meanSensitivity,
      scene.dbtexPositive.reduce((a: number, b: number) => a + b, 0) / 4,
      1e-9,
      'mean',
    );
    close(got.all.sensitivities[1].sensitivity, scene.dbtexAll, 1e-9, 'at 2 of all');
    assert.equal(got.all.points[0].threshold, null);
    assert.deepEqual(
      got.subgroups.map(({ subgroup, volumes: count }: { subgroup: string; volumes: number }) => [subgroup, count]),
      [
        ['A', scene.volumes.length / 2],
        ['B', scene.volumes.length / 2],
      ],
    );
  }
  const overlap = await json(
    ...['froc', '--predictions', marks, '--lesions', lesions, '--volumes', volumes, '--hit', 'iou', '--iou', '0.3'],
  );
  close(overlap.averagePrecision, scene.coco['0.3'], 1e-9, 'average precision');
});

test("calibrate: scikit-learn's bins and Brier score; Platt's fit judged on other rows only", async () => {
  const { uniform, platt, netBenefit } = golden('stats/python.json').tables.continuous.a;
  const { brier } = golden('stats/continuous.sklearn.json').metrics.a;
  const thresholds = netBenefit.thresholds.join(',');
  const given = await json('calibrate', scores('continuous'), '--scores', 'a', '--thresholds', thresholds);
  const [asGiven] = given.models;
  close(asGiven.brier.score, brier, 1e-9, 'Brier');
  asGiven.curve.bins.forEach((bin: { observed: { value: number }; predicted: number }, k: number) => {
    close(bin.observed.value, uniform.observed[k], 1e-9, `observed ${k}`);
    close(bin.predicted, uniform.predicted[k], 1e-9, `predicted ${k}`);
  });
  netBenefit.thresholds.forEach((at: number, k: number) => {
    const point = asGiven.decision.find(({ threshold }: { threshold: number }) => threshold === at);
    close(point.model, netBenefit.model[k], 1e-9, `net benefit at ${at}`);
  });
  const { score, reliability, resolution, uncertainty, withinBins } = asGiven.brier;
  close(score, reliability - resolution + uncertainty + withinBins, 1e-12, 'decomposition');

  const rows = rowsOf('continuous');
  const judged = rows.filter((_, i) => i % 3 === 0).map(([, label, a]) => [label, a] as const);
  const name = await table(
    'split.csv',
    ['patient', 'label', 'a', 'split'],
    [
      ...rows.map(([patient, label, a]) => [`fit${patient}`, label, a, 'val']),
      ...judged.map(([label, a], i) => [`judge${i}`, label, a, 'test']),
    ],
  );
  const got = await json('calibrate', name, '--scores', 'a', '--split', 'split', '--cluster', 'patient');
  assert.equal(got.judged, judged.length);
  const expected = judged.map(([label, a]) => (1 / (1 + Math.exp(-(platt.slope * a + platt.intercept))) - label) ** 2);
  close(got.models[1].brier.score, expected.reduce((a, b) => a + b, 0) / judged.length, 1e-6, 'Brier after Platt');
  assert.match(got.notes.join(' '), /fitted on rows with split "val" and judged.*"test" alone/);
});

test('calibrate: folds keep patients whole, so that copies of a case never teach its own fit', async () => {
  // isotonic regression of noise learns each case by heart where it may see its copy
  const cases = Array.from({ length: 60 }, (_, i) => [i, Number((i * 7919) % 13 > 5), ((i * 104729) % 997) / 1000]);
  const rows = cases.flatMap((row) => [row, row]) as number[][];
  const name = await table('copies.csv', ['patient', 'label', 'a'], rows);
  const brierOf = async (...flags: string[]) =>
    (await json('calibrate', name, '--scores', 'a', '--folds', '60', ...flags)).models[2].brier.score;
  const [whole, parted] = [await brierOf('--cluster', 'patient'), await brierOf()];
  assert.ok(parted < whole - 0.01, `${parted} with copies in the fit, ${whole} without`);
});

test("agreement: statsmodels' kappas, Fleiss' and McNemar's, and subgroups", async () => {
  const { cohen, fleiss, mcnemar } = golden('stats/agreement.json');
  for (const { a, b, weights, value, lower, upper, z } of cohen.slice(-3)) {
    const name = await table(
      'ratings.csv',
      ['r1', 'r2'],
      a.map((rating: number, i: number) => [rating, b[i]]),
    );
    const { pairs } = await json('agreement', name, '--raters', 'r1,r2', '--weights', weights);
    const { kappa, agreement } = pairs[0];
    for (const [ours, theirs] of [
      [kappa.value, value],
      [kappa.interval.lower, lower],
      [kappa.interval.upper, upper],
      [kappa.z, z],
    ])
      close(ours, theirs, 1e-9, weights);
    const equal = a.filter((rating: number, i: number) => rating === b[i]).length;
    assert.deepEqual([agreement.numerator, agreement.denominator], [equal, a.length]);
  }
  const [{ counts, value }] = fleiss;
  const raters = counts.map((row: number[]) => row.flatMap((times, category) => new Array(times).fill(category)));
  const several = await table(
    'several.csv',
    ['r1', 'r2', 'r3', 'density'],
    raters.map((row: number[], i: number) => [...row, i % 2 ? 'dense' : 'fatty']),
  );
  const got = await json('agreement', several, '--raters', 'r1,r2,r3', '--by', 'density');
  close(got.fleiss.value, value, 1e-9, 'Fleiss');
  assert.deepEqual(
    got.subgroups.map(({ subgroup }: { subgroup: string }) => subgroup),
    ['dense', 'fatty'],
  );
  const { onlyA, onlyB, midP } = mcnemar[3];
  const calls = [...new Array(onlyA).fill([1, 0]), ...new Array(onlyB).fill([0, 1]), [1, 1], [0, 0]];
  const pair = await table('calls.csv', ['r1', 'r2'], calls);
  const tested = await json('agreement', pair, '--raters', 'r1,r2', '--mcnemar', 'mid-p');
  close(tested.pairs[0].mcnemar.p, midP, 1e-9, 'mid-p');
});

test("readers: Van Dyke's study as OR-DBM MRMC prints it, with a sample size", async () => {
  const { ratings, negatives, jackknife } = golden('stats/van-dyke.json');
  const rows = ratings.flatMap((readers: string[], modality: number) =>
    readers.flatMap((text, reader) =>
      [...text].map((rating, i) => [`r${reader}`, `m${modality}`, `c${i}`, Number(i >= negatives), rating]),
    ),
  );
  const name = await table('van-dyke.csv', ['reader', 'modality', 'case', 'truth', 'score'], rows);
  const got = await json('readers', name, '--label', 'truth', '--difference', '0.05');
  assert.deepEqual([got.readers.length, got.cases, got.positives], [5, 114, 114 - negatives]);
  got.analysis.aucs.flat().forEach((auc: number, k: number) => {
    close(auc, jackknife.aucs.flat()[k], 5e-9, `AUC ${k}`);
  });
  close(got.analysis.overall.f, jackknife['readers-and-cases'].f, 0.005, 'F');
  close(got.analysis.overall.p, jackknife['readers-and-cases'].p, 0.00005, 'p');
  assert.ok(got.plan.power >= 0.8 && got.plan.cases > 10);
});
