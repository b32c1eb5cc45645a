/** The page of a paper's comparison: its tables with ours beside the published figures. */

import { rocFigure } from './figures/roc.ts';
import { estimateParts, formatFixed, formatPValue } from './format.ts';
import { type HtmlValue, html, type RawHtml } from './html.ts';
import { MEASURES, type Measure } from './measures.ts';
import { type PageSection, page } from './page.ts';
import type { Case, Estimate, FigureTable, MeasureName, Note, RocCurve } from './report-data.ts';
import { figureTable } from './sections/figure-tables.ts';
import { figureColumns } from './sections/figures.ts';
import { BANNER, citation, notes } from './sections/header.ts';
import { section, table } from './sections/section.ts';
import { checkTables } from './validation.ts';

/** Figures of a model by measure. */
export type Figures = { readonly [name in MeasureName]?: Estimate };

/** A row of a table: what the paper calls a model, what it published, and ours where there is one. */
export type ComparedRow = {
  readonly label: string;
  readonly published: Figures;
  readonly model?: string;
  readonly here?: Figures;
};

/** A table of the paper; cases and positives are those of all repetitions together. */
export type ComparedTable = {
  readonly number: string;
  readonly caption: string;
  readonly case: Case;
  readonly cases: number;
  readonly positives: number;
  readonly repetitions: number;
  /** Plots of the models' ROC curves in the first repetition, one a level. */
  readonly curves: readonly (readonly RocCurve[])[];
  readonly rows: readonly ComparedRow[];
};

/** Whether one model's AUC is above another's. */
export type TestedClaim = {
  readonly text: string;
  readonly level: string;
  readonly difference: number;
  readonly interval: readonly [number, number];
  readonly p: number;
  readonly test: string;
};

/** What the page shows, as plain data that survives JSON. */
export type ReproductionData = {
  readonly title: string;
  readonly system: { readonly name: string; readonly citation: string; readonly doi?: string };
  readonly notes: readonly Note[];
  /** Which intervals ours have. */
  readonly intervals: string;
  readonly tables: readonly ComparedTable[];
  /** Tables of another form, after these. */
  readonly figureTables?: readonly FigureTable[];
  readonly claims: readonly TestedClaim[];
  /** The runs behind it, each with its own report beside this page. */
  readonly runs: readonly { readonly name: string; readonly report: string }[];
  readonly command: string;
};

function cell(here: Estimate | undefined, published: Estimate | undefined, { unit }: Measure): HtmlValue {
  const ours = here && estimateParts(here, unit);
  const theirs = published && estimateParts(published, unit);
  return html`${ours && html`<span class="value">${ours.value}</span>${ours.interval && html` <span class="interval">${ours.interval}</span>`}`}${theirs && html` <span class="counts">published ${theirs.value}${theirs.interval && ` ${theirs.interval}`}</span>`}`;
}

/** A row's name in the paper, and which of ours it is. */
const rowHeading = ({ label, model }: ComparedRow): HtmlValue =>
  html`${label}${model === undefined ? html` <span class="counts">not run</span>` : model !== label && html` <span class="counts">${model}</span>`}`;

/** Measures that the paper published of a table, or all of ours where it published none. */
function measuresOf(rows: readonly ComparedRow[]): Measure[] {
  const published = MEASURES.filter(({ name }) => rows.some((row) => row.published[name]));
  return published.length > 0 ? published : MEASURES.filter(({ name }) => rows.some(({ here }) => here?.[name]));
}

const anchorOf = ({ number }: Pick<ComparedTable, 'number'>) => number.toLowerCase().replaceAll(' ', '-');

/** What the figures of a table are. */
const OURS = 'Ours (95 % interval), and what was published';

function comparedTable({
  number,
  caption,
  rows,
  case: one,
  cases,
  positives,
  repetitions,
  curves,
}: ComparedTable): RawHtml {
  const measures = measuresOf(rows);
  const columns = [{ heading: 'Model' }, ...measures.map(({ heading }) => ({ heading, numeric: true }))];
  const cells = rows.map((row) => [
    rowHeading(row),
    ...measures.map((measure) => cell(row.here?.[measure.name], row.published[measure.name], measure)),
  ]);
  return section(
    anchorOf({ number }),
    `${number}. ${caption}`,
    table(OURS, columns, [{ rows: cells }], 'performance'),
    html`<p class="remark">Ours: ${cases} ${one}s, ${positives} of them positive${repetitions > 1 && `, of ${repetitions} repetitions`}.${repetitions > 1 && curves.length > 0 && ' ROC curves are those of the first.'}</p>`,
    curves.length > 0 && figureColumns(curves.map(rocFigure)),
  );
}

function claimsTable(claims: readonly TestedClaim[]): RawHtml {
  const columns = [
    { heading: 'Claim' },
    { heading: 'Counted as one' },
    { heading: 'Difference of AUCs', numeric: true },
    { heading: html`<i>p</i>`, numeric: true },
    { heading: 'Test' },
  ];
  const rows = claims.map(({ text, level, difference, interval, p, test }) => [
    text,
    level,
    html`<span class="value">${formatFixed(difference, 3)}</span> <span class="interval">(${formatFixed(interval[0], 3)} to ${formatFixed(interval[1], 3)})</span>`,
    formatPValue(p),
    test,
  ]);
  return section(
    'claims',
    'What the paper claims, tested here',
    table('First AUC less the second (95 % interval), whichever way it falls', columns, [{ rows }], 'performance'),
    html`<p class="remark">Two-sided, not adjusted for their number.</p>`,
  );
}

const runList = ({ runs, command }: ReproductionData): RawHtml =>
  section(
    'runs',
    'Runs',
    html`<p><code>${command}</code></p>
<ul>${runs.map(({ name, report }) => html`<li><a href="${encodeURI(report)}">${name}</a></li>\n`)}</ul>`,
  );

/** One HTML file beside the runs' folders: no script, nothing fetched, every text escaped, the same bytes for the same data. */
export function renderReproduction(data: ReproductionData): string {
  const { figureTables = [] } = data;
  checkTables(figureTables);
  const header = html`<header>
${BANNER}
<h1>${data.title}</h1>
${citation(data.system)}
${notes(data.notes)}
<p class="remark">Ours: ${data.intervals}. Published figures are those of the paper.</p>
</header>`;
  const sections: PageSection[] = [
    ...data.tables.map((each): PageSection => [anchorOf(each), each.number, comparedTable(each)]),
    ...figureTables.map((each): PageSection => {
      const id = anchorOf(each);
      return [id, each.number, section(id, `${each.number}. ${each.caption}`, figureTable(each, OURS))];
    }),
    ...(data.claims.length > 0 ? [['claims', 'Claims', claimsTable(data.claims)] as const] : []),
    ['runs', 'Runs', runList(data)],
  ];
  return page(data.title, header, sections);
}
