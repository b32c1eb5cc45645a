import { drawnMarkup, html, type RawHtml } from '../html.ts';
import { themed } from './drawing.ts';

/** A figure, ready for a page, a file or a paper. */
export type Figure = {
  /** What its files are called, without an ending: lower case, digits and hyphens. */
  readonly name: string;
  readonly caption: string;
  /** One SVG element that stands alone: light colours, text as text, its text alternative as its label. */
  readonly svg: string;
  /** The data that are drawn, in full precision (RFC 4180). */
  readonly csv: string;
  /** What a reader who does not see the figure is told. */
  readonly alt: string;
  readonly remark?: string;
};

/** A name of files made of texts: 'roc', 'Inception-v3' gives 'roc-inception-v3'. */
export function figureName(...parts: readonly (string | undefined)[]): string {
  const words = parts.flatMap((part) => part?.toLowerCase().match(/[a-z0-9]+/g) ?? []);
  return words.join('-').slice(0, 80).replace(/-$/, '');
}

/** 'ROC curve of Ensemble, test split'. */
export function captionOf(what: string, model?: string, dataset?: string): string {
  return `${what}${model === undefined ? '' : ` of ${model}`}${dataset === undefined ? '' : `, ${dataset}`}`;
}

/** Without the keys that are undefined. */
export function figureOf(parts: Omit<Figure, 'remark'> & { readonly remark?: string | undefined }): Figure {
  const { remark, ...rest } = parts;
  return remark === undefined || remark === '' ? rest : { ...rest, remark };
}

/** A figure in the report: caption above, drawing in the page's colours, remark below. */
export function figureMarkup({ caption, svg, remark }: Figure): RawHtml {
  return html`<figure class="chart">
<figcaption>${caption}</figcaption>
${drawnMarkup(themed(svg))}
${remark && html`<p class="remark">${remark}</p>`}
</figure>
`;
}
