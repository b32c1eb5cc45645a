/** Tables of figures as a paper lays them out, what was published beside what was found here. */
import { estimateParts, formatCount, formatFixed } from '../format.ts';
import { type HtmlValue, html, type RawHtml } from '../html.ts';
import type { FigureTable, ReportData, TableFigure } from '../report-data.ts';
import { section, table } from './section.ts';

/** 'xx.xxx (yy.yyy–zz.zzz)', or '± s.sss' in place of the interval; a count as it is. */
function parts(figure: TableFigure, unit: FigureTable['unit']): { readonly value: string; readonly spread: string } {
  if (unit === 'count' && figure.value !== null) return { value: formatCount(figure.value), spread: '' };
  const { value, interval } = estimateParts(figure, 'fraction');
  return { value, spread: figure.deviation === undefined ? interval : `± ${formatFixed(figure.deviation, 3)}` };
}

function cell({ here, published }: FigureTable['rows'][number]['cells'][number], unit: FigureTable['unit']): HtmlValue {
  const [ours, theirs] = [here && parts(here, unit), published && parts(published, unit)];
  return html`${ours && html`<span class="value">${ours.value}</span>${ours.spread && html` <span class="interval">${ours.spread}</span>`}`}${theirs && html` <span class="counts">published ${theirs.value}${theirs.spread && ` ${theirs.spread}`}</span>`}`;
}

/** One of them under a title, and below it why a figure is undefined. */
export function figureTable(
  { number, caption, columns, rows, remark, unit }: FigureTable,
  title = `${number}. ${caption}`,
): RawHtml {
  const headings = [{ heading: '' }, ...columns.map((heading) => ({ heading, numeric: true }))];
  const cells = rows.map(({ label, detail, cells: own }): HtmlValue[] => [
    html`${label}${detail && html` <span class="counts">${detail}</span>`}`,
    ...own.map((each) => cell(each, unit)),
  ]);
  const reasons = new Set(rows.flatMap((row) => row.cells.map(({ here }) => here?.undefinedReason ?? '')));
  const undefinedBecause = [...reasons].filter((reason) => reason !== '').join('; ');
  return html`${table(title, headings, [{ rows: cells }], 'performance figure-table')}
${remark && html`<p class="remark">${remark}</p>`}${undefinedBecause && html`<p class="remark">Undefined, or without an interval: ${undefinedBecause}.</p>`}`;
}

/** The paper's tables, where a system has any of this form. */
export function figureTablesSection({ tables = [] }: ReportData): RawHtml | undefined {
  return tables.length > 0
    ? section(
        'tables',
        "The paper's tables",
        tables.map((each) => figureTable(each)),
      )
    : undefined;
}
