import { html, type RawHtml } from '../html.ts';
import type { ReportData } from '../report-data.ts';
import { section } from './section.ts';

/** What was computed, in the words of the field, as a methods section of a paper. */
export function methodsSection({ methods }: ReportData): RawHtml | undefined {
  if (!methods || methods.paragraphs.length === 0) return undefined;
  const { paragraphs, references = [] } = methods;
  return section(
    'methods',
    'Methods',
    html`<div class="methods">${paragraphs.map(({ heading, text }) => html`<p><b>${heading}.</b> ${text}</p>\n`)}</div>`,
    references.length > 0 &&
      html`<h3>References</h3>\n<ol class="references">${references.map((reference) => html`<li>${reference}</li>\n`)}</ol>`,
  );
}
