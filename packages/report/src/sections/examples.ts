/** What a network made of whole breasts: panels side by side, and the slices of a volume as a film (Park et al. 2022, figure 6). */
import { html, type RawHtml } from '../html.ts';
import type { PageSection } from '../page.ts';
import type { Film, Panel, ReportData, SaliencyExample } from '../report-data.ts';
import { section } from './section.ts';

/** Slices a second of a film that plays. */
const PACE = 6;

const panel = ({ caption, dataUri }: Panel): RawHtml =>
  html`<figure class="panel"><img src="${dataUri}" alt=""><figcaption>${caption}</figcaption></figure>\n`;

/**
 * Scrolled slice by slice, by touch, wheel or arrow keys, and jumped to by its links; played while its box is ticked. All of it by
 * styles: the page has no script. The picture is one strip, so that no slice is twice in the file.
 */
function filmFigure(id: string, name: string, film: Film): RawHtml {
  const { slices, widthPx, heightPx, dataUri, columns, marked } = film;
  const place = (slice: number) => `${id}-slice-${slice}`;
  const jumps = marked.map(
    ({ slice, reason }) =>
      html`<li><a href="#${place(slice)}">slice ${slice}</a> <span class="quiet">${reason}</span></li>\n`,
  );
  const stops = Array.from(
    { length: slices },
    (_, i) =>
      html`<li id="${place(i + 1)}" class="${i + 1 === marked[0]?.slice && 'first'}"><span>${i + 1} of ${slices}</span></li>\n`,
  );
  return html`<figure class="film">
<figcaption><b>${name}</b>: ${slices} slices, to be scrolled. <label><input type="checkbox"> play</label></figcaption>
<div class="film-columns" aria-hidden="true">${columns.map((column) => html`<span>${column}</span>`)}</div>
<div class="film-view" tabindex="0" role="group" aria-label="${name}, ${slices} slices: ${columns.join(', ')}" style="aspect-ratio:${widthPx} / ${heightPx}">
<div class="film-roll" style="aspect-ratio:${widthPx} / ${heightPx * slices};animation-duration:${(slices / PACE).toFixed(2)}s;animation-timing-function:steps(${slices})"><img src="${dataUri}" alt=""><ol style="grid-template-rows:repeat(${slices},1fr)">${stops}</ol></div>
</div>
${jumps.length > 0 && html`<ul class="film-jumps">${jumps}</ul>`}
</figure>
`;
}

function example(id: string, { text, rows }: SaliencyExample): RawHtml {
  const parts = rows.map(
    ({ name, panels, film }, i) => html`<h3>${name}</h3>
<div class="panels">${panels.map(panel)}</div>
${film && filmFigure(`${id}-${i + 1}`, name, film)}`,
  );
  return html`${text && html`<p>${text}</p>`}${parts}`;
}

/** A section each, for a page of their own. */
export const exampleSections = (examples: readonly SaliencyExample[]): PageSection[] =>
  examples.map((each, i) => [
    `example-${i + 1}`,
    each.title,
    section(`example-${i + 1}`, each.title, example(`film-${i + 1}`, each)),
  ]);

/** The examples of a report. */
export function examplesSection({ saliency = [] }: ReportData): RawHtml | undefined {
  if (saliency.length === 0) return undefined;
  const parts = saliency.map(
    (each, i) => html`<h3 class="example">${each.title}</h3>${example(`film-${i + 1}`, each)}`,
  );
  const lead = html`<p>Where the score came from, which is not where a lesion is.</p>`;
  return section('saliency', 'What the networks looked at, slice by slice', lead, parts);
}
