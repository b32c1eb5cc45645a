/** A run: its report, and its cases, the most wrong first, each one click from its image. */
import { element, percent } from '../dom.ts';

/** A case of a run with the way to its image. */
export interface RunPageCase {
  readonly path: string;
  readonly patientId: string;
  readonly label: string;
  readonly score: number;
  readonly decision: string;
  readonly error: number;
  /** Address of the image in this page; null where the image is not here. */
  readonly address: string | null;
}

/** What is shown of a run. */
export interface RunPageData {
  readonly name: string;
  /** The report, a page of HTML; null where there is none. */
  readonly report: string | null;
  readonly cases: readonly RunPageCase[];
}

/** The page. The report runs no script and reaches nothing. */
export function runPage({ name, report, cases }: RunPageData): HTMLElement {
  // a system that judges breasts calls no image
  const isCalled = cases.some(({ decision }) => decision);
  const names = ['', 'Wrong by', 'Case', 'Truth', ...(isCalled ? ['Model'] : []), 'Score'];
  const head = names.map((text) => element('th', { scope: 'col' }, text));
  const lines = cases.map((each, i) => line(each, i, isCalled));
  return element(
    'div',
    { class: 'run-page' },
    element(
      'section',
      { 'aria-label': 'Cases' },
      element('h1', {}, `Run ${name}`),
      element('h2', {}, `${cases.length} cases, the most wrong first`),
      cases.some(({ address }) => address)
        ? null
        : element(
            'p',
            { class: 'quiet' },
            'Drop the folder of the images on the work list, and each case leads to its image.',
          ),
      element('table', {}, element('thead', {}, element('tr', {}, ...head)), element('tbody', {}, ...lines)),
    ),
    report === null
      ? element('p', { class: 'empty' }, 'The run was not evaluated: it has no report.')
      : element('iframe', { srcdoc: darkened(report), sandbox: '', title: `Report of run ${name}` }),
  );
}

/** A report with its dark colours, whatever the system prefers: it is read in a dark room. */
const darkened = (report: string): string => report.replace(/@media \(prefers-color-scheme: ?dark\)/, '@media all');

function line(
  { path, label, score, decision, error, address }: RunPageCase,
  index: number,
  isCalled: boolean,
): HTMLElement {
  const where = address === null ? element('span', {}, path) : element('a', { href: address }, path);
  return element(
    'tr',
    {},
    element('td', { class: 'number' }, `${index + 1}`),
    element('td', { class: 'number' }, percent(error)),
    element('th', { scope: 'row' }, where),
    element('td', {}, label),
    isCalled ? element('td', {}, decision || '–') : null,
    element('td', { class: 'number' }, percent(score)),
  );
}
