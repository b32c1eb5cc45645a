import { type HtmlValue, html, type RawHtml } from '../html.ts';
import { FIGURE_WIDTH } from './axes.ts';

/** The parts of a figure: caption, drawing, what a reader who cannot see it is told, legend below, remark. */
export type FigureParts = {
  readonly caption: HtmlValue;
  readonly description: string;
  readonly height: number;
  readonly drawing: HtmlValue;
  readonly legend?: readonly LegendEntry[];
  readonly remark?: HtmlValue;
};

/** A legend entry: the CSS class of the mark that it explains, the mark's shape and its text. */
export type LegendEntry = {
  readonly mark: string;
  readonly shape: 'line' | 'area' | 'point' | 'rule';
  readonly text: HtmlValue;
};

function swatch({ mark, shape }: LegendEntry): RawHtml {
  const shapes: Record<LegendEntry['shape'], RawHtml> = {
    line: html`<line class="curve ${mark}" x1="0" x2="26" y1="6" y2="6"/>`,
    area: html`<rect class="${mark}" x="3" y="1" width="20" height="10"/>`,
    point: html`<circle class="${mark}" cx="13" cy="6" r="4"/>`,
    rule: html`<line class="${mark}" x1="13" x2="13" y1="0" y2="12"/>`,
  };
  return html`<svg class="swatch" viewBox="0 0 26 12" width="26" height="12" aria-hidden="true">${shapes[shape]}</svg>`;
}

/** A figure with caption above, an accessible SVG, and a legend that wraps. */
export function figure(parts: FigureParts): RawHtml {
  const { caption, description, height, drawing, legend = [], remark } = parts;
  return html`<figure class="chart">
<figcaption>${caption}</figcaption>
<svg viewBox="0 0 ${FIGURE_WIDTH} ${height}" role="img" aria-label="${description}">${drawing}</svg>
${legend.length > 0 && html`<ul class="legend">${legend.map((entry) => html`<li>${swatch(entry)} <span>${entry.text}</span></li>`)}</ul>`}
${remark && html`<p class="remark">${remark}</p>`}
</figure>`;
}

/** CSS classes of the n-th series: colour and dash both change, so that colour is never the only sign. */
export function seriesClass(index: number): string {
  return `series-${index % 6} dash-${(index + Math.floor(index / 6)) % 6}`;
}
