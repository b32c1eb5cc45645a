import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReportData, RocCurve } from '../report-data.ts';
import { EXTREME_REPORT, HOSTILE, madeHostile } from '../sample-extremes.ts';
import { SAMPLE_REPORT } from '../sample-report.ts';
import { aucComparisonFigure } from './auc-comparison.ts';
import { enclosingTicks, labelExpression, logAxis, tickValues } from './axes.ts';
import { confusionMatrixFigure } from './confusion-matrix.ts';
import { aboveFloor, decisionCurveFigure } from './decision-curve.ts';
import { draw, themed } from './drawing.ts';
import { flowFigure, wrapped } from './flow.ts';
import { histogram } from './histogram.ts';
import { label } from './layers.ts';
import { runs, simplified } from './line.ts';
import { reportFigures } from './report-figures.ts';
import { rocBandFigure } from './roc.ts';
import { scoreDistributionFigure } from './score-distribution.ts';
import { trainingCurvesFigure } from './training-curves.ts';

/** Vertices of the lines of a drawing, in the units of their panel. */
const linesOf = (svg: string): [number, number][][] =>
  [...svg.matchAll(/<g class="mark-line [^"]*"><path d="([^"]*)"/g)].map(([, path = '']) =>
    [...path.matchAll(/[ML](-?[\d.]+),(-?[\d.]+)/g)].map(([, x, y]): [number, number] => [Number(x), Number(y)]),
  );
const textsOf = (svg: string): string[] => [...svg.matchAll(/<text [^>]*>([^<]*)</g)].map(([, text = '']) => text);
const ENSEMBLE = SAMPLE_REPORT.roc?.at(-1) as RocCurve;

for (const [sample, data] of [
  ['sample', SAMPLE_REPORT],
  ['extremes', EXTREME_REPORT],
  ['hostile', madeHostile(SAMPLE_REPORT)],
] as const) {
  test(`${sample}: every figure has a name of its own, an alternative text, data, and only colours of the theme`, () => {
    const figures = reportFigures(data);
    assert.equal(new Set(figures.map(({ name }) => name)).size, figures.length);
    for (const { name, caption, svg, csv, alt } of figures) {
      assert.match(name, /^[a-z0-9]+(-[a-z0-9]+)*$/);
      assert.ok(caption.trim().length > 0 && alt.length >= 20, name);
      assert.match(
        svg,
        /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" [^<>]*role="img" aria-label="[^"]{20,}">/,
        name,
      );
      assert.doesNotMatch(svg, /NaN|Infinity|undefined|<script| on[a-z]+="/, name);
      assert.ok(!svg.includes('\u0000') && !svg.includes('\u202e'), name);
      assert.doesNotMatch(themed(svg).replace(/<text [^>]*>[^<]*/g, ''), /#[0-9a-f]{3,6}"|rgb\(|font-family/, name);
      const columns = csv.split('\n', 1)[0]?.split(',').length ?? 0;
      assert.ok(columns >= 4 && csv.endsWith('\n'), name);
      // Outside of quotes every row has as many commas.
      const rows = csv
        .replace(/"(?:[^"]|"")*"/g, '')
        .trimEnd()
        .split('\n');
      assert.ok(rows.length > 1 || sample === 'extremes', name);
      for (const row of rows) assert.equal(row.split(',').length, columns, `${name}: ${row}`);
      assert.doesNotMatch(csv, /NaN|undefined/, name);
    }
  });
}

test('a figure has the same bytes each time, whatever was drawn before it', () => {
  const drawn = rocBandFigure(ENSEMBLE).svg;
  reportFigures(EXTREME_REPORT);
  assert.ok(rocBandFigure(ENSEMBLE).svg === drawn);
});

test('a ROC curve starts and ends in the corners, marks its operating point and says how many cases there are', () => {
  const { svg, csv } = rocBandFigure(ENSEMBLE);
  const [curve = []] = linesOf(svg);
  assert.deepEqual(
    [curve[0], curve.at(-1)],
    [
      [0, 318],
      [318, 0],
    ],
  );
  const texts = textsOf(svg).join('\n');
  assert.match(texts, /^Cut-off &gt; 0\.\d{3}: sensitivity 76\.3 %, specificity 79\.1 %$/m);
  assert.match(texts, /^1 − specificity \(163 negative\)\n(.*\n)*Sensitivity \(97 positive\)$/m);
  const rows = csv.split('\n').filter((row) => row.startsWith('Ensemble,Test split,curve,'));
  assert.equal(rows.length, ENSEMBLE.points.length);
  assert.deepEqual(rows.at(7)?.split(',').slice(3, 5), [
    String(ENSEMBLE.points[7]?.fpr),
    String(ENSEMBLE.points[7]?.tpr),
  ]);
});

test('a curve that goes back and forth keeps its order', () => {
  const points = [
    [0, 0],
    [0.5, 0.4],
    [0.2, 0.6],
    [1, 1],
  ].map(([fpr, tpr]) => ({ fpr: fpr as number, tpr: tpr as number }));
  const [curve = []] = linesOf(rocBandFigure({ model: 'm', points }).svg);
  assert.deepEqual(
    curve.map(([x]) => Math.round(x)),
    [0, 159, 64, 318],
  );
});

test('text of others stays text', () => {
  const { svg } = rocBandFigure({
    ...ENSEMBLE,
    band: { fpr: [0, 1], lower: [0, 0], upper: [1, 1], description: HOSTILE.slice(0, 30) },
  });
  assert.match(svg, /&lt;script&gt;alert/);
});

test('no text of a drawing hides a part of itself', () => {
  const layers = [label(0, 0, 'a\u202eb\u0000')];
  const svg = draw({ panels: [{ width: 10, height: 10, layers }], left: 0, top: 0, bottom: 0, alt: 'a' });
  assert.deepEqual(textsOf(svg), ['a\\u202eb\\u0000']);
});

test('training curves mark best epoch and early stop and leave gaps where a value is not finite', () => {
  const epochs = [0.5, 0.4, null, 0.3, 0.2].map((trainLoss, index) => ({ epoch: index + 1, trainLoss }));
  const { svg, remark, csv } = trainingCurvesFigure({ model: 'm', epochs, bestEpoch: 2, earlyStopEpoch: 5 });
  assert.equal(linesOf(svg).length, 2);
  assert.ok(textsOf(svg).includes('best: epoch 2') && textsOf(svg).includes('early stop: epoch 5'));
  assert.match(remark ?? '', /No finite value at epoch 3\./);
  assert.ok(csv.includes('m,3,,,,\n'));
});

test('a score at the cut-off is positive for ≥ and negative for >', () => {
  const classes = [{ label: 'a', scores: [0.2, 0.5, 0.9] }];
  const told = (comparison: '>' | '≥') =>
    scoreDistributionFigure({ model: 'm', cutoff: { value: 0.5, comparison }, classes }).svg;
  assert.match(told('>'), /2 called negative, 1 positive/);
  assert.match(told('≥'), /1 called negative, 2 positive/);
});

test('scores that lie close together get an axis of their own, which is said; equal ones do not', () => {
  const drawn = (...scores: number[]) =>
    scoreDistributionFigure({ model: 'm', cutoff: { value: 0.749 }, classes: [{ label: 'a', scores }] });
  const narrow = drawn(0.745, 0.748, 0.752);
  assert.equal(narrow.svg.match(/fill="#0072b2"/g)?.length, 3);
  assert.ok(textsOf(narrow.svg).includes('0.746'));
  assert.match(narrow.remark ?? '', /only the part between 0 and 1/);
  assert.match(narrow.csv, /^m,,a,0\.744,0\.7443\d*,0$/m);
  for (const wide of [drawn(0.2, 0.748, 0.752), drawn(0.749, 0.749), drawn()]) {
    assert.ok(textsOf(wide.svg).includes('0.2') && textsOf(wide.svg).includes('0.8'));
    assert.doesNotMatch(wide.remark ?? '', /only the part/);
  }
});

test('a loss that does not move gets an axis with different labels', () => {
  const epochs = [1, 2].map((epoch) => ({ epoch, trainLoss: 0.6931471824645996, valLoss: 0.6931471805599458 }));
  const { svg } = trainingCurvesFigure({ model: 'm', epochs });
  const labels = [...svg.matchAll(/text-anchor="end"[^>]*>([^<]+)</g)].map(([, label]) => label);
  assert.ok(labels.length >= 3 && new Set(labels).size === labels.length, labels.join(' '));
});

test('a histogram counts every value once, ends included', () => {
  assert.deepEqual(histogram([0, 0.1, 0.2, 0.3, 1], [0, 1], 10).counts, [1, 1, 1, 1, 0, 0, 0, 0, 0, 1]);
  assert.deepEqual(
    histogram([0.29, 0.58], [0, 1], 100).counts.flatMap((count, bin) => (count ? [bin] : [])),
    [29, 58],
  );
});

test('confusion matrix: shares are of the reference class, an empty class has none', () => {
  const { svg } = confusionMatrixFigure({
    model: 'm',
    classes: ['benign', 'malignant'],
    counts: [
      [141, 22],
      [0, 0],
    ],
  });
  const texts = textsOf(svg);
  assert.deepEqual(
    texts.filter((text) => /%|—/.test(text)),
    ['86.5 %', '13.5 %', '—', '—'],
  );
  assert.deepEqual(texts.slice(0, 4), ['141', '22', '0', '0']);
  assert.deepEqual(
    texts.filter((text) => / (positives|negatives)$/.test(text)),
    ['true negatives', 'false positives', 'false negatives', 'true positives'],
  );
});

test('a confusion matrix names its classes in full where they fit', () => {
  const drawn = (positive: string) =>
    textsOf(
      confusionMatrixFigure({
        model: 'm',
        classes: ['normal', positive],
        counts: [
          [1, 0],
          [0, 1],
        ],
      }).svg,
    );
  assert.equal(drawn('microcalcification').filter((text) => text === 'microcalcification').length, 2);
  assert.ok(drawn('architectural distortion').includes('architectural d…'));
});

test('AUCs are compared where there are two or more', () => {
  const row = (model: string, value: number | null) => ({ model, dataset: 'test', images: 9, auc: { value } });
  assert.equal(aucComparisonFigure([row('a', 0.7), row('b', null)], 'test'), undefined);
  assert.match(aucComparisonFigure([row('a', 0.7), row('b', 0.8)], 'test')?.alt ?? '', /a 0\.700; b 0\.800/);
});

test('a decision curve is cut where it leaves the plot, at the point where it does', () => {
  const parts = aboveFloor(
    [
      [0, 1],
      [1, -1],
      [2, -1],
      [3, 3],
    ],
    0,
  );
  assert.deepEqual(parts, [
    [
      [0, 1],
      [0.5, 0],
    ],
    [
      [2.25, 0],
      [3, 3],
    ],
  ]);
  const all = [0.1, 0.5, 0.9].map((threshold) => ({
    threshold,
    netBenefit: 0.3 - 0.7 * (threshold / (1 - threshold)),
  }));
  const { svg, csv } = decisionCurveFigure({ cases: 10, prevalence: 0.3, models: [{ model: 'm', points: all }], all });
  const lowest = Math.max(
    ...linesOf(svg)
      .flat()
      .map(([, y]) => y),
  );
  assert.ok(lowest <= 250.01, `drawn down to ${lowest} of 250`);
  assert.ok(csv.includes(`all,,0.9,${all[2]?.netBenefit}\n`));
});

test('a flow chart holds every number and reason, in words that fit their boxes', () => {
  const flow = SAMPLE_REPORT.flow as NonNullable<ReportData['flow']>;
  const { svg, alt } = flowFigure(flow);
  const told = textsOf(svg).join(' ');
  for (const fact of [
    '1642 images, 851 patients',
    '63 images',
    'no histology and less than two years of follow-up: 18 images, 9 patients',
    '97 malignant',
  ])
    assert.ok(told.includes(fact), `${fact} in: ${told}`);
  assert.match(
    alt,
    /Excluded: calcifications with a mass 41 images, 20 patients, .*Included: 1579 images, 821 patients.*Test: 260 images/,
  );
  assert.deepEqual(wrapped('one two three', 7), ['one two', 'three']);
  assert.deepEqual(wrapped('unbreakable', 5), ['unb…']);
  assert.deepEqual(wrapped('an unbreakable', 5, 11), ['an', 'unbreakable']);
});

test('ticks are round, enclose the values where asked, and logarithmic axes are decades', () => {
  assert.deepEqual(tickValues(1, 61, 6, 1), [10, 20, 30, 40, 50, 60]);
  assert.deepEqual(tickValues(1, 3, 6, 1), [1, 2, 3]);
  assert.deepEqual(enclosingTicks(0.741, 0.905, 4), [0.7, 0.75, 0.8, 0.85, 0.9, 0.95]);
  assert.deepEqual(enclosingTicks(3, 3), [1, 2, 3, 4, 5]);
  assert.deepEqual(logAxis(1e-5, 1e-4, '').ticks, [1e-5, 1e-4]);
  const labels = (trainLoss: number[], learningRate: number[]) => {
    const epochs = trainLoss.map((loss, i) => ({ epoch: i, trainLoss: loss, learningRate: learningRate[i] ?? 0 }));
    return [...trainingCurvesFigure({ model: 'm', epochs }).svg.matchAll(/text-anchor="end"[^>]*>([^<]+)</g)].map(
      ([, label]) => label,
    );
  };
  assert.deepEqual(labels([0, 1e-3], [1e-5, 1e-4]), ['0', '5e−4', '1e−3', '1e−5', '1e−4']);
  assert.match(labelExpression({ domain: [0, 1], ticks: [0, 0.25, 0.5] }), /'\.1f'/);
});

test('lines drop repeats and steps that change nothing, and do not bridge gaps', () => {
  const points = [
    [0, 0],
    [0, 1],
    [0, 1],
    [0, 2],
    [1, 2],
    [2, 2],
    [3, 5],
  ] as const;
  assert.deepEqual(simplified(points), [
    [0, 0],
    [0, 2],
    [2, 2],
    [3, 5],
  ]);
  assert.deepEqual(runs([[0, 0], null, null, [1, 1], [2, 2]]), [
    [[0, 0]],
    [
      [1, 1],
      [2, 2],
    ],
  ]);
});
