import { formatCount, formatCutoff, formatEstimate } from '../format.ts';
import { html, type RawHtml } from '../html.ts';
import { MEASURES } from '../measures.ts';
import type { OperatingPointTable, ReportData } from '../report-data.ts';
import { section } from './section.ts';

function twoByTwo(point: OperatingPointTable, negative: string, positive: string): RawHtml {
  const { model, dataset, name, cutoff, tp, fp, fn, tn } = point;
  const row = (heading: string, ...counts: readonly number[]) =>
    html`<tr><th scope="row">${heading}</th>${counts.map((count) => html`<td class="numeric">${formatCount(count)}</td>`)}<td class="numeric total">${formatCount(counts.reduce((sum, count) => sum + count, 0))}</td></tr>`;
  const rates = MEASURES.flatMap((measure) => {
    const estimate = measure.name === 'auc' ? undefined : point[measure.name];
    return estimate
      ? [
          html`<li>${measure.heading.replace(', %', '')} <span class="number">${formatEstimate(estimate, measure.unit)}</span> %</li>`,
        ]
      : [];
  });
  return html`<div class="operating-point">
<table class="two-by-two">
<caption>${name} <span class="quiet">${model}${dataset && `, ${dataset}`}${cutoff && `; positive: score ${formatCutoff(cutoff)}`}</span></caption>
<thead><tr><td></td><th scope="col" class="numeric">${positive}</th><th scope="col" class="numeric">${negative}</th><th scope="col" class="numeric total">Total</th></tr></thead>
<tbody>
${row('Called positive', tp, fp)}
${row('Called negative', fn, tn)}
${row('Total', tp + fn, fp + tn)}
</tbody>
</table>
${rates.length > 0 && html`<ul class="rates">${rates}</ul>`}
</div>
`;
}

/** The 2 x 2 table at each operating point, the reference in columns as STARD 2015, item 23, asks. */
export function operatingPointsSection({ operatingPoints = [], classes }: ReportData): RawHtml | undefined {
  if (operatingPoints.length === 0) return undefined;
  const negative = classes[0] as string;
  const positive = classes.slice(1).join(' or ');
  return section(
    'operating-points',
    'Operating points',
    html`<div class="operating-points">${operatingPoints.map((point) => twoByTwo(point, negative, positive))}</div>`,
  );
}
