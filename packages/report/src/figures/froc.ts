import { csvText } from '../csv.ts';
import { counted, formatFixed, shorten } from '../format.ts';
import type { FrocCurve } from '../report-data.ts';
import { enclosingAxis, fractionAxis } from './axes.ts';
import { draw, type Layer } from './drawing.ts';
import { captionOf, type Figure, figureName, figureOf } from './figure.ts';
import { area, type LegendEntry, legend, legendHeight, line, markers, type Paint, type Point } from './layers.ts';
import { AXIS_ROOM, mainLast, SQUARE, styled } from './square.ts';
import { COLOUR } from './theme.ts';

const HEIGHT = 260;
const BAND: Paint = { fill: COLOUR.band, fillOpacity: 0.22 };

function markedText({ marked = [], unit }: FrocCurve): string {
  const parts = marked.map(
    ({ falsePositives, sensitivity }) =>
      `${formatFixed(100 * sensitivity, 1)} % at ${Number(falsePositives.toPrecision(3))}`,
  );
  return parts.length > 0 ? `sensitivity ${parts.join(', ')} false positives per ${unit}` : '';
}

/** Free-response ROC curves: the share of lesions found against false positives a case; one curve with its band. */
export function frocFigure(curves: readonly FrocCurve[]): Figure {
  const [only] = curves.length === 1 ? curves : [];
  const { unit = 'case', units = 0, lesions = 0, dataset, hitRule } = curves[0] ?? {};
  const alike = curves.every((curve) => curve.units === units && curve.lesions === lesions);
  const most = Math.max(0, ...curves.flatMap(({ points }) => points.map(({ falsePositives }) => falsePositives)));
  const axes = {
    x: enclosingAxis([0, most || 1], `False positives per ${unit}${alike ? ` (${counted(units, unit)})` : ''}`, 5),
    y: fractionAxis(`Sensitivity${alike ? ` (${counted(lesions, 'lesion')})` : ''}`),
  };
  const band = only?.band;
  const series = styled(curves);
  const layers: Layer[] = [
    ...(band
      ? [
          area(
            axes,
            band.falsePositives.map((x, i) => ({ x, lower: band.lower[i] as number, upper: band.upper[i] as number })),
            BAND,
          ),
        ]
      : []),
    ...mainLast(series).flatMap(({ item: { points, marked = [] }, style }) => [
      line(
        axes,
        points.map(({ falsePositives, sensitivity }): Point => [falsePositives, sensitivity]),
        style,
      ),
      markers(
        axes,
        marked.map(({ falsePositives, sensitivity }): Point => [falsePositives, sensitivity]),
        style.shape,
        8,
        {
          fill: COLOUR.page,
          stroke: style.colour,
          strokeWidth: 2,
        },
      ),
    ]),
  ];
  const entries = series.map(
    ({ item, style }): LegendEntry => ({
      sign: 'line',
      style,
      marked: (item.marked?.length ?? 0) > 0,
      text: alike
        ? shorten(item.model, 50)
        : `${shorten(item.model, 26)}, ${counted(item.units, unit)}, ${counted(item.lesions, 'lesion')}`,
    }),
  );
  if (band) entries.push({ sign: 'area', paint: BAND, text: band.description ?? 'Pointwise interval' });
  const told = curves.map((curve) => [curve.model, markedText(curve)].filter(Boolean).join(': ')).join('; ');
  const alt = `Free-response ROC, sensitivity${alike ? ` for ${counted(lesions, 'lesion')}` : ''} against false positives per ${unit}. ${told}.`;
  return figureOf({
    name: figureName('froc', only?.model ?? 'all', dataset),
    caption: captionOf(only ? 'FROC curve' : 'FROC curves', only?.model ?? 'all models', dataset),
    svg: draw({
      ...SQUARE,
      panels: [
        {
          ...SQUARE.panel,
          height: HEIGHT,
          layers: [...layers, ...legend(entries, SQUARE.legendLeft, HEIGHT + AXIS_ROOM + 4)],
        },
      ],
      bottom: SQUARE.bottom + legendHeight(entries),
      alt,
    }),
    csv: csvText(
      [
        'model',
        'dataset',
        'kind',
        `false_positives_per_${unit}`,
        'sensitivity',
        'sensitivity_lower',
        'sensitivity_upper',
      ],
      curves.flatMap(({ model, dataset: of, points, band: interval }) => [
        ...points.map(({ falsePositives, sensitivity }) => [model, of, 'curve', falsePositives, sensitivity]),
        ...(interval?.falsePositives.map((x, i) => [
          model,
          of,
          'interval',
          x,
          null,
          interval.lower[i],
          interval.upper[i],
        ]) ?? []),
      ]),
    ),
    alt,
    remark: [told && curves.some(({ marked }) => marked) ? `${told}.` : '', hitRule ? `Hit: ${hitRule}.` : '']
      .filter(Boolean)
      .join(' '),
  });
}
