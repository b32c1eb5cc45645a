import { formatFixed, formatPValue } from '../format.ts';
import { type HtmlValue, html, type RawHtml } from '../html.ts';
import { MEASURES, type Measure } from '../measures.ts';
import type { PairDifference, PairwiseComparison, ReportData } from '../report-data.ts';
import { section, table } from './section.ts';

/** Below this a p value is printed in bold (Kang et al. 2021: "a p < 0.05 value was considered ... significant"). */
const SIGNIFICANT = 0.05;

/** '+0.019', '−1.9' (percent points), '0.0'. */
function signed(difference: number, { unit }: Measure): string {
  const text = unit === 'fraction' ? formatFixed(difference, 3) : formatFixed(100 * difference, 1);
  return Number(text) > 0 ? `+${text}` : text;
}

function differenceCell(pair: PairDifference, measure: Measure): HtmlValue {
  const tested = pair[measure.name];
  if (!tested) return html`<span class="quiet">no test</span>`;
  const p = tested.adjustedP ?? tested.p;
  const text = `p ${p < 0.001 ? '' : '= '}${formatPValue(p)}`;
  return html`<span class="value">${signed(tested.difference, measure)}</span> <span class="p">${p < SIGNIFICANT ? html`<b>${text}</b>` : text}</span>`;
}

function pairwiseTable({ dataset, test, adjustment, pairs }: PairwiseComparison): RawHtml {
  const measures = MEASURES.filter(({ name }) => pairs.some((pair) => pair[name] !== undefined));
  const columns = [
    { heading: 'Models' },
    ...measures.map(({ heading }) => ({ heading: heading.replace(', %', ''), numeric: true })),
  ];
  const rows = pairs.map((pair): HtmlValue[] => [
    html`${pair.first} <span class="quiet">less ${pair.second}</span>`,
    ...measures.map((measure) => differenceCell(pair, measure)),
  ]);
  const untested = pairs.some((pair) => measures.some(({ name }) => pair[name] === undefined));
  return html`${table(`Differences between models, pair by pair${dataset === undefined ? '' : `, ${dataset}`}`, columns, [{ rows }], 'pairwise')}
<p class="remark">Differences of AUC, and of the other measures in percent points. ${test}.${adjustment && ` p values are adjusted by ${adjustment} for the pairs of a measure.`} Bold: p &lt; 0.05.${untested && ' No test: the cases do not allow one (nothing to count, nothing that varies, or too few patients).'}</p>`;
}

/** Every two models in every measure (Kang et al. 2021, supplementary tables); undefined where no two were compared. */
export function pairwiseSection({ pairwise = [] }: ReportData): RawHtml | undefined {
  const compared = pairwise.filter(({ pairs }) => pairs.length > 0);
  return compared.length > 0 ? section('pairwise', 'Comparisons of models', compared.map(pairwiseTable)) : undefined;
}
