import { type HtmlValue, html, type RawHtml } from '../html.ts';

/** Jet, from blue (less activated) to red (activated), as in Kang et al. 2021, figures 2 and 3. */
export const JET: readonly string[] = [
  '#000080',
  '#0000ff',
  '#0080ff',
  '#00ffff',
  '#80ff80',
  '#ffff00',
  '#ff8000',
  '#ff0000',
  '#800000',
];

/** A horizontal colour bar with both ends named, from less to more activated. */
export function colourLegend(colours: readonly string[] = JET, quantity: HtmlValue = 'Activation'): RawHtml {
  const last = Math.max(1, colours.length - 1);
  const stops = colours.map(
    (colour, index) => html`<stop offset="${((100 * index) / last).toFixed(1)}%" stop-color="${colour}"/>`,
  );
  return html`<div class="colour-legend"><span>${quantity}: less</span><svg viewBox="0 0 200 12" role="img" aria-label="Colour scale from blue, less activated, to red, activated" preserveAspectRatio="none"><defs><linearGradient id="heat">${stops}</linearGradient></defs><rect width="200" height="12" fill="url(#heat)"/></svg><span>more</span></div>`;
}
