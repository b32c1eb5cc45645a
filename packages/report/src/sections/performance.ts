import { counted, estimateParts, formatCutoff, formatPValue, UNDEFINED_MARK } from '../format.ts';
import { type HtmlValue, html, type RawHtml } from '../html.ts';
import { MEASURES, type Measure } from '../measures.ts';
import type { Estimate, ModelPerformance, Performance, ReportData } from '../report-data.ts';
import { empty, type RowGroup, section, table } from './section.ts';

const isUndefined = (estimate: Estimate | undefined) =>
  estimate !== undefined && !Number.isFinite(estimate.value ?? Number.NaN);

function estimateCell(estimate: Estimate | undefined, { unit }: Measure): HtmlValue {
  if (!estimate) return html`<span class="quiet">not given</span>`;
  const { value, interval, counts } = estimateParts(estimate, unit);
  return html`<span class="value">${value}</span>${interval && html` <span class="interval">${interval}</span>`}${counts && html` <span class="counts">${counts}</span>`}`;
}

function datasetHeading({ dataset, images, case: one = 'image', patients, sensitivity }: ModelPerformance): string {
  const positives = sensitivity?.denominator;
  const share = positives !== undefined && images > 0 ? `, ${((100 * positives) / images).toFixed(1)} % positive` : '';
  return `${dataset}: ${counted(images, one)}${patients === undefined ? '' : `, ${counted(patients, 'patient')}`}${share}`;
}

function groupsOf(models: readonly ModelPerformance[], measures: readonly Measure[]): RowGroup[] {
  const groups = new Map<string, HtmlValue[][]>();
  for (const row of models) {
    const heading = datasetHeading(row);
    const rows = groups.get(heading) ?? [];
    const cutoff = row.cutoff ? formatCutoff(row.cutoff) : html`<span class="quiet">none</span>`;
    const model = html`${row.model}${row.role === 'ensemble' && html` <span class="tag">ensemble</span>`}`;
    rows.push([model, cutoff, ...measures.map((measure) => estimateCell(row[measure.name], measure))]);
    groups.set(heading, rows);
  }
  return [...groups].map(([heading, rows]) => ({ heading, rows }));
}

function undefinedRemarks({ models }: Performance): RawHtml | undefined {
  const remarks = MEASURES.flatMap((measure) => {
    const rows = models.filter((row) => isUndefined(row[measure.name]));
    return rows.map(
      (row) =>
        `${measure.heading.replace(', %', '')} of ${row.model}: ${row[measure.name]?.undefinedReason ?? measure.whenUndefined}`,
    );
  });
  if (remarks.length === 0) return undefined;
  return html`<p class="remark">${UNDEFINED_MARK} is undefined. ${remarks.join('; ')}.</p>`;
}

function cutoffRules({ models }: Performance): string {
  const rules = [...new Set(models.flatMap((row) => row.cutoff?.rule ?? []))];
  return rules.length > 0 ? `Cut-offs: ${rules.join('; ')}. ` : '';
}

function performanceTable(performance: Performance): RawHtml {
  const { models, intervals, pValues } = performance;
  const measures = MEASURES.filter(({ name }) => models.some((row) => row[name] !== undefined));
  const columns = [
    { heading: 'Model' },
    { heading: 'Cut-off', numeric: true },
    ...measures.map(({ heading }) => ({ heading, numeric: true })),
  ];
  const groups = groupsOf(models, measures);
  if (pValues) {
    const cells = measures.map(({ name }) => (pValues[name] === undefined ? '' : formatPValue(pValues[name])));
    groups.push({ rows: [[html`<i>p</i> value`, '', ...cells]] });
  }
  const predictive = measures.some(({ name }) => name === 'ppv' || name === 'npv');
  const definitions = measures.map(({ heading, definition }) => `${heading.replace(', %', '')}: ${definition}`);
  return html`${table('Diagnostic performance: value (interval), numerator/denominator', columns, groups, 'performance')}
${undefinedRemarks(performance)}
<p class="remark">${intervals && `${intervals}. `}${cutoffRules(performance)}${pValues && `p values: ${pValues.test}. `}${definitions.join('; ')}.${predictive && ' PPV and NPV hold for the share of positive cases in this data set, not for screening.'}</p>`;
}

/** The table of diagnostic performance (Kang et al. 2021, table 1). */
export function performanceSection({ performance }: ReportData): RawHtml {
  if (!performance || performance.models.length === 0) {
    return section(
      'performance',
      'Diagnostic performance',
      empty('This run has not been evaluated: no measure of performance.'),
    );
  }
  return section('performance', 'Diagnostic performance', performanceTable(performance));
}
