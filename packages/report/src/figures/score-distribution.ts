import { calledPositive, counted, formatCutoff, shorten } from '../format.ts';
import { type HtmlValue, html, type RawHtml } from '../html.ts';
import type { Cutoff, ScoreDistribution } from '../report-data.ts';
import {
  coordinate,
  enclosingScale,
  enclosingTicks,
  labelAt,
  linearScale,
  type PlotArea,
  panel,
  type Scale,
} from './axes.ts';
import { figure, type LegendEntry } from './figure.ts';
import { histogram } from './histogram.ts';

const BINS = 25;
const FACET = 92;
const GAP = 42;
const LEFT = 50;
const WIDTH = 310;
const TOP = 52;

/** Probabilities that all lie within this are drawn on an axis of their own: between 0 and 1 they would be one bar. */
const NARROW = 0.05;

function scoreDomain({ classes, cutoff }: ScoreDistribution): [number, number] {
  let [low, high] = [cutoff?.value ?? Infinity, cutoff?.value ?? -Infinity];
  for (const { scores } of classes) {
    for (const score of scores) [low, high] = [Math.min(low, score), Math.max(high, score)];
  }
  const probabilities = low >= 0 && high <= 1;
  if (probabilities && !(high > low && high - low < NARROW)) return [0, 1];
  const ticks = enclosingTicks(low, high);
  return [ticks[0] as number, ticks.at(-1) as number];
}

function calledText(scores: readonly number[], cutoff: Cutoff | undefined): string {
  if (!cutoff) return '';
  const above = scores.filter((score) => calledPositive(score, cutoff)).length;
  return `${scores.length - above} called negative, ${above} positive`;
}

function cutoffLine(area: PlotArea, x: Scale, cutoff: Cutoff | undefined): RawHtml | undefined {
  if (!cutoff) return undefined;
  const at = coordinate(x.at(cutoff.value));
  return html`<line class="cutoff" x1="${at}" x2="${at}" y1="${coordinate(area.top)}" y2="${coordinate(area.top + area.height)}"/>`;
}

function facet(distribution: ScoreDistribution, index: number, x: Scale): RawHtml {
  const { classes, cutoff } = distribution;
  const { label, scores } = classes[index] as ScoreDistribution['classes'][number];
  const area: PlotArea = { left: LEFT, top: TOP + index * (FACET + GAP), width: WIDTH, height: FACET };
  const { edges, counts } = histogram(scores, x.domain, BINS);
  const most = Math.max(1, ...counts);
  const y = enclosingScale([0, Math.max(2, most)], [area.top + area.height, area.top], 3);
  const bars = counts.map((count, bin) => {
    if (count === 0) return undefined;
    const [left, right] = [x.at(edges[bin] as number), x.at(edges[bin + 1] as number)];
    const height = area.top + area.height - y.at(count);
    const decimals = Math.max(2, 1 - Math.floor(Math.log10((edges[1] as number) - (edges[0] as number))));
    const range = `${(edges[bin] as number).toFixed(decimals)} to ${(edges[bin + 1] as number).toFixed(decimals)}`;
    return html`<rect class="bar series-${index % 6}" x="${coordinate(left + 0.5)}" y="${coordinate(y.at(count))}" width="${coordinate(right - left - 1)}" height="${coordinate(height)}"><title>${label}, score ${range}: ${counted(count, 'image')}</title></rect>`;
  });
  const last = index === classes.length - 1;
  const called = calledText(scores, cutoff);
  const row = (y: number, content: HtmlValue) => html`<text class="facet-label" x="${LEFT}" y="${y}">${content}</text>`;
  const name = html`<tspan class="strong">${shorten(label, 36)}</tspan> (n = ${scores.length})`;
  const labels = [row(area.top - (called ? 20 : 7), name), called && row(area.top - 7, called)];
  const axis = { scale: x, unlabelled: !last, ...(last && { title: 'Score' }) };
  return panel(area, axis, { scale: y, title: 'Images' }, [bars, cutoffLine(area, x, cutoff)], labels);
}

/** Histograms of the scores, one panel a class on a shared axis, with the cut-off through all of them. */
export function scoreDistributionFigure(distribution: ScoreDistribution): RawHtml {
  const { classes, cutoff, model, dataset } = distribution;
  const domain = scoreDomain(distribution);
  const x = linearScale(domain, [LEFT, LEFT + WIDTH]);
  const facets = classes.map((_, index) => facet(distribution, index, x));
  const area: PlotArea = { left: LEFT, top: TOP, width: WIDTH, height: FACET };
  const place = cutoff && labelAt(area, x.at(cutoff.value));
  const cutoffLabel =
    cutoff &&
    place &&
    html`<text class="cutoff-label" x="${coordinate(place.x)}" y="12" text-anchor="${place.anchor}">positive: score ${formatCutoff(cutoff)}</text>`;
  const legend = classes.map(
    ({ label }, index): LegendEntry => ({ mark: `bar series-${index % 6}`, shape: 'area', text: label }),
  );
  if (cutoff) legend.push({ mark: 'cutoff', shape: 'rule', text: `cut-off ${formatCutoff(cutoff)}` });
  const told = classes.map(
    ({ label, scores }) =>
      `${label}: ${counted(scores.length, 'image')}${cutoff ? `, ${calledText(scores, cutoff)}` : ''}`,
  );
  return figure({
    caption: html`Scores by class, ${model}${dataset && html` <span class="quiet">${dataset}</span>`}`,
    description: `Histograms of the scores of ${model}. ${told.join('; ')}.`,
    height: TOP + classes.length * (FACET + GAP) + 10,
    drawing: [cutoffLabel, facets],
    legend,
    remark: [
      cutoff?.rule && `Cut-off: ${cutoff.rule}. `,
      x.domain[1] - x.domain[0] < 1 && 'The axis shows only the part between 0 and 1 in which the scores lie.',
    ],
  });
}
