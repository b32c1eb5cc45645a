/** What mouse, pen, wheel and, for measuring, arrow keys do over the panes. */
import { lengthText, type Measurement } from './measurement.ts';
import type { MmPoint, Pane, PanePoint } from './pane.ts';
import type { Room } from './room.ts';

/** A drag over so many pixels changes a window by its width. */
const WINDOW_PX = 400;
/** A line shorter than this, in pixels of the screen, was a click. */
const LEAST_LINE_PX = 4;

/** Gives a room's panes to mouse and keyboard. */
export function handlePointer(room: Room): void {
  let drag: { readonly pane: Pane; readonly what: Drag; last: PanePoint; readonly from: MmPoint } | null = null;
  const pointIn = (pane: Pane, event: MouseEvent): PanePoint => {
    const { left, top } = pane.root.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };

  room.root.addEventListener('contextmenu', (event) => event.preventDefault());
  room.root.addEventListener('pointerdown', (event) => {
    const pane = room.paneAt(event);
    if (!pane?.laying) return;
    room.activate(pane);
    pane.root.focus({ preventScroll: true });
    event.preventDefault();
    const what = event.button === 2 ? 'zoom' : event.button === 1 ? 'pan' : room.tool;
    const last = pointIn(pane, event);
    drag = { pane, what, last, from: pane.mmAt(last) };
    room.root.setPointerCapture(event.pointerId);
  });
  room.root.addEventListener('pointermove', (event) => {
    const over = drag?.pane ?? room.paneAt(event);
    if (room.tool === 'lens' && over?.laying) room.lookThroughLens(over, over.mmAt(pointIn(over, event)));
    if (!drag) return;
    const at = pointIn(drag.pane, event);
    const [dx, dy] = [at[0] - drag.last[0], at[1] - drag.last[1]];
    drag.last = at;
    if (drag.what === 'pan') room.pan(drag.pane, dx, dy);
    if (drag.what === 'zoom') room.zoom(Math.exp(-dy / 150));
    if (drag.what === 'window') dragWindow(drag.pane, dx, dy);
    if (drag.what === 'measure') preview(drag.pane, drag.from, drag.pane.mmAt(at));
  });
  const end = (event: PointerEvent) => {
    const ended = drag;
    drag = null;
    if (ended?.what !== 'measure') return;
    const to = ended.pane.mmAt(pointIn(ended.pane, event));
    settle(ended.pane, ended.from, to);
  };
  room.root.addEventListener('pointerup', end);
  room.root.addEventListener('pointercancel', () => {
    drag = null;
  });
  room.root.addEventListener(
    'wheel',
    (event) => {
      const pane = room.paneAt(event);
      if (!pane?.laying) return;
      event.preventDefault();
      room.activate(pane);
      if (pane.frames > 1 && !event.ctrlKey) room.scroll(Math.sign(event.deltaY));
      else room.zoom(Math.exp(-event.deltaY / 600), pointIn(pane, event));
    },
    { passive: false },
  );

  /** By keyboard: arrows move a crosshair, Enter begins and ends a line. */
  let begun: MmPoint | null = null;
  room.root.addEventListener('keydown', (event) => {
    const pane = room.active;
    if (!pane?.laying || room.tool !== 'measure' || event.target !== pane.root) return;
    const step = (event.shiftKey ? 10 : 1) * pane.camera.mmPerPx;
    const moves: Readonly<Record<string, MmPoint>> = {
      ArrowLeft: [-step, 0],
      ArrowRight: [step, 0],
      ArrowUp: [0, -step],
      ArrowDown: [0, step],
    };
    const move = moves[event.key];
    if (event.key === 'Enter') {
      const at = room.cursor ?? [pane.camera.xMm, pane.camera.yMm];
      room.cursor = at;
      if (begun) {
        settle(pane, begun, at);
        begun = null;
      } else begun = at;
    } else if (event.key === 'Escape') {
      begun = null;
      room.cursor = null;
    } else if (move && room.cursor) {
      room.cursor = [room.cursor[0] + move[0], room.cursor[1] + move[1]];
      if (begun) preview(pane, begun, room.cursor);
    } else return;
    event.preventDefault();
    event.stopPropagation();
    room.draw();
  });

  let before: readonly Measurement[] | null = null;
  function preview(pane: Pane, from: MmPoint, to: MmPoint): void {
    const line = lineOf(pane, from, to);
    if (!line) return;
    before ??= room.measurements;
    room.measurements = [...before, line];
    room.draw();
  }
  function settle(pane: Pane, from: MmPoint, to: MmPoint): void {
    room.measurements = before ?? room.measurements;
    before = null;
    const line = lineOf(pane, from, to);
    const [a, b] = [pane.pointOf(from), pane.pointOf(to)];
    if (!line || Math.hypot(a[0] - b[0], a[1] - b[1]) < LEAST_LINE_PX) {
      room.draw();
      return;
    }
    room.addMeasurement(line);
    room.say(lengthText(line));
  }
}

type Drag = 'pan' | 'zoom' | 'window' | 'measure' | 'lens';

const lineOf = ({ image, frame }: Pane, from: MmPoint, to: MmPoint): Measurement | null =>
  image ? { image, frame, from, to } : null;

function dragWindow(pane: Pane, dx: number, dy: number): void {
  const { low, high } = pane.window;
  const width = high - low;
  const middle = (low + high) / 2 + (dy / WINDOW_PX) * width;
  const next = width * Math.exp(dx / WINDOW_PX);
  pane.setWindow({ low: middle - next / 2, high: middle + next / 2 });
}
