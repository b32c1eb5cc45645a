import type { Figure } from '../figures/figure.ts';
import { counted, formatCount } from '../format.ts';
import { type HtmlValue, html, type RawHtml } from '../html.ts';
import type { Exclusion, ReportData, Split } from '../report-data.ts';
import { figureColumns } from './figures.ts';
import { empty, section, table } from './section.ts';

/** Beyond this many, a reason's files are counted and not listed. */
const LISTED = 200;

const cell = (patients: number, images: number) =>
  html`${formatCount(images)} <span class="quiet">(${formatCount(patients)})</span>`;

function splitsTable(splits: readonly Split[]): RawHtml {
  const labels = [...new Set(splits.flatMap(({ classes }) => classes.map(({ label }) => label)))];
  const columns = ['Split', ...labels, 'All'].map((heading, index) => ({ heading, numeric: index > 0 }));
  const rows = splits.map((split): HtmlValue[] => {
    const cells = labels.map((label) => {
      const found = split.classes.find((item) => item.label === label);
      return cell(found?.patients ?? 0, found?.images ?? 0);
    });
    return [split.split, ...cells, cell(split.patients, split.images)];
  });
  return html`${table('Images (patients) by split and class', columns, [{ rows }])}
<p class="remark">A patient with images of several classes counts in each of them and once in All.</p>`;
}

function exclusionsList(exclusions: readonly Exclusion[]): RawHtml {
  const byReason = new Map<string, Exclusion[]>();
  for (const item of exclusions) byReason.set(item.reason, [...(byReason.get(item.reason) ?? []), item]);
  const reasons = [...byReason].sort((a, b) => b[1].length - a[1].length);
  const groups = reasons.map(([reason, items]) => {
    const files = items
      .slice(0, LISTED)
      .map(
        ({ path, patientId }) =>
          html`<li><span class="path">${path}</span>${patientId && ` (patient ${patientId})`}</li>\n`,
      );
    const more = items.length > LISTED && html`<li>and ${formatCount(items.length - LISTED)} more</li>`;
    return html`<details><summary>${reason}: ${counted(items.length, 'image')}</summary><ul>${files}${more}</ul></details>\n`;
  });
  return html`<h3>Left out: ${counted(exclusions.length, 'image')}</h3>${groups}`;
}

/** Who is in which split, and what was left out and why; the flow chart first. */
export function imagesSection({ splits = [], exclusions }: ReportData, flow: readonly Figure[]): RawHtml {
  const left =
    exclusions && exclusions.length > 0
      ? exclusionsList(exclusions)
      : empty(exclusions ? 'No image was left out.' : 'Exclusions were not recorded.');
  const inSplits = splits.length > 0 ? splitsTable(splits) : empty('The splits were not recorded.');
  return section('images', 'Images and patients', flow.length > 0 && figureColumns(flow), inSplits, left);
}
