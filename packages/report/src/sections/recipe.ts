import { type HtmlValue, html, type RawHtml } from '../html.ts';
import type { ReportData } from '../report-data.ts';
import { empty, section, table } from './section.ts';

/** Every value of the recipe with the sentence that it comes from, deviations from the paper first. */
export function recipeSection({ recipe = [], deviations }: ReportData): RawHtml {
  const departures = (deviations ?? []).map(({ name, paper, here, reason }): HtmlValue[] => [
    name,
    paper,
    here,
    reason ?? '',
  ]);
  const columns = ['What', 'Paper', 'Here', 'Why'].map((heading) => ({ heading }));
  const deviationsTable =
    departures.length > 0
      ? table('Deviations from the paper', columns, [{ rows: departures }], 'deviations')
      : empty(deviations ? 'No deviation from the paper.' : 'Deviations from the paper were not recorded.');
  const values = recipe.map(({ name, value, sentence }): HtmlValue[] => [
    html`<code>${name}</code>`,
    html`<code>${value}</code>`,
    sentence ? html`<q>${sentence}</q>` : html`<span class="quiet">the paper does not say</span>`,
  ]);
  const recipeTable =
    values.length > 0
      ? table(
          'Recipe',
          ['Name', 'Value', 'From the paper'].map((heading) => ({ heading })),
          [{ rows: values }],
          'recipe',
        )
      : empty('The recipe was not recorded.');
  return section('recipe', 'Recipe', deviationsTable, recipeTable);
}
