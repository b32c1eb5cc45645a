import { type HtmlValue, html, type RawHtml } from '../html.ts';

/** A section of the report with its anchor. */
export function section(id: string, title: string, ...content: readonly HtmlValue[]): RawHtml {
  return html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${content}
</section>`;
}

/** What a section says when the run has nothing for it. */
export function empty(sentence: string): RawHtml {
  return html`<p class="empty">${sentence}</p>`;
}

/** A column of a table: heading and alignment. */
export type Column = { readonly heading: HtmlValue; readonly numeric?: boolean };

/** A group of rows under a heading of its own (or none); the first cell of a row is its header. */
export type RowGroup = { readonly heading?: HtmlValue; readonly rows: readonly (readonly HtmlValue[])[] };

/**
 * A table that becomes a list of cards on narrow screens: each cell carries its column's heading. Roles are written
 * out because CSS display would otherwise take them away.
 */
export function table(caption: HtmlValue, columns: readonly Column[], groups: readonly RowGroup[], name = ''): RawHtml {
  const head = columns.map(
    ({ heading, numeric }) => html`<th role="columnheader" scope="col" class="${numeric && 'numeric'}">${heading}</th>`,
  );
  const row = (cells: readonly HtmlValue[]) => {
    const rendered = cells.map((cell, index) => {
      const { heading, numeric } = columns[index] as Column;
      if (index === 0) return html`<th role="rowheader" scope="row">${cell}</th>`;
      return html`<td role="cell" class="${numeric && 'numeric'}"><span class="cell-heading" aria-hidden="true">${heading}</span><span class="cell-value">${cell}</span></td>`;
    });
    return html`<tr role="row">${rendered}</tr>\n`;
  };
  const body = groups.map(({ heading, rows }) => {
    const title = html`<tr role="row" class="group"><th role="rowheader" scope="rowgroup" colspan="${columns.length}">${heading}</th></tr>\n`;
    return html`<tbody role="rowgroup">${heading !== undefined && title}${rows.map(row)}</tbody>`;
  });
  return html`<table role="table" class="cards ${name}">
<caption>${caption}</caption>
<thead role="rowgroup"><tr role="row">${head}</tr></thead>
${body}
</table>`;
}
