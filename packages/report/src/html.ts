/** HTML that is safe to put into a page as it is. Only the `html` template and drawnMarkup make one, so that escaping is by construction. */
export class RawHtml {
  readonly #markup: string;

  constructor(key: typeof construction, markup: string) {
    if (key !== construction) throw new TypeError('only the html template makes RawHtml, write html`...` instead');
    this.#markup = markup;
  }

  toString(): string {
    return this.#markup;
  }
}

const construction = Symbol('html');

/** What a template may hold: text and numbers are escaped, markup and lists of markup pass, the absent leave nothing. */
export type HtmlValue = RawHtml | string | number | null | undefined | false | readonly HtmlValue[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Control characters other than tab and line ends are no HTML text, and directional controls let a file name show
 * another name than it has (UAX #9, UTR #36 section 2.5): both are shown as \uXXXX.
 */
const INVISIBLE = /(?![\t\n\r])\p{Cc}|\p{Bidi_Control}|\ufeff/gu;

/** A text with nothing in it that a reader cannot see. */
export function visibleText(text: string): string {
  return text
    .toWellFormed()
    .replace(INVISIBLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A text as the content of an element or of a quoted attribute. */
export function escapeText(text: string): string {
  return visibleText(text).replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}

/** The SVG that `draw` (figures/drawing.ts) returned, as markup: its texts are escaped by the package that wrote it. */
export function drawnMarkup(svg: string): RawHtml {
  if (!/^<svg [^<>]*>.*<\/svg>$/s.test(svg))
    throw new TypeError(`a drawing is one svg element, got ${svg.slice(0, 40)}`);
  return new RawHtml(construction, svg);
}

function markupOf(value: HtmlValue): string {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof RawHtml) return value.toString();
  if (Array.isArray(value)) return value.map(markupOf).join('');
  return escapeText(String(value));
}

/**
 * A template of HTML or SVG: the literal part is markup, every value is escaped unless it is itself markup. Throws on
 * a value right after `=`, where an unquoted attribute would let text out of its place.
 */
export function html(literals: TemplateStringsArray, ...values: readonly HtmlValue[]): RawHtml {
  let markup = literals[0] as string;
  values.forEach((value, index) => {
    const before = literals[index] as string;
    if (before.endsWith('=')) throw new SyntaxError(`an attribute must be quoted, got ${before.slice(-30)}\${...}`);
    markup += markupOf(value) + literals[index + 1];
  });
  return new RawHtml(construction, markup);
}
