import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReportData } from '../report-data.ts';
import { EXTREME_REPORT } from '../sample-extremes.ts';
import { SAMPLE_REPORT } from '../sample-report.ts';
import { aucComparisonFigure } from './auc-comparison.ts';
import { coordinate, enclosingTicks, linearScale, logScale, tickValues } from './axes.ts';
import { confusionMatrixFigure } from './confusion-matrix.ts';
import { histogram } from './histogram.ts';
import { runs, simplified } from './line.ts';
import { rocBandFigure, rocFigure } from './roc.ts';
import { scoreDistributionFigure } from './score-distribution.ts';
import { trainingCurvesFigure } from './training-curves.ts';

const attribute = (tag: string, name: string) => Number(new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1]);

/** Corners, centres and vertices of everything drawn in a group of marks. */
function pointsOf(marks: string): [number, number][] {
  const at = (tag: string, x: string, y: string): [number, number] => [attribute(tag, x), attribute(tag, y)];
  return [...marks.matchAll(/<(path|circle|line|rect)\b[^>]*>/g)].flatMap(([tag, name]) => {
    if (name === 'circle') return [at(tag, 'cx', 'cy')];
    if (name === 'line') return [at(tag, 'x1', 'y1'), at(tag, 'x2', 'y2')];
    if (name === 'path')
      return [...tag.matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]): [number, number] => [
        Number(x),
        Number(y),
      ]);
    const [x, y] = at(tag, 'x', 'y');
    return [
      [x, y],
      [x + attribute(tag, 'width'), y + attribute(tag, 'height')],
    ];
  });
}

/** The panels of a figure: plot area and the points of its marks. */
function panelsOf(figure: string) {
  return figure
    .split('<g class="panel">')
    .slice(1)
    .map((panel) => {
      const area = /<rect class="plot-area"[^>]*>/.exec(panel)?.[0] as string;
      const [left, top] = [attribute(area, 'x'), attribute(area, 'y')];
      return {
        left,
        top,
        right: left + attribute(area, 'width'),
        bottom: top + attribute(area, 'height'),
        points: pointsOf(/<g class="marks">(.*?)<\/g>/s.exec(panel)?.[1] as string),
      };
    });
}

function figuresOf(data: ReportData): [name: string, figure: string][] {
  const { performance, roc = [], scores = [], confusion = [], training = [] } = data;
  return [
    ['all ROC curves', rocFigure(roc)],
    ...roc.map((curve) => ['ROC', rocBandFigure(curve)] as const),
    ['AUCs', aucComparisonFigure(performance?.models ?? [], 'test') ?? ''],
    ...scores.map((item) => [`scores ${item.model}`, scoreDistributionFigure(item)] as const),
    ...confusion.map((item) => ['confusion', confusionMatrixFigure(item)] as const),
    ...training.map((item) => [`training ${item.model}`, trainingCurvesFigure(item)] as const),
  ].map(([name, figure]) => [name as string, String(figure)]);
}

