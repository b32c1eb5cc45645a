import { csvText } from '../csv.ts';
import { formatCount, formatFixed, shorten } from '../format.ts';
import type { DecisionCurve } from '../report-data.ts';
import { enclosingAxis, fractionAxis } from './axes.ts';
import { draw, type Layer } from './drawing.ts';
import { captionOf, type Figure, figureName, figureOf } from './figure.ts';
import { type LegendEntry, legend, legendHeight, line, type Point } from './layers.ts';
import { AXIS_ROOM, mainLast, SQUARE, styled } from './square.ts';
import { COLOUR, type SeriesStyle } from './theme.ts';

const HEIGHT = 250;
/** How far below 0 the plot goes, as a share of its height above: treating all falls without end. */
const BELOW = 0.2;

const ALL: SeriesStyle = { colour: COLOUR.quiet, dash: [1, 3], shape: 'circle', width: 1.5 };
const NONE: SeriesStyle = { colour: COLOUR.axis, dash: [], shape: 'circle', width: 1 };

/** The part of a curve at or above a floor, with the points where it meets the floor. */
export function aboveFloor(points: readonly Point[], floor: number): Point[][] {
  const parts: Point[][] = [[]];
  points.forEach((point, index) => {
    const before = points[index - 1];
    if (before && before[1] >= floor !== point[1] >= floor) {
      const share = (floor - before[1]) / (point[1] - before[1]);
      parts.at(-1)?.push([before[0] + share * (point[0] - before[0]), floor]);
      if (point[1] < floor) parts.push([]);
    }
    if (point[1] >= floor) parts.at(-1)?.push(point);
  });
  return parts.filter((part) => part.length > 0);
}

type Benefits = DecisionCurve['all'];
const pointsOf = (points: Benefits) => points.map(({ threshold, netBenefit }): Point => [threshold, netBenefit]);

/** Net benefit over threshold probabilities of models, of treating all and of treating none (Vickers and Elkin 2006). */
export function decisionCurveFigure(curve: DecisionCurve): Figure {
  const { models, all, cases, prevalence, dataset, action = 'call positive' } = curve;
  const most = Math.max(prevalence, ...models.flatMap(({ points }) => points.map(({ netBenefit }) => netBenefit)));
  const y = enclosingAxis([0, Math.max(most, 1e-3)], 'Net benefit', 4);
  const floor = -BELOW * y.domain[1];
  const axes = { x: fractionAxis('Threshold probability'), y: { ...y, domain: [floor, y.domain[1]] as const } };
  const series = styled(models);
  const drawn = (points: Benefits, style: SeriesStyle): Layer[] =>
    aboveFloor(pointsOf(points), floor).map((part) => line(axes, part, style));
  const layers = [
    line(
      axes,
      [
        [0, 0],
        [1, 0],
      ],
      NONE,
    ),
    ...drawn(all, ALL),
    ...mainLast(series).flatMap(({ item, style }) => drawn(item.points, style)),
  ];
  const entries: LegendEntry[] = [
    ...series.map(({ item, style }): LegendEntry => ({ sign: 'line', style, text: shorten(item.model, 50) })),
    { sign: 'line', style: ALL, text: `All: ${action} in every case` },
    { sign: 'line', style: NONE, text: 'None' },
  ];
  const names = models.map(({ model }) => model).join(', ');
  const alt = `Decision curve, net benefit against threshold probability from 0 to 1, of ${names}, of treating all and of treating none; ${cases} cases, prevalence ${formatFixed(100 * prevalence, 1)} %.`;
  return figureOf({
    name: figureName('decision-curve', dataset),
    caption: captionOf('Decision curve', undefined, dataset),
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
      ['model', 'dataset', 'threshold', 'net_benefit'],
      [
        ...models.flatMap(({ model, points }) =>
          points.map(({ threshold, netBenefit }) => [model, dataset, threshold, netBenefit]),
        ),
        ...all.map(({ threshold, netBenefit }) => ['all', dataset, threshold, netBenefit]),
        ...all.map(({ threshold }) => ['none', dataset, threshold, 0]),
      ],
    ),
    alt,
    remark: `Net benefit in true positives a case; ${formatCount(cases)} cases, ${formatFixed(100 * prevalence, 1)} % positive. It holds for calibrated probabilities and this prevalence.`,
  });
}
