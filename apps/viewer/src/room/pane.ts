/** A pane of the reading room: one image in a viewport, with what is written and drawn over it. */
import { Enums, type RenderingEngine, type StackViewport } from '@cornerstonejs/core';
import { type BoxPx, inverseOrientation, orientBox } from '@mammoscope/imaging/browser';
import { drawn, element, fill } from '../dom.ts';
import { type Camera, fitScale, reductionFor } from '../hanging/fit.ts';
import type { Window } from '../images/grey-mapping.ts';
import { DROPPED, PRIORITY } from '../images/image-pool.ts';
import type { Laying } from '../images/laying.ts';
import type { StudyImage } from '../images/study-image.ts';
import { SliceBar } from './slice-bar.ts';
import { type FrameKey, frameId, isLoaded, loadFrame, renderingEngine } from './viewport-images.ts';

/** A point of a pane, in CSS pixels from its top left corner. */
export type PanePoint = readonly [x: number, y: number];
/** A point of a hung image, in mm from its top left corner. */
export type MmPoint = readonly [x: number, y: number];

/** Who is told of what happens in a pane. */
export interface PaneEvents {
  /** An image was looked at, or another came: all panes may have to be arranged anew. */
  readonly onImage: (pane: Pane) => void;
  /** What is drawn over the image has to be drawn again. */
  readonly onView: (pane: Pane) => void;
}

/** How an image was left, so that toggling there and back changes nothing. */
export interface Left {
  readonly frame: number;
  readonly window: Window;
  readonly isInverted: boolean;
}

/** While slices run through, all of a tomosynthesis are to fit in this. */
const SCROLL_BYTES = 144 * 2 ** 20;
/** After so long without a scroll the slice is shown as fine as the display is. */
const SETTLE_MS = 160;
/** Slices are read ahead this far in each direction; around the one that is seen first. */
const AHEAD = 200;

export class Pane {
  readonly root: HTMLElement;
  readonly overlay: SVGSVGElement;
  readonly bar: SliceBar;
  readonly id: string;
  readonly #host = element('div', { class: 'viewport' });
  readonly #title = element('div', { class: 'corner top-left' });
  readonly #state = element('div', { class: 'corner bottom-left' });
  readonly #note = element('p', { class: 'pane-note', role: 'status' });
  readonly #events: PaneEvents;
  readonly #viewport: StackViewport;
  readonly #engine: RenderingEngine;
  #stack = '';
  #order = 0;
  #shownOrder = 0;
  #settle = 0;
  image: StudyImage | null = null;
  frame = 0;
  slab = 1;
  camera: Camera = { xMm: 0, yMm: 0, mmPerPx: 1 };
  window: Window = { low: 0, high: 65535 };
  isInverted = false;
  /** Whether its image could not be shown, so that it is tried again when the study changes. */
  isFailed = false;
  /** Frames that were drawn since the pane is there. */
  drawnFrames = 0;

