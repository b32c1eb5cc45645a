import { csvText } from '../csv.ts';
import { formatEstimate, formatFixed, shorten } from '../format.ts';
import type { PrecisionRecallCurve } from '../report-data.ts';
import { fractionAxis } from './axes.ts';
import { draw, type Layer } from './drawing.ts';
import { captionOf, type Figure, figureName, figureOf } from './figure.ts';
import { area, type LegendEntry, legend, legendHeight, line, type Paint, type Point, segments } from './layers.ts';
import { simplified } from './line.ts';
import { counts, mainLast, SQUARE, styled } from './square.ts';
import { COLOUR } from './theme.ts';

const PREVALENCE: Paint = { stroke: COLOUR.axis, strokeWidth: 1 };
const BAND: Paint = { fill: COLOUR.band, fillOpacity: 0.22 };

const precisionText = ({ averagePrecision }: PrecisionRecallCurve) =>
  averagePrecision ? `AP ${formatEstimate(averagePrecision, 'fraction')}` : 'AP not given';

/** The points of a curve, drawn as steps: no precision between two thresholds was measured. It begins at the first recall. */
function pointsOf({ points }: PrecisionRecallCurve): Point[] {
  const drawn = simplified(points.map(({ recall, precision }): Point => [recall, precision]));
  const first = drawn[0];
  return first ? [[0, first[1]], ...drawn] : [];
}

/**
 * Precision-recall curves of one data set in one plot with the prevalence, which a useless score has as its precision;
 * a single curve with its band.
 */
export function precisionRecallFigure(curves: readonly PrecisionRecallCurve[]): Figure {
  const [only] = curves.length === 1 ? curves : [];
  const { positives, negatives, dataset } = curves[0] ?? {};
  const prevalence =
    positives === undefined || negatives === undefined || positives + negatives === 0
      ? undefined
      : positives / (positives + negatives);
  const axes = {
    x: fractionAxis(`Recall, sensitivity${counts(positives, 'positive')}`),
    y: fractionAxis('Precision (PPV)'),
  };
  const series = styled(curves);
  const band = only?.band;
  const layers: Layer[] = [
    ...(band
      ? [
          area(
            axes,
            band.recall.map((x, i) => ({ x, lower: band.lower[i] as number, upper: band.upper[i] as number })),
            BAND,
          ),
        ]
      : []),
    ...(prevalence === undefined
      ? []
      : [
          segments(
            axes,
            [
              [
                [0, prevalence],
                [1, prevalence],
              ],
            ],
            PREVALENCE,
          ),
        ]),
    ...mainLast(series).map(({ item, style }) => line(axes, pointsOf(item), style, true)),
  ];
  const entries = series.map(
    ({ item, style }): LegendEntry => ({
      sign: 'line',
      style,
      text: `${shorten(item.model, 28)}, ${precisionText(item)}`,
    }),
  );
  if (band) entries.push({ sign: 'area', paint: BAND, text: band.description ?? 'Pointwise interval' });
  if (prevalence !== undefined)
    entries.push({ sign: 'rule', paint: PREVALENCE, text: `Share of positive cases, ${formatFixed(prevalence, 3)}` });
  const alt = `Precision against recall. ${curves.map((curve) => `${curve.model}: ${precisionText(curve)}`).join('; ')}.`;
  return figureOf({
    name: figureName('precision-recall', only?.model ?? 'all', dataset),
    caption: captionOf(
      only ? 'Precision-recall curve' : 'Precision-recall curves',
      only?.model ?? 'all models',
      dataset,
    ),
    svg: draw({
      ...SQUARE,
      panels: [{ ...SQUARE.panel, layers: [...layers, ...legend(entries, SQUARE.legendLeft, SQUARE.legendTop)] }],
      bottom: SQUARE.bottom + legendHeight(entries),
      alt,
    }),
    csv: csvText(
      ['model', 'dataset', 'kind', 'recall', 'precision', 'precision_lower', 'precision_upper'],
      curves.flatMap(({ model, dataset: of, points, band: interval }) => [
        ...points.map(({ recall, precision }) => [model, of, 'curve', recall, precision]),
        ...(interval?.recall.map((x, i) => [model, of, 'interval', x, null, interval.lower[i], interval.upper[i]]) ??
          []),
      ]),
    ),
    alt,
    remark:
      'AP is the average precision without interpolation. Precision holds for the share of positive cases here, not for screening.',
  });
}
