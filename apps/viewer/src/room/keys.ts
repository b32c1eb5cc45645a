/** What each key does: one table, which the page obeys and lists. */
import { element, fill } from '../dom.ts';
import { LAYOUT_NAMES, type LayoutName } from '../hanging/slots.ts';
import type { Room } from './room.ts';

/** A key and what it does. */
export interface Key {
  /** As KeyboardEvent.key has it; letters in lower case, with Shift in upper. */
  readonly keys: readonly string[];
  readonly shown: string;
  readonly does: string;
  /** Null for keys that are only listed: the browser, or a tool, obeys them. */
  readonly run: ((room: Room, pressed: string, page: KeyPage) => void) | null;
}

/** What keys may ask of the page around the room. */
export interface KeyPage {
  /** Lets the model of this page judge. */
  readonly judge: () => void;
}

const key = (keys: string, does: string, run: Key['run'], shown = keys.toUpperCase()): Key => ({
  keys: keys === ' ' ? [' '] : keys.split(' '),
  shown,
  does,
  run,
});

const layout = (keys: string, name: LayoutName): Key =>
  key(keys, `Layout: ${LAYOUT_NAMES[name]}`, (room) => room.setLayout(name));

/** A step of brightness or contrast as a share of the window's width. */
const STEP = 0.1;
function changeWindow(room: Room, shift: number, widen: number): void {
  for (const pane of room.panes) {
    const { low, high } = pane.window;
    const width = high - low;
    pane.setWindow({ low: low + width * (shift - widen), high: high + width * (shift + widen) });
  }
}

/** All keys, in the order in which they are listed. */
export const KEYS: readonly Key[] = [
  layout('1', 'one'),
  layout('2', 'cc'),
  layout('3', 'mlo'),
  layout('4', 'four'),
  layout('5', 'prior'),
  key('d', 'Mammogram, synthesised view, tomosynthesis of this view', (room) => room.toggleKind(false)),
  key('D', 'The same for all views', (room) => room.toggleKind(true), 'Shift D'),
  key('c', 'Current or prior study', (room) => room.togglePrior()),
  key(
    'ArrowUp ArrowDown',
    'Slice before or after (wheel)',
    (room, pressed) => room.scroll(pressed === 'ArrowUp' ? -1 : 1),
    '↑ ↓',
  ),
  key('PageUp PageDown', 'Ten slices', (room, pressed) => room.scroll(pressed === 'PageUp' ? -10 : 10), 'Page'),
  key(
    'Home End',
    'First, last slice',
    ({ active }, pressed) => active?.scrollTo(pressed === 'Home' ? 0 : active.frames - 1),
    'Home End',
  ),
  key(' ', 'Cine', (room) => room.toggleCine(), 'Space'),
  key('b', 'Thickness of the slab: 1, 3, 5, 9 slices', (room) => room.changeSlab()),
  key('n', 'Next finding', (room) => room.nextFinding(1)),
  key('N', 'Finding before', (room) => room.nextFinding(-1), 'Shift N'),
  key('h', 'Hide or show every mark', (room) => room.hideMarks()),
  key('v', 'Next heat map, then none', (room) => room.nextHeat()),
  key('a', 'Show, too, what was not called positive', (room) => room.showAll()),
  key('o', 'Heat maps fainter', (room) => room.heat.setOpacity(room.heat.opacity - 0.1)),
  key('O', 'Heat maps stronger', (room) => room.heat.setOpacity(room.heat.opacity + 0.1), 'Shift O'),
  key('j', 'The model of this page judges: the middle of the view, or the images', (_room, _pressed, page) =>
    page.judge(),
  ),
  key('w', 'Drag: window', (room) => room.setTool('window')),
  key('p', 'Drag: pan', (room) => room.setTool('pan')),
  key('m', 'Drag: measure in mm; arrows and Enter by keyboard', (room) => room.setTool('measure')),
  key('g', 'Lens on all views', (room) => room.setTool(room.tool === 'lens' ? 'window' : 'lens')),
  key('Delete', 'Remove measurements', (room) => room.clearMeasurements(), 'Del'),
  key('i', 'Invert', (room) => room.invert()),
  key('.', 'Brighter', (room) => changeWindow(room, -STEP, 0)),
  key(',', 'Darker', (room) => changeWindow(room, STEP, 0)),
  key(']', 'More contrast', (room) => changeWindow(room, 0, -STEP)),
  key('[', 'Less contrast', (room) => changeWindow(room, 0, STEP)),
  key('r', 'Window of the file', (room) => room.resetWindow()),
  key('+ =', 'Nearer', (room) => room.zoom(1.25), '+'),
  key('-', 'Farther', (room) => room.zoom(0.8), '−'),
  key('0 f', 'Fit: as hung', (room) => room.arrange(), '0'),
  key('t', 'True size', (room) => room.trueSize()),
  key('x', 'Every pixel', (room) => room.everyPixel()),
  key('k', 'Zoom and pan: linked or each by itself', (room) => {
    room.areViewsLinked = !room.areViewsLinked;
    room.say(room.areViewsLinked ? 'Views are linked' : 'Each view by itself');
  }),
  key('Tab', 'Next pane, then its slices and the panel', null, 'Tab'),
  key('Escape', 'End measuring, close', null, 'Esc'),
  key('?', 'These keys', () => showKeys()),
];

/** Whether a key belongs to what has the focus: letters to fields, moves to sliders, Space to what it presses. */
function isOfFocus({ key: pressed, target }: KeyboardEvent): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.matches('input:not([type=range]), textarea, select, [contenteditable]')) return true;
  if (target.matches('input')) return /^(Arrow|Page|Home|End)/.test(pressed);
  return pressed === ' ' && target.matches('button, summary, a');
}

/** Does what a key says; true where it did. */
export function obeyKey(event: KeyboardEvent, room: Room, page: KeyPage): boolean {
  if (event.ctrlKey || event.altKey || event.metaKey || isOfFocus(event)) return false;
  if (document.querySelector('dialog[open]')) return false;
  const found = KEYS.find(({ keys }) => keys.includes(event.key));
  found?.run?.(room, event.key, page);
  return Boolean(found?.run);
}

/** Lists the keys. */
export function showKeys(): void {
  const open = document.querySelector<HTMLDialogElement>('dialog.keys');
  if (open) {
    open.close();
    return;
  }
  const close = element('button', { type: 'button', onclick: () => dialog.close() }, 'Close');
  const dialog = element('dialog', { class: 'keys', 'aria-label': 'Keys', onclose: () => dialog.remove() });
  const rows = KEYS.map(({ shown, does }) => [element('dt', {}, element('kbd', {}, shown)), element('dd', {}, does)]);
  fill(
    dialog,
    element('h2', {}, 'Keys'),
    element('dl', {}, ...rows.flat()),
    element(
      'p',
      {},
      'Left button: the tool that is chosen. Right button: zoom. Middle button: pan. Wheel: slices; with Ctrl, or on a mammogram, zoom.',
    ),
    element('p', { class: 'buttons' }, close),
  );
  dialog.addEventListener('keydown', (event) => {
    if (event.key === '?') dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
}