  constructor(id: string, place: HTMLElement, events: PaneEvents) {
    this.id = id;
    this.#events = events;
    this.overlay = drawn('svg', { class: 'overlay', 'aria-hidden': 'true' });
    this.bar = new SliceBar((frame) => this.scrollTo(frame));
    this.root = element(
      'section',
      { class: 'pane', tabindex: 0, 'aria-label': 'empty pane', 'data-pane': id },
      this.#host,
      this.overlay,
      this.#title,
      this.#state,
      this.bar.root,
      this.#note,
    );
    place.append(this.root);
    this.#engine = renderingEngine();
    this.#engine.enableElement({ viewportId: id, element: this.#host, type: Enums.ViewportType.STACK });
    this.#viewport = this.#engine.getViewport(id) as StackViewport;
    this.#host.addEventListener(Enums.Events.IMAGE_RENDERED, () => {
      this.drawnFrames++;
      if (this.image && this.#stack) this.root.dataset.drawn = `${this.frame}`;
    });
  }

  /** Ends the viewport. */
  remove(): void {
    clearTimeout(this.#settle);
    this.#forget();
    // what is still being read finds no image here any more
    this.image = null;
    this.#stack = '';
    this.#order++;
    this.#engine.disableElement(this.id);
    this.root.remove();
  }

  #forget(): void {
    this.image?.pool.dropAhead(this.image.source);
  }

  get laying(): Laying | null {
    return this.image?.laying ?? null;
  }

  get size() {
    return { widthPx: this.#host.clientWidth, heightPx: this.#host.clientHeight };
  }

  get frames(): number {
    return this.image?.facts.frames ?? 1;
  }

  /** Shows an image as it was left, or says why there is none. */
  async show(image: StudyImage | null, left: Partial<Left> = {}, reason = ''): Promise<void> {
    const order = ++this.#order;
    if (this.image !== image) this.#forget();
    this.image = image;
    this.isFailed = false;
    this.#stack = '';
    this.root.dataset.image = image?.facts.kind ?? '';
    delete this.root.dataset.drawn;
    this.#host.classList.add('waiting');
    this.bar.hide();
    if (!image) {
      this.#say(reason, 'empty pane');
      return;
    }
    this.#say('Reading …', `${image.title}, being read`);
    try {
      const laying = await image.look();
      if (order !== this.#order) return;
      this.frame = Math.min(left.frame ?? Math.floor((image.facts.frames - 1) / 2), image.facts.frames - 1);
      this.window = left.window ?? laying.window;
      this.isInverted = left.isInverted ?? false;
      this.#events.onImage(this);
      await this.#display();
    } catch (error) {
      if (order !== this.#order) return;
      this.isFailed = true;
      this.#say(sentenceOf(error), `${image.title}, cannot be shown`);
    }
  }

  /** What is written instead of an image; pictures stay black. */
  #say(note: string, label: string): void {
    fill(this.#note, note);
    this.#note.hidden = note === '';
    this.root.setAttribute('aria-label', label);
    fill(this.#title);
    fill(this.#state);
    fill(this.overlay);
  }

  /** Goes to a slice. */
  scrollTo(frame: number): void {
    const next = Math.max(0, Math.min(this.frames - 1, Math.round(frame)));
    if (!this.image || next === this.frame) return;
    this.frame = next;
    this.image.pool.hasten(this.image.source, next);
    void this.#display(true);
  }

  /** Shows so many slices as one. */
  setSlab(slices: number): void {
    this.slab = slices;
    void this.#display();
  }

  /** Looks elsewhere, or from nearer. */
  setCamera(camera: Camera): void {
    this.camera = camera;
    this.#aim();
    this.#later();
  }

  setWindow(window: Window): void {
    this.window = { low: window.low, high: Math.max(window.low + 1, window.high) };
    this.#grey();
  }

  setInverted(isInverted: boolean): void {
    this.isInverted = isInverted;
    this.#grey();
  }

  /** The pane has another size. */
  resized(): void {
    this.#aim();
    this.#later();
  }

  /** Slices that are in memory. */
  loaded(): boolean[] {
    const { image } = this;
    if (!image) return [];
    const reduce = this.#scrollReduce();
    return Array.from({ length: this.frames }, (_, frame) => isLoaded({ image, frame, reduce, slab: 1 }));
  }

  #fineReduce(): number {
    return this.laying ? reductionFor(this.laying, this.camera.mmPerPx, window.devicePixelRatio) : 1;
  }

  /** As fine as the display, unless all slices together would take too much. */
  #scrollReduce(): number {
    let reduce = this.#fineReduce();
    const { rows, columns, frames } = this.image?.facts ?? { rows: 1, columns: 1, frames: 1 };
    while (frames > 1 && (2 * rows * columns * frames) / reduce ** 2 > SCROLL_BYTES) reduce *= 2;
    return reduce;
  }

  #key(frame: number, reduce: number): FrameKey {
    return { image: this.image as StudyImage, frame, reduce, slab: this.slab };
  }

  async #display(isScrolling = false): Promise<void> {
    const { image } = this;
    if (!image?.laying) return;
    const order = ++this.#order;
    const fine = this.#key(this.frame, this.#fineReduce());
    const key = isScrolling && !isLoaded(fine) ? this.#key(this.frame, this.#scrollReduce()) : fine;
    try {
      await loadFrame(key, PRIORITY.seen);
      if (order < this.#shownOrder || image !== this.image) return;
      this.#shownOrder = order;
      this.#put(key);
      if (order !== this.#order) return;
      if (isScrolling) this.#later();
      else if (this.frames > 1) this.#readAhead();
    } catch (error) {
      if (error === DROPPED || order !== this.#order) return;
      this.isFailed = true;
      this.#say(sentenceOf(error), image.title);
    }
  }

  /** A frame that is in memory, into the viewport. */
  #put(key: FrameKey): void {
    const { image, reduce, slab } = key;
    const stack = `${frameId({ image, frame: 0, reduce, slab })}`;
    if (stack !== this.#stack) {
      this.#stack = stack;
      const ids = Array.from({ length: this.frames }, (_, frame) => frameId({ image, frame, reduce, slab }));
      void this.#viewport.setStack(ids, key.frame).then(() => this.#arrived(stack));
    } else void this.#viewport.setImageIdIndex(key.frame).then(() => this.#arrived(stack));
    this.#describe();
  }

  #arrived(stack: string): void {
    if (stack !== this.#stack) return;
    this.#host.classList.remove('waiting');
    this.#note.hidden = true;
    this.#grey();
    this.#aim();
  }

  #later(): void {
    clearTimeout(this.#settle);
    this.#settle = self.setTimeout(() => {
      const { image } = this;
      if (!image?.laying) return;
      const wanted = frameId({ image, frame: 0, reduce: this.#fineReduce(), slab: this.slab });
      if (wanted !== this.#stack) void this.#display();
      else if (this.frames > 1) this.#readAhead();
    }, SETTLE_MS);
  }

  /** Asks for the slices around this one, the nearest first. */
  #readAhead(): void {
    const { image } = this;
    if (!image) return;
    const reduce = this.#scrollReduce();
    for (let distance = 0; distance < Math.min(AHEAD, this.frames); distance++)
      for (const frame of new Set([this.frame + distance, this.frame - distance])) {
        if (frame < 0 || frame >= this.frames || isLoaded({ image, frame, reduce, slab: 1 })) continue;
        loadFrame({ image, frame, reduce, slab: 1 }, PRIORITY.ahead).then(
          () => this.bar.setLoaded(this.loaded()),
          () => undefined, // dropped, or damaged: said when it is looked at
        );
      }
    this.bar.setLoaded(this.loaded());
  }

  #grey(): void {
    if (!this.#stack) return;
    const { low, high } = this.window;
    this.#viewport.setProperties({ voiRange: { lower: low, upper: high }, invert: this.isInverted });
    this.#viewport.render();
    this.#describe();
  }

  #aim(): void {
    const { widthPx, heightPx } = this.size;
    if (!this.#stack || widthPx === 0 || heightPx === 0) return;
    const { xMm, yMm, mmPerPx } = this.camera;
    const { position, focalPoint } = this.#viewport.getCamera();
    const depth = (position?.[2] ?? -1) - (focalPoint?.[2] ?? 0);
    this.#viewport.setCamera({
      focalPoint: [xMm, yMm, 0],
      position: [xMm, yMm, depth || -1],
      parallelScale: (mmPerPx * heightPx) / 2,
    });
    this.#viewport.render();
    this.#describe();
  }

  /** What is written in the corners, and said to those who do not see it. */
  #describe(): void {
    const { image, laying } = this;
    if (!image || !laying) return;
    const slice = this.frames > 1 ? `slice ${this.frame + 1} of ${this.frames}` : '';
    const thick = this.frames > 1 && this.slab > 1 ? `slab of ${this.slab}` : '';
    const unhung = laying.unhung === undefined ? '' : `Not hung: ${laying.unhung}`;
    fill(
      this.#title,
      element('strong', {}, [laying.laterality, laying.view].filter(Boolean).join(' ') || '?'),
      ` ${{ DM: 'DM', SYNTHETIC2D: 'Synthesised 2D', DBT: 'DBT', OTHER: '' }[image.kind]}${image.isRaw ? ' for processing' : ''}`,
    );
    const { low, high } = this.window;
    const zoom =
      laying.columnMm === undefined
        ? 'no scale'
        : `zoom ${Math.round((100 * laying.columnMm) / this.camera.mmPerPx)} %`;
    fill(
      this.#state,
      ...[
        slice,
        thick,
        `W ${Math.round(high - low)} L ${Math.round((high + low) / 2)}`,
        zoom,
        this.isInverted ? 'inverted' : '',
      ]
        .filter(Boolean)
        .map((text) => element('span', {}, text)),
    );
    this.#note.hidden = unhung === '';
    fill(this.#note, unhung);
    this.root.setAttribute('aria-label', [image.title, slice, thick, unhung].filter(Boolean).join(', '));
    this.root.dataset.frame = `${this.frame}`;
    this.bar.show(this.frames, this.frame, laying.laterality === 'R' ? 'left' : 'right');
    this.#events.onView(this);
  }

  /** mm at a point of the pane. */
  mmAt([x, y]: PanePoint): MmPoint {
    const { xMm, yMm, mmPerPx } = this.camera;
    const { widthPx, heightPx } = this.size;
    return [xMm + (x - widthPx / 2) * mmPerPx, yMm + (y - heightPx / 2) * mmPerPx];
  }

  /** Where mm are in the pane. */
  pointOf([x, y]: MmPoint): PanePoint {
    const { xMm, yMm, mmPerPx } = this.camera;
    const { widthPx, heightPx } = this.size;
    return [(x - xMm) / mmPerPx + widthPx / 2, (y - yMm) / mmPerPx + heightPx / 2];
  }

  /** Where a box of the stored image is in the pane. */
  boxOf(boxPx: BoxPx): BoxPx {
    const { image, laying } = this;
    if (!image || !laying) return boxPx;
    const { columnMm = 1, rowMm = 1, orientation } = laying;
    const [x1, y1, x2, y2] = orientBox(boxPx, image.facts.columns, image.facts.rows, orientation);
    const [left, top] = this.pointOf([x1 * columnMm, y1 * rowMm]);
    const [right, bottom] = this.pointOf([x2 * columnMm, y2 * rowMm]);
    return [left, top, right, bottom];
  }

  /** The stored pixel at mm of the hung image. */
  storedAt([x, y]: MmPoint): readonly [number, number] {
    const { laying } = this;
    if (!laying) return [x, y];
    const { columnMm = 1, rowMm = 1, orientation, widthPx, heightPx } = laying;
    const [column, row] = [x / columnMm, y / rowMm];
    const [left, top] = orientBox([column, row, column, row], widthPx, heightPx, inverseOrientation(orientation));
    return [left, top];
  }

  /** The camera at which a CSS pixel shows so many mm, and what is at a point stays there. */
  zoomed(factor: number, at: PanePoint): Camera {
    const [x, y] = this.mmAt(at);
    const { xMm, yMm, mmPerPx } = this.camera;
    const most = this.laying ? 2 * fitScale(this.laying, this.size) : mmPerPx;
    const next = Math.min(most, Math.max(0.002, mmPerPx / factor));
    return { xMm: x + (xMm - x) * (next / mmPerPx), yMm: y + (yMm - y) * (next / mmPerPx), mmPerPx: next };
  }
}

const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
