import { counted, formatCutoff, formatEstimate } from '../format.ts';
import { type HtmlValue, html, type RawHtml } from '../html.ts';
import { headline } from '../measures.ts';
import type { Note, ReportData } from '../report-data.ts';

/** What no page is without. */
export const BANNER = html`<p class="banner" role="note"><b>Not a medical device.</b> Research software: nothing in this report may guide the care of a patient.</p>`;

/** The paper, with a link. */
export function citation({ citation: text, doi }: ReportData['system']): RawHtml {
  const link = doi && html` <a href="https://doi.org/${encodeURI(doi)}" rel="noreferrer noopener">doi:${doi}</a>`;
  return html`<p class="citation">${text}${link}</p>`;
}

/** Warnings before notes; nothing where there are none. */
export function notes(items: readonly Note[]): RawHtml | undefined {
  if (items.length === 0) return undefined;
  const warningsFirst = [...items].sort((a, b) => Number(b.kind === 'warning') - Number(a.kind === 'warning'));
  const entries = warningsFirst.map(
    ({ kind, text }) =>
      html`<li class="${kind}"><b>${kind === 'warning' ? 'Warning' : 'Note'}</b> <span>${text}</span></li>\n`,
  );
  return html`<ul class="notes" aria-label="Warnings and notes">${entries}</ul>`;
}

function tile(name: HtmlValue, value: HtmlValue, detail: HtmlValue): RawHtml {
  return html`<div class="tile"><dt>${name}</dt><dd><span class="tile-value">${value}</span>${detail && html` <span class="tile-detail">${detail}</span>`}</dd></div>\n`;
}

function summary(data: ReportData): RawHtml | undefined {
  const row = headline(data.performance?.models ?? []);
  if (!row) return undefined;
  const measure = (name: string, estimate: typeof row.auc, unit: 'fraction' | 'percent') => {
    if (!estimate) return undefined;
    const [value, ...interval] = formatEstimate(estimate, unit).split(' ');
    return tile(
      name,
      [value, unit === 'percent' && estimate.value !== null && html`<span class="unit"> %</span>`],
      interval.join(' '),
    );
  };
  return html`<dl class="tiles" aria-label="Headline results">
${tile('Model', row.model, row.cutoff && `positive: score ${formatCutoff(row.cutoff)}`)}${measure('AUC', row.auc, 'fraction')}${measure('Sensitivity', row.sensitivity, 'percent')}${measure('Specificity', row.specificity, 'percent')}${tile('Measured on', row.dataset, [counted(row.images, row.case ?? 'image'), row.patients !== undefined && `, ${counted(row.patients, 'patient')}`])}</dl>`;
}

/** Title, citation, the banner that no report is without, headline numbers and warnings. */
export function headerSection(data: ReportData): RawHtml {
  const [negative, ...positive] = data.classes;
  return html`<header>
${BANNER}
<h1>${data.title}</h1>
<p class="system">${data.system.name} <span class="quiet">negative: ${negative}; positive: ${positive.join(', ')}${data.date && `; ${data.date}`}</span></p>
${citation(data.system)}
${summary(data)}
${notes(data.notes ?? [])}
</header>`;
}