for (const [sample, data] of [
  ['sample', SAMPLE_REPORT],
  ['extremes', EXTREME_REPORT],
] as const) {
  test(`${sample}: every mark lies inside its axes, and every figure has axes, name and caption`, () => {
    for (const [name, figure] of figuresOf(data)) {
      const panels = panelsOf(figure);
      assert.ok(panels.length > 0 || name === 'training lost', name);
      for (const { left, right, top, bottom, points } of panels) {
        for (const [x, y] of points) {
          const inside = x >= left - 0.05 && x <= right + 0.05 && y >= top - 0.05 && y <= bottom + 0.05;
          assert.ok(inside, `${name}: (${x}, ${y}) is outside ${left}..${right}, ${top}..${bottom}`);
        }
      }
      assert.match(figure, /role="img" aria-label="[^"]{20,}"/, name);
      assert.match(figure, /<figcaption>[^<]*\S/, name);
      assert.doesNotMatch(figure, /NaN|Infinity|undefined<|#[0-9a-f]{6}/, name);
    }
  });
}

test('a ROC curve starts and ends in the corners and marks its operating point', () => {
  const figure = rocBandFigure(SAMPLE_REPORT.roc?.at(-1) as NonNullable<ReportData['roc']>[number]).toString();
  const [panel] = panelsOf(figure);
  const curve = pointsOf(/<path class="curve[^>]*>/.exec(figure)?.[0] as string);
  assert.deepEqual(curve[0], [panel?.left, panel?.bottom]);
  assert.deepEqual(curve.at(-1), [panel?.right, panel?.top]);
  assert.match(figure, /Operating point, score &gt; 0\.\d{3}: sensitivity 76\.3 %, specificity 79\.1 %/);
  assert.match(figure, />1 − specificity<.*>Sensitivity</s);
});

test('training curves mark best epoch and early stop and leave gaps where a value is not finite', () => {
  const epochs = [0.5, 0.4, null, 0.3, 0.2].map((trainLoss, index) => ({ epoch: index + 1, trainLoss }));
  const figure = trainingCurvesFigure({ model: 'm', epochs, bestEpoch: 2, earlyStopEpoch: 5 }).toString();
  assert.equal(figure.match(/<path class="curve/g)?.length, 2);
  assert.match(figure, />best: epoch 2<.*>early stop: epoch 5</s);
  assert.match(figure, /No finite value at epoch 3\./);
});

test('a score at the cut-off is positive for ≥ and negative for >', () => {
  const classes = [{ label: 'a', scores: [0.2, 0.5, 0.9] }];
  const told = (comparison: '>' | '≥') =>
    scoreDistributionFigure({ model: 'm', cutoff: { value: 0.5, comparison }, classes }).toString();
  assert.match(told('>'), /2 called negative, 1 positive/);
  assert.match(told('≥'), /1 called negative, 2 positive/);
});

test('scores that lie close together get an axis of their own, which is said; equal ones do not', () => {
  const drawn = (...scores: number[]) =>
    scoreDistributionFigure({ model: 'm', cutoff: { value: 0.749 }, classes: [{ label: 'a', scores }] }).toString();
  const bars = (figure: string) => figure.match(/<title>a, score/g)?.length;
  const narrow = drawn(0.745, 0.748, 0.752);
  assert.equal(bars(narrow), 3);
  assert.match(narrow, />0\.746<.*only the part between 0 and 1/s);
  assert.match(narrow, /score 0\.7449?\d* to 0\.745\d*: 1 image/);
  for (const wide of [drawn(0.2, 0.748, 0.752), drawn(0.749, 0.749), drawn()]) {
    assert.match(wide, />0\.2<.*>0\.8</s);
    assert.doesNotMatch(wide, /only the part/);
  }
});

test('a loss that does not move gets an axis with different labels', () => {
  const epochs = [1, 2].map((epoch) => ({ epoch, trainLoss: 0.6931471824645996, valLoss: 0.6931471805599458 }));
  const figure = trainingCurvesFigure({ model: 'm', epochs }).toString();
  const labels = [...figure.matchAll(/text-anchor="end">([^<]+)</g)].map(([, label]) => label);
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
  const figure = confusionMatrixFigure({
    model: 'm',
    classes: ['benign', 'malignant'],
    counts: [
      [141, 22],
      [0, 0],
    ],
  }).toString();
  assert.match(
    figure,
    />141<.*>86\.5 %<.*>true negatives<.*>22<.*>13\.5 %<.*>false positives<.*>—<.*>false negatives</s,
  );
});

test('a confusion matrix names its classes in full where they fit', () => {
  const drawn = (positive: string) =>
    confusionMatrixFigure({
      model: 'm',
      classes: ['normal', positive],
      counts: [
        [1, 0],
        [0, 1],
      ],
    }).toString();
  assert.equal(drawn('microcalcification').match(/class="class-label"[^>]*>microcalcification</g)?.length, 2);
  assert.match(drawn('architectural distortion'), /class="class-label"[^>]*>architectural d…</);
});

test('ticks are round, enclose the values where asked, and logarithmic axes are decades', () => {
  assert.deepEqual(tickValues(1, 61, 6, 1), [10, 20, 30, 40, 50, 60]);
  assert.deepEqual(tickValues(1, 3, 6, 1), [1, 2, 3]);
  assert.deepEqual(enclosingTicks(0.741, 0.905, 4), [0.7, 0.75, 0.8, 0.85, 0.9, 0.95]);
  assert.deepEqual(enclosingTicks(3, 3), [1, 2, 3, 4, 5]);
  assert.deepEqual(
    logScale(1e-5, 1e-4, [0, 10]).ticks.map(({ label }) => label),
    ['1e−5', '1e−4'],
  );
  assert.deepEqual(
    linearScale([0, 1e-3], [0, 1], [0, 5e-4, 1e-3]).ticks.map(({ label }) => label),
    ['0', '5e−4', '1e−3'],
  );
  assert.equal(linearScale([0, 1], [100, 0]).at(0.25), 75);
  assert.throws(() => coordinate(Number.NaN), /must be finite/);
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
