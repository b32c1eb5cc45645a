/** The work list: studies by the priority that the model gives them. */
import { studyAddress } from '../addresses.ts';
import { button, element, fill, percent, shownDate } from '../dom.ts';
import { byPriority, type StudyEntry } from '../studies/study-entry.ts';

/** What the list leads to. */
export interface WorkListActions {
  readonly open: (key: string) => void;
  readonly chooseFiles: () => void;
  readonly chooseFolder: () => void;
  /** Null without a server. */
  readonly upload: (() => void) | null;
}

/** A run by its name, and its address. */
export type RunLink = readonly [name: string, href: string];

/** What is dropped on it is sent to the server; what is dropped elsewhere stays in the page. */
export const SEND_ZONE = 'send-zone';

/** The list while studies come and are read: lines stay the elements that they are, so that what is pressed or has the focus is not lost. */
export class WorkList {
  readonly root: HTMLElement;
  readonly #open: (key: string) => void;
  readonly #lines = new Map<string, HTMLElement>();
  readonly #body = element('tbody');
  readonly #table: HTMLElement;
  readonly #empty = element('p', { class: 'empty' }, 'No studies yet.');
  readonly #faults = element('div');
  readonly #runs = element('div');
  readonly #said = new Map<HTMLElement, string>();

  constructor(actions: WorkListActions) {
    this.#open = actions.open;
    const head = ['', 'Priority', 'Patient', 'Identifier', 'Study', 'Views', 'Images', 'State'].map((text) =>
      element('th', { scope: 'col', class: text === 'Priority' || text === 'Images' ? 'number' : undefined }, text),
    );
    this.#table = element('table', {}, element('thead', {}, element('tr', {}, ...head)), this.#body);
    this.root = element(
      'section',
      { class: 'work-list', 'aria-label': 'Work list' },
      element('h1', {}, 'Work list'),
      dropZones(actions),
      this.#faults,
      this.#empty,
      this.#table,
      this.#runs,
    );
  }

  /** Says what there is now, and what could not be opened. */
  update(studies: readonly StudyEntry[], faults: readonly string[]): void {
    this.#order([...studies].sort(byPriority).map((study, index) => this.#line(study, index + 1)));
    this.#empty.hidden = studies.length > 0;
    this.#table.hidden = studies.length === 0;
    this.#say(this.#faults, faults, () => [faultList(faults)]);
  }

  /** Runs whose pages can be opened. */
  setRuns(links: readonly RunLink[]): void {
    this.#say(this.#runs, links, () => {
      const lines = links.map(([name, href]) => element('li', {}, element('a', { href }, name)));
      return [element('h2', {}, 'Runs'), element('ul', {}, ...lines)];
    });
  }

  /** Fills a part of the page for what it has to say, unless it says so already: what was folded there, pressed or focused stays so. */
  #say(part: HTMLElement, what: readonly unknown[], draw: () => readonly HTMLElement[]): void {
    const said = JSON.stringify(what);
    if (said === this.#said.get(part)) return;
    this.#said.set(part, said);
    fill(part, ...(what.length > 0 ? draw() : []));
  }

  /** A study's line, in which only the cells that say something else are new. */
  #line(study: StudyEntry, place: number): HTMLElement {
    const cells = cellsOf(study, place);
    const { key } = study;
    const known = this.#lines.get(key);
    if (!known) {
      const made = element('tr', { ondblclick: () => this.#open(key) }, ...cells);
      this.#lines.set(key, made);
      return made;
    }
    for (const [i, cell] of cells.entries())
      if (!known.children[i]?.isEqualNode(cell)) known.children[i]?.replaceWith(cell);
    return known;
  }

  /** Puts lines in their order and takes away those that are gone; moves no line that need not be. */
  #order(lines: readonly HTMLElement[]): void {
    const focused = document.activeElement;
    const kept = new Set(lines);
    for (const [key, line] of this.#lines)
      if (!kept.has(line)) {
        this.#lines.delete(key);
        line.remove();
      }
    let at = this.#body.firstElementChild;
    for (const line of lines)
      if (line === at) at = at.nextElementSibling;
      else this.#body.insertBefore(line, at);
    // a line that is moved loses the focus
    if (focused instanceof HTMLElement && focused !== document.activeElement && this.#body.contains(focused))
      focused.focus({ preventScroll: true });
  }
}

function dropZones({ chooseFiles, chooseFolder, upload }: WorkListActions): HTMLElement {
  return element(
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
  );
}

function faultList(faults: readonly string[]): HTMLElement {
  return element(
    'details',
    { class: 'faults', open: true },
    element('summary', {}, `Could not be opened: ${faults.length}`),
    element('ul', {}, ...faults.slice(0, 50).map((fault) => element('li', {}, fault))),
  );
}

function cellsOf(study: StudyEntry, place: number): readonly HTMLElement[] {
  const { key, patientName, patientId, date, description, views, imageCount, priority, state, progress } = study;
  const link = element('a', { href: studyAddress(key) }, patientName || 'no name');
  const doing = element('td', {}, state);
  if (progress !== null) doing.append(element('progress', { value: progress, max: 1, 'aria-label': 'progress' }));
  const bar = element('span', { class: 'priority-bar', 'aria-hidden': 'true' });
  bar.style.setProperty('--share', `${priority ?? 0}`);
  return [
    element('td', { class: 'number' }, `${place}`),
    element('td', { class: 'number' }, bar, priority === null ? '–' : percent(priority)),
    element('th', { scope: 'row' }, link),
    element('td', {}, patientId),
    element('td', {}, [shownDate(date), description].filter(Boolean).join(' · ')),
    element('td', {}, views.join(', ')),
    element('td', { class: 'number' }, `${imageCount}`),
    doing,
  ];
}
