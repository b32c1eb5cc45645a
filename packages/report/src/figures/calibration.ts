import { csvText } from '../csv.ts';
import { formatFixed, shorten } from '../format.ts';
import type { Calibration } from '../report-data.ts';
import { enclosingAxis, fractionAxis } from './axes.ts';
import { draw, type Layer } from './drawing.ts';
import { captionOf, type Figure, figureName, figureOf } from './figure.ts';
import {
  type LegendEntry,
  legend,
  legendHeight,
  line,
  markers,
  type Paint,
  type Point,
  rectangles,
  segments,
} from './layers.ts';
import { AXIS_ROOM, SQUARE } from './square.ts';
import { COLOUR, MAIN_STYLE, type SeriesStyle, seriesStyle } from './theme.ts';

const PERFECT: Paint = { stroke: COLOUR.axis, strokeWidth: 1 };
const COUNTS_HEIGHT = 56;
const GAP = 16;

/** The curve that the figure is about, the last, in ink; those before it in colour. */
const styleAt = (index: number, length: number): SeriesStyle =>
  index === length - 1 ? { ...MAIN_STYLE, width: 2 } : { ...seriesStyle(index + 1) };

type Curve = Calibration['curves'][number];

function summary({ name, brier, expectedError, bins }: Curve): string {
  const parts = [
    `n = ${bins.reduce((sum, { count }) => sum + count, 0)}`,
    ...(brier === undefined ? [] : [`Brier ${formatFixed(brier, 3)}`]),
    ...(expectedError === undefined ? [] : [`ECE ${formatFixed(expectedError, 3)}`]),
  ];
  return `${shorten(name, 30)}: ${parts.join(', ')}`;
}

/** Intervals of two curves at one prediction stand side by side. */
const SIDE_STEP = 0.012;
const stepOf = (index: number, length: number) => SIDE_STEP * (index - (length - 1) / 2);

/** Bins with a share, as points. */
const pointsOf = ({ bins }: Curve): Point[] =>
  bins.flatMap(({ predicted, observed }) => (observed.value === null ? [] : [[predicted, observed.value] as const]));

const intervalsOf = ({ bins }: Curve, step: number): [Point, Point][] =>
  bins.flatMap(({ predicted, observed: { value, interval } }): [Point, Point][] =>
    value === null || !interval?.every(Number.isFinite)
      ? []
      : [
          [
            [predicted + step, interval[0]],
            [predicted + step, interval[1]],
          ],
        ],
  );

/** Observed share of positives against predicted probability, before and after recalibration, above how many cases a bin has. */
export function calibrationFigure(calibration: Calibration): Figure {
  const { model, dataset, curves } = calibration;
  const upper = { x: { ...fractionAxis(''), unlabelled: true }, y: fractionAxis('Observed share of positives') };
  const most = Math.max(1, ...curves.flatMap(({ bins }) => bins.map(({ count }) => count)));
  const lower = { x: fractionAxis('Predicted probability'), y: enclosingAxis([0, most], 'Cases', 2) };
  const styles = curves.map((_, index) => styleAt(index, curves.length));
  const layers: Layer[] = [
    segments(
      upper,
      [
        [
          [0, 0],
          [1, 1],
        ],
      ],
      PERFECT,
    ),
    ...curves.flatMap((curve, index) => {
      const style = styles[index] as SeriesStyle;
      return [
        segments(upper, intervalsOf(curve, stepOf(index, curves.length)), { stroke: style.colour, strokeWidth: 1.25 }),
        line(upper, pointsOf(curve), style),
        markers(upper, pointsOf(curve), style.shape, 7, { fill: COLOUR.page, stroke: style.colour, strokeWidth: 1.75 }),
      ];
    }),
  ];
  const bars = curves.flatMap(({ bins }, index) => {
    const { colour } = styles[index] as SeriesStyle;
    const corners = bins.map(({ lower: from, upper: to, count }): [Point, Point] => {
      const width = (to - from) / curves.length;
      return [
        [from + index * width + 0.003, 0],
        [from + (index + 1) * width - 0.003, count],
      ];
    });
    return rectangles(lower, corners, { fill: colour, fillOpacity: index === curves.length - 1 ? 0.85 : 0.5 });
  });
  const entries: LegendEntry[] = [
    ...curves.map(
      (curve, index): LegendEntry => ({
        sign: 'line',
        style: styles[index] as SeriesStyle,
        marked: true,
        text: summary(curve),
      }),
    ),
    { sign: 'rule', paint: PERFECT, text: 'Perfect calibration' },
  ];
  const alt = `Calibration of ${model}: observed share of positives against predicted probability. ${curves.map(summary).join('; ')}.`;
  return figureOf({
    name: figureName('calibration', model, dataset),
    caption: captionOf('Calibration', model, dataset),
    svg: draw({
      ...SQUARE,
      gap: GAP,
      panels: [
        { ...SQUARE.panel, height: 260, layers },
        {
          ...SQUARE.panel,
          height: COUNTS_HEIGHT,
          layers: [...bars, ...legend(entries, SQUARE.legendLeft, COUNTS_HEIGHT + AXIS_ROOM + 4)],
        },
      ],
      bottom: SQUARE.bottom + legendHeight(entries),
      alt,
    }),
    csv: csvText(
      [
        'model',
        'dataset',
        'curve',
        'lower',
        'upper',
        'cases',
        'predicted',
        'observed',
        'observed_lower',
        'observed_upper',
      ],
      curves.flatMap(({ name, bins }) =>
        bins.map(({ lower: from, upper: to, count, predicted, observed }) => [
          model,
          dataset,
          name,
          from,
          to,
          count,
          predicted,
          observed.value,
          observed.interval?.[0],
          observed.interval?.[1],
        ]),
      ),
    ),
    alt,
    remark:
      'Bars through the points are 95 % intervals of the shares. ECE: expected calibration error over the bins shown.',
  });
}
