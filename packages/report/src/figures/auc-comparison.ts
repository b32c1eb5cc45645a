import { estimateParts, formatEstimate, shorten } from '../format.ts';
import { html, type RawHtml } from '../html.ts';
import type { ModelPerformance } from '../report-data.ts';
import { coordinate, enclosingScale, linearScale, type PlotArea, panel } from './axes.ts';
import { figure } from './figure.ts';

const ROW = 24;

/** AUC and interval of every model on one axis, so that overlap is seen at a glance. Rows without AUC are left out. */
export function aucComparisonFigure(models: readonly ModelPerformance[], dataset: string): RawHtml | undefined {
  const rows = models.flatMap((row) => {
    const value = row.auc?.value;
    if (value === null || value === undefined || !Number.isFinite(value)) return [];
    const interval = row.auc?.interval?.every(Number.isFinite) ? row.auc.interval : undefined;
    return [
      {
        model: row.model,
        role: row.role,
        value,
        low: interval?.[0] ?? value,
        high: interval?.[1] ?? value,
        auc: row.auc,
      },
    ];
  });
  if (rows.length < 2) return undefined;
  const area: PlotArea = { left: 140, top: 6, width: 186, height: rows.length * ROW };
  const extent = [Math.min(...rows.map((row) => row.low)), Math.max(...rows.map((row) => row.high))] as const;
  const x = enclosingScale(extent, [area.left, area.left + area.width], 4, [0, 1]);
  const y = linearScale([0, rows.length], [area.top, area.top + area.height], []);
  const heights = rows.map((_, index) => coordinate(y.at(index + 0.5)));
  const marks = rows.map((row, index) => {
    const className = row.role === 'ensemble' ? 'series-main' : 'series-0';
    return html`<line class="whisker ${className}" x1="${coordinate(x.at(row.low))}" x2="${coordinate(x.at(row.high))}" y1="${heights[index]}" y2="${heights[index]}"/><circle class="dot ${className}" cx="${coordinate(x.at(row.value))}" cy="${heights[index]}" r="4"/>`;
  });
  const labels = rows.map(
    (row, index) =>
      html`<text class="row-label" x="${area.left - 8}" y="${heights[index]}" dy="3.8" text-anchor="end">${shorten(row.model, 19)}</text><text class="row-value" x="372" y="${heights[index]}" dy="3.8" text-anchor="end">${estimateParts({ value: row.value }, 'fraction').value}</text>`,
  );
  const text = rows.map((row) => `${row.model} ${row.auc ? formatEstimate(row.auc, 'fraction') : ''}`);
  return figure({
    caption: html`AUC of each model <span class="quiet">${dataset}</span>`,
    description: `AUC with interval. ${text.join('; ')}.`,
    height: area.top + area.height + 40,
    drawing: panel(area, { scale: x, title: 'AUC' }, { scale: y }, marks, labels),
    remark:
      'Models read the same images, so overlapping intervals do not mean that two models do not differ: compare them with a paired test (DeLong).',
  });
}
