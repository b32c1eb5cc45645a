/** The work list: studies by the priority that the model gives them. */
import { button, element, percent, shownDate } from '../dom.ts';
import { byPriority, type StudyEntry } from '../studies/study-entry.ts';

/** What the list leads to. */
export interface WorkListActions {
  readonly open: (key: string) => void;
  readonly chooseFiles: () => void;
  readonly chooseFolder: () => void;
  /** Null without a server. */
  readonly upload: (() => void) | null;
}

/** What is dropped on it is sent to the server; what is dropped elsewhere stays in the page. */
export const SEND_ZONE = 'send-zone';

/** The list as an element; drawn again when studies change. */
export function workList(
  studies: readonly StudyEntry[],
  faults: readonly string[],
  actions: WorkListActions,
): HTMLElement {
  const { open, chooseFiles, chooseFolder, upload } = actions;
  const rows = [...studies].sort(byPriority).map((study, index) => row(study, index + 1, open));
  const head = ['', 'Priority', 'Patient', 'Identifier', 'Study', 'Views', 'Images', 'State'].map((text) =>
    element('th', { scope: 'col', class: text === 'Priority' || text === 'Images' ? 'number' : undefined }, text),
  );
  return element(
    'section',
    { class: 'work-list', 'aria-label': 'Work list' },
    element('h1', {}, 'Work list'),
    element(
      'div',
      { class: 'drop-zones' },
      element(
        'div',
        { class: 'drop-zone' },
        element(
          'p',
          {},
          'Drop DICOM files, folders, an exported model (.onnx) or the folder of a run here. They stay on this machine.',
        ),
        element('p', { class: 'buttons' }, button('Open files', chooseFiles), button('Open a folder', chooseFolder)),
      ),
      upload &&
        element(
          'div',
          { class: 'drop-zone', id: SEND_ZONE },
          element(
            'p',
            {},
            'Drop DICOM files, folders or ZIP archives here to send them to the server, where the models read them.',
          ),
          element('p', { class: 'buttons' }, button('Send files to the server', upload)),
        ),
    ),
    faults.length > 0
      ? element(
          'details',
          { class: 'faults', open: true },
          element('summary', {}, `Could not be opened: ${faults.length}`),
          element('ul', {}, ...faults.slice(0, 50).map((fault) => element('li', {}, fault))),
        )
      : null,
    studies.length === 0
      ? element('p', { class: 'empty' }, 'No studies yet.')
      : element('table', {}, element('thead', {}, element('tr', {}, ...head)), element('tbody', {}, ...rows)),
  );
}

function row(study: StudyEntry, place: number, open: (key: string) => void): HTMLElement {
  const { key, patientName, patientId, date, description, views, imageCount, priority, state, progress } = study;
  const name = patientName || 'no name';
  const link = element('a', { href: `#/study/${encodeURIComponent(key)}` }, name);
  const doing = element('td', {}, state);
  if (progress !== null) doing.append(element('progress', { value: progress, max: 1, 'aria-label': 'progress' }));
  const bar = element('span', { class: 'priority-bar', 'aria-hidden': 'true' });
  bar.style.setProperty('--share', `${priority ?? 0}`);
  const made = element(
    'tr',
    { ondblclick: () => open(key) },
    element('td', { class: 'number' }, `${place}`),
    element('td', { class: 'number' }, bar, priority === null ? '–' : percent(priority)),
    element('th', { scope: 'row' }, link),
    element('td', {}, patientId),
    element('td', {}, [shownDate(date), description].filter(Boolean).join(' · ')),
    element('td', {}, views.join(', ')),
    element('td', { class: 'number' }, `${imageCount}`),
    doing,
  );
  return made;
}
