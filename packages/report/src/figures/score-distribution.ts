import { csvText } from '../csv.ts';
import { calledPositive, capitalised, counted, formatCutoff, shorten } from '../format.ts';
import type { Cutoff, ScoreDistribution } from '../report-data.ts';
import { type Axis, enclosingAxis, enclosingTicks, tickValues } from './axes.ts';
import { draw, type Panel } from './drawing.ts';
import { captionOf, type Figure, figureName, figureOf } from './figure.ts';
import { histogram } from './histogram.ts';
import { label, type Paint, type Point, rectangles, segments } from './layers.ts';
import { AXIS_ROOM } from './square.ts';
import { COLOUR, seriesStyle } from './theme.ts';

const BINS = 25;
const HEIGHT = 92;
const GAP = 42;
const LEFT = 50;
const WIDTH = 316;
const TOP = 52;
const CUTOFF: Paint = { stroke: COLOUR.cutoff, strokeWidth: 2, dash: [5, 3] };

/** Probabilities that all lie within this are drawn on an axis of their own: between 0 and 1 they would be one bar. */
const NARROW = 0.05;

function scoreAxis({ classes, cutoff }: ScoreDistribution): Axis {
  let [low, high] = [cutoff?.value ?? Infinity, cutoff?.value ?? -Infinity];
  for (const { scores } of classes) {
    for (const score of scores) [low, high] = [Math.min(low, score), Math.max(high, score)];
  }
  const probabilities = !(high >= low) || (low >= 0 && high <= 1);
  if (probabilities && !(high > low && high - low < NARROW)) return { domain: [0, 1], ticks: tickValues(0, 1) };
  const ticks = enclosingTicks(low, high);
  return { domain: [ticks[0] as number, ticks.at(-1) as number], ticks };
}

function calledText(scores: readonly number[], cutoff: Cutoff | undefined): string {
  if (!cutoff) return '';
  const above = scores.filter((score) => calledPositive(score, cutoff)).length;
  return `${scores.length - above} called negative, ${above} positive`;
}

/** Where a label of a vertical line stands so that it stays within the plot. */
function besideLine(share: number): { readonly align: 'left' | 'center' | 'right'; readonly at: number } {
  if (share < 0.35) return { align: 'left', at: Math.max(0, share * WIDTH - 3) };
  if (share > 0.65) return { align: 'right', at: Math.min(WIDTH, share * WIDTH + 3) };
  return { align: 'center', at: share * WIDTH };
}

/** Histograms of the scores, one panel a class on a shared axis, with the cut-off through all of them. */
export function scoreDistributionFigure(distribution: ScoreDistribution): Figure {
  const { classes, cutoff, model, dataset, case: one = 'image' } = distribution;
  const x = scoreAxis(distribution);
  const [low, high] = x.domain;
  const binned = classes.map(({ scores }) => histogram(scores, x.domain, BINS));
  const panels = classes.map(({ label: name, scores }, index): Panel => {
    const { edges, counts } = binned[index] as (typeof binned)[number];
    const axes = {
      x: { ...x, ...(index === classes.length - 1 ? { title: 'Score' } : { unlabelled: true }) },
      y: enclosingAxis([0, Math.max(2, ...counts)], capitalised(`${one}s`), 3),
    };
    const inset = (high - low) / WIDTH / 2;
    const bars = counts.flatMap((count, bin): [Point, Point][] =>
      count === 0
        ? []
        : [
            [
              [(edges[bin] as number) + inset, 0],
              [(edges[bin + 1] as number) - inset, count],
            ],
          ],
    );
    const called = calledText(scores, cutoff);
    return {
      width: WIDTH,
      height: HEIGHT,
      layers: [
        rectangles(axes, bars, { fill: seriesStyle(index).colour }),
        ...(cutoff
          ? [
              segments(
                axes,
                [
                  [
                    [cutoff.value, axes.y.domain[0]],
                    [cutoff.value, axes.y.domain[1]],
                  ],
                ],
                CUTOFF,
              ),
            ]
          : []),
        label(0, called ? -24 : -11, `${shorten(name, 36)} (n = ${scores.length})`, { align: 'left', bold: true }),
        ...(called ? [label(0, -11, called, { align: 'left' })] : []),
      ],
    };
  });
  const [first, ...others] = panels;
  if (cutoff && first) {
    const { align, at } = besideLine((cutoff.value - low) / (high - low));
    const text = label(at, 8 - TOP, `positive: score ${formatCutoff(cutoff)}`, {
      align,
      colour: COLOUR.cutoff,
      bold: true,
    });
    panels.splice(0, panels.length, { ...first, layers: [...first.layers, text] }, ...others);
  }
  const told = classes.map(
    ({ label: name, scores }) =>
      `${name}: ${counted(scores.length, one)}${cutoff ? `, ${calledText(scores, cutoff)}` : ''}`,
  );
  const alt = `Histograms of the scores of ${model}. ${told.join('; ')}.`;
  return figureOf({
    name: figureName('scores', model, dataset),
    caption: captionOf('Scores by class', model, dataset),
    svg: draw({ panels, gap: GAP, left: LEFT, top: TOP, bottom: AXIS_ROOM + 2, alt }),
    csv: csvText(
      ['model', 'dataset', 'class', 'from', 'to', `${one}s`],
      classes.flatMap(({ label: name }, index) => {
        const { edges, counts } = binned[index] as (typeof binned)[number];
        return counts.map((count, bin) => [model, dataset, name, edges[bin], edges[bin + 1], count]);
      }),
    ),
    alt,
    remark: [
      cutoff?.rule ? `Dashed: cut-off ${formatCutoff(cutoff)}, ${cutoff.rule}.` : '',
      high - low < 1 ? 'The axis shows only the part between 0 and 1 in which the scores lie.' : '',
    ]
      .filter(Boolean)
      .join(' '),
  });
}
