import { csvText } from '../csv.ts';
import { capitalised, formatCutoff, formatEstimate, formatFixed, shorten } from '../format.ts';
import type { RocCurve } from '../report-data.ts';
import { fractionAxis } from './axes.ts';
import { draw, type Layer } from './drawing.ts';
import { captionOf, type Figure, figureName, figureOf } from './figure.ts';
import {
  area,
  type LegendEntry,
  legend,
  legendHeight,
  line,
  markers,
  type Paint,
  type Point,
  segments,
} from './layers.ts';
import { simplified } from './line.ts';
import { counts, mainLast, SQUARE, styled } from './square.ts';
import { COLOUR, MAIN_STYLE, type SeriesStyle } from './theme.ts';

const CHANCE: Paint = { stroke: COLOUR.axis, strokeWidth: 1 };
const BAND: Paint = { fill: COLOUR.band, fillOpacity: 0.22 };
const CHOSEN: Paint = { fill: COLOUR.cutoff, stroke: COLOUR.page, strokeWidth: 1.25 };

const axesOf = (positives?: number, negatives?: number) => ({
  x: fractionAxis(`1 − specificity${counts(negatives, 'negative')}`),
  y: fractionAxis(`Sensitivity${counts(positives, 'positive')}`),
});

/** What all curves have in common, or nothing. */
function shared<T>(values: readonly T[]): T | undefined {
  return new Set(values).size === 1 ? values[0] : undefined;
}

const aucText = ({ auc }: RocCurve) => (auc ? `AUC ${formatEstimate(auc, 'fraction')}` : 'AUC not given');
const pointsOf = ({ points }: RocCurve) => simplified(points.map(({ fpr, tpr }): Point => [fpr, tpr]));

function operatingText({ operatingPoint }: RocCurve): string {
  if (!operatingPoint) return '';
  const { cutoff, tpr, fpr } = operatingPoint;
  const percent = (value: number) => formatFixed(100 * value, 1);
  return `${cutoff ? `cut-off ${formatCutoff(cutoff)}: ` : ''}sensitivity ${percent(tpr)} %, specificity ${percent(1 - fpr)} %`;
}

function curvesCsv(curves: readonly RocCurve[]): string {
  return csvText(
    ['model', 'dataset', 'kind', 'one_minus_specificity', 'sensitivity', 'sensitivity_lower', 'sensitivity_upper'],
    curves.flatMap((curve) => {
      const { model, dataset, points, band, operatingPoint } = curve;
      const row = (kind: string, ...cells: (number | undefined)[]) => [model, dataset, kind, ...cells];
      return [
        ...points.map(({ fpr, tpr }) => row('curve', fpr, tpr)),
        ...(band?.fpr.map((fpr, i) => row('interval', fpr, undefined, band.lower[i], band.upper[i])) ?? []),
        ...(operatingPoint ? [row('operating point', operatingPoint.fpr, operatingPoint.tpr)] : []),
      ];
    }),
  );
}

/** All ROC curves in one plot with their operating points. Ensembles are drawn in ink. */
export function rocFigure(curves: readonly RocCurve[]): Figure {
  const several = new Set(curves.map(({ dataset }) => dataset)).size > 1;
  const axes = axesOf(
    shared(curves.map(({ positives }) => positives)),
    shared(curves.map(({ negatives }) => negatives)),
  );
  const series = styled(curves);
  const drawn = mainLast(series);
  const marked = (style: SeriesStyle): Paint => ({ fill: COLOUR.page, stroke: style.colour, strokeWidth: 2 });
  const layers: Layer[] = [
    segments(
      axes,
      [
        [
          [0, 0],
          [1, 1],
        ],
      ],
      CHANCE,
    ),
    ...drawn.map(({ item, style }) => line(axes, pointsOf(item), style)),
    ...drawn.flatMap(({ item: { operatingPoint }, style }) =>
      operatingPoint ? markers(axes, [[operatingPoint.fpr, operatingPoint.tpr]], style.shape, 8, marked(style)) : [],
    ),
  ];
  const entries = series.map(({ item, style }): LegendEntry => {
    const model = shorten(item.model, several ? 20 : 28);
    return {
      sign: 'line',
      style,
      marked: item.operatingPoint !== undefined,
      text: `${model}${several && item.dataset ? ` (${shorten(item.dataset, 12)})` : ''}, ${aucText(item)}`,
    };
  });
  const alt = `ROC curves, sensitivity against 1 minus specificity. ${curves.map((curve) => `${curve.model}: ${aucText(curve)}`).join('; ')}.`;
  const dataset = several ? undefined : curves[0]?.dataset;
  return figureOf({
    name: figureName('roc', 'all', dataset),
    caption: captionOf('ROC curves', 'all models', dataset),
    svg: draw({
      ...SQUARE,
      panels: [{ ...SQUARE.panel, layers: [...layers, ...legend(entries, SQUARE.legendLeft, SQUARE.legendTop)] }],
      bottom: SQUARE.bottom + legendHeight(entries),
      alt,
    }),
    csv: curvesCsv(curves),
    alt,
    remark: curves.some(({ operatingPoint }) => operatingPoint)
      ? 'Markers show the chosen cut-offs; the thin diagonal is chance.'
      : undefined,
  });
}

/** One ROC curve with its interval band and the chosen operating point (Kang et al. 2021, figure 1b). */
export function rocBandFigure(curve: RocCurve): Figure {
  const { model, dataset, band, operatingPoint, positives, negatives } = curve;
  const axes = axesOf(positives, negatives);
  const bounds = band?.fpr.map((x, i) => ({ x, lower: band.lower[i] as number, upper: band.upper[i] as number })) ?? [];
  const layers: Layer[] = [
    ...(band ? [area(axes, bounds, BAND)] : []),
    segments(
      axes,
      [
        [
          [0, 0],
          [1, 1],
        ],
      ],
      CHANCE,
    ),
    line(axes, pointsOf(curve)),
    ...(operatingPoint ? [markers(axes, [[operatingPoint.fpr, operatingPoint.tpr]], 'circle', 9, CHOSEN)] : []),
  ];
  const entries: LegendEntry[] = [{ sign: 'line', style: MAIN_STYLE, text: `ROC curve, ${aucText(curve)}` }];
  if (band) entries.push({ sign: 'area', paint: BAND, text: band.description ?? 'Pointwise interval' });
  if (operatingPoint) entries.push({ sign: 'point', paint: CHOSEN, text: capitalised(operatingText(curve)) });
  entries.push({ sign: 'rule', paint: CHANCE, text: 'Chance, AUC 0.5' });
  const alt = `ROC curve of ${model}: ${aucText(curve)}. ${operatingText(curve)}`;
  return figureOf({
    name: figureName('roc', model, dataset),
    caption: captionOf('ROC curve', model, dataset),
    svg: draw({
      ...SQUARE,
      panels: [{ ...SQUARE.panel, layers: [...layers, ...legend(entries, SQUARE.legendLeft, SQUARE.legendTop)] }],
      bottom: SQUARE.bottom + legendHeight(entries),
      alt,
    }),
    csv: curvesCsv([curve]),
    alt,
  });
}
