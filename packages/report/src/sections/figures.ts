import { type Figure, figureMarkup } from '../figures/figure.ts';
import { html, type RawHtml } from '../html.ts';
import { empty, section } from './section.ts';

/** Figures in columns. */
export const figureColumns = (figures: readonly Figure[]): RawHtml =>
  html`<div class="figures">${figures.map(figureMarkup)}</div>`;

/** A section of figures, or what it says where there is none. */
export function figuresSection(id: string, title: string, figures: readonly Figure[], whenEmpty: string): RawHtml {
  return section(id, title, figures.length > 0 ? figureColumns(figures) : empty(whenEmpty));
}

/** A section that is there only where there are figures. */
export function optionalFigures(id: string, title: string, figures: readonly Figure[]): RawHtml | undefined {
  return figures.length > 0 ? section(id, title, figureColumns(figures)) : undefined;
}
