/** The reading room: panes that hang a study, the tools over them, and what a model says of it. */
import { element, fill, percent } from '../dom.ts';
import { findingOrder, type Mark, type StudyReading } from '../findings/readings.ts';
import { hangingCamera, sharedScale } from '../hanging/fit.ts';
import {
  columnsOf,
  type HungStudy,
  type LayoutName,
  layoutOf,
  type PanePlace,
  SCREENING_VIEWS,
  type ScreeningView,
} from '../hanging/slots.ts';
import type { StudyImage } from '../images/study-image.ts';
import { Cine } from './cine.ts';
import { HeatLayer } from './heat-layer.ts';
import { Magnifier } from './magnifier.ts';
import type { Measurement } from './measurement.ts';
import { drawOver } from './overlay.ts';
import { type Left, type MmPoint, Pane } from './pane.ts';
import { mmOfCssPixel } from './screen-size.ts';
import { renderingEngine } from './viewport-images.ts';

/** What dragging does. */
export const TOOLS = { window: 'Window', pan: 'Pan', measure: 'Measure', lens: 'Lens' } as const;
export type Tool = keyof typeof TOOLS;

/** A study with the prior that hangs beside it. */
export interface RoomStudy {
  readonly current: HungStudy<StudyImage>;
  readonly prior: HungStudy<StudyImage> | null;
}

/** Slabs that `B` goes through, in slices. */
const SLABS = [1, 3, 5, 9];

export class Room {
  readonly root = element('div', { class: 'panes' });
  readonly #live: HTMLElement;
  readonly #changed: () => void;
  readonly #magnifier = new Magnifier();
  readonly #left = new Map<StudyImage, Partial<Left>>();
  readonly #variants = new Map<string, number>();
  #study: RoomStudy | null = null;
  #places: readonly PanePlace[] = [];
  #chosen: string | null = null;
  readonly #cine = new Cine();
  /** Whether the user went to a pane; before, the pane at hand may change while images come. */
  #isChosen = false;
  panes: readonly Pane[] = [];
  active: Pane | null = null;
  layout: LayoutName = 'four';
  isPrior = false;
  tool: Tool = 'window';
  areMarksHidden = false;
  /** Whether places are shown, too, that the model did not call positive. */
  isAllShown = false;
  areViewsLinked = true;
  readonly heat = new HeatLayer(
    () => {
      this.draw();
      this.#changed();
    },
    (sentence) => this.say(sentence),
  );
  measurements: readonly Measurement[] = [];
  cursor: MmPoint | null = null;
  readings: readonly StudyReading[] = [];
  reading: StudyReading | null = null;

  constructor(live: HTMLElement, changed: () => void) {
    this.#live = live;
    this.#changed = changed;
    new ResizeObserver(() => this.#resize()).observe(this.root);
  }

  /** Hangs a study. */
  hang(study: RoomStudy): void {
    this.#study = study;
    this.#variants.clear();
    this.#isChosen = false;
    this.setLayout(this.layout);
  }

  /** The study changed: an image came, or turned out to be of another view. */
  rehang(study: RoomStudy): void {
    this.#study = study;
    for (const [i, pane] of this.panes.entries()) {
      const place = this.#places[i];
      const image = place ? this.#imageAt(place) : null;
      if (image && (image !== pane.image || pane.isFailed)) this.#showIn(pane, image);
    }
    if (!this.#isChosen) this.#activateBest(SCREENING_VIEWS[0]);
  }

  leave(): void {
    this.stopCine();
    this.#magnifier.off();
    for (const pane of this.panes) pane.remove();
    this.panes = [];
    this.active = null;
  }

  setLayout(layout: LayoutName, focus = this.place?.view ?? 'RCC'): void {
    this.leave();
    this.layout = layout;
    const panes = layoutOf(layout, focus, this.isPrior);
    this.#places = panes;
    this.#setColumns();
    this.root.dataset.layout = layout;
    renderingEngine();
    this.panes = panes.map(({ view, isPrior }, i) => {
      const events = { onImage: () => this.arrange(), onView: (of: Pane) => this.#draw(of) };
      const pane = new Pane(`pane-${i}`, this.root, events);
      pane.root.dataset.view = view;
      pane.root.dataset.side = view.startsWith('R') ? 'R' : 'L';
      if (isPrior) pane.root.dataset.prior = 'true';
      pane.root.addEventListener('focusin', () => {
        this.#isChosen = true;
        this.activate(pane);
      });
      return pane;
    });
    // a pane that came gave those before it less room, and the size of the room, which is watched, is what it was
    this.#resize();
    this.#activateBest(focus);
    // the pane at hand is read first
    const order = [...this.panes.keys()].sort(
      (a, b) => Number(this.panes[b] === this.active) - Number(this.panes[a] === this.active),
    );
    for (const i of order) {
      const [pane, place] = [this.panes[i], this.#places[i]];
      if (pane && place) this.#showIn(pane, this.#imageAt(place), this.#why(place));
    }
    if (this.tool === 'lens') this.setTool('lens');
    this.#changed();
  }

  /** View and study of the pane at hand. */
  get place(): PanePlace | undefined {
    return this.#places[this.panes.indexOf(this.active as Pane)];
  }

  /** The pane of a view, if it has an image; else the first that has one. */
  #activateBest(view: ScreeningView): void {
    const wanted = this.#places.findIndex((place) => place.view === view && this.#imageAt(place));
    const other = this.#places.findIndex((place) => this.#imageAt(place));
    this.activate(this.panes[wanted >= 0 ? wanted : Math.max(0, other)] ?? null);
  }

  /** The pane under a pointer; a pointer that is captured has no target of its own. */
  paneAt({ clientX, clientY }: MouseEvent): Pane | null {
    const isUnder = ({ root }: Pane) => {
      const { left, right, top, bottom } = root.getBoundingClientRect();
      return clientX >= left && clientX < right && clientY >= top && clientY < bottom;
    };
    return this.panes.find(isUnder) ?? null;
  }

  activate(pane: Pane | null): void {
    if (pane === this.active) return;
    this.active?.root.classList.remove('active');
    this.active = pane;
    pane?.root.classList.add('active');
    this.cursor = null;
    this.#changed();
  }

  #key({ view, isPrior }: PanePlace): string {
    return `${view} ${isPrior}`;
  }

  #imagesAt({ view, isPrior }: PanePlace): readonly StudyImage[] {
    const study = isPrior ? this.#study?.prior : this.#study?.current;
    return study?.views[view] ?? [];
  }

  #imageAt(place: PanePlace): StudyImage | null {
    const images = this.#imagesAt(place);
    return images[(this.#variants.get(this.#key(place)) ?? 0) % Math.max(1, images.length)] ?? null;
  }

  #why({ view, isPrior }: PanePlace): string {
    if (isPrior && !this.#study?.prior) return 'no prior study';
    return `no ${view.slice(0, 1)} ${view.slice(1)} in ${isPrior ? 'the prior' : 'this'} study`;
  }

  #showIn(pane: Pane, image: StudyImage | null, reason = ''): void {
    this.#leaveImage(pane);
    void pane.show(image, image ? this.#left.get(image) : {}, reason);
  }

  #leaveImage({ image, frame, window, isInverted, laying }: Pane): void {
    if (image && laying) this.#left.set(image, { frame, window, isInverted });
  }

  /** Shows an image in the pane at hand, wherever it belongs. */
  showHere(image: StudyImage): void {
    if (this.active) this.#showIn(this.active, image);
  }

  /** Mammogram, synthesised view and tomosynthesis of one view, in place; what is looked at stays in the middle. */
  toggleKind(everywhere: boolean): void {
    const targets = everywhere ? this.panes : this.panes.filter((pane) => pane === this.active);
    for (const pane of targets) {
      const place = this.#places[this.panes.indexOf(pane)];
      if (!place) continue;
      const images = this.#imagesAt(place);
      if (images.length < 2) {
        if (!everywhere) this.say(`There is no other image of this view.`);
        continue;
      }
      const next = ((this.#variants.get(this.#key(place)) ?? 0) + 1) % images.length;
      this.#variants.set(this.#key(place), next);
      this.#showIn(pane, images[next] ?? null);
      if (!everywhere) this.say(images[next]?.title ?? '');
    }
    this.#changed();
  }

  /** Current and prior of the views that hang. */
  togglePrior(): void {
    if (!this.#study?.prior) {
      this.say('There is no prior study.');
      return;
    }
    this.isPrior = !this.isPrior;
    this.setLayout(this.layout === 'prior' ? 'four' : this.layout);
    this.say(this.isPrior ? 'Prior study' : 'Current study');
  }

  /** One scale for all panes, chest walls at their edges. */
  arrange(): void {
    const hung = this.panes.flatMap((pane) => (pane.laying ? [{ laying: pane.laying, pane: pane.size }] : []));
    const shared = sharedScale(hung);
    for (const pane of this.panes) if (pane.laying) pane.setCamera(hangingCamera(pane.laying, pane.size, shared));
    if (this.#magnifier.isOn) this.#magnifier.on(this.panes);
    this.#changed();
  }

  #setColumns(): void {
    const { clientWidth, clientHeight } = this.root;
    this.root.style.setProperty('--columns', `${columnsOf(this.layout, clientWidth, clientHeight)}`);
  }

  #resize(): void {
    if (this.panes.length === 0) return;
    this.#setColumns();
    renderingEngine().resize(true, false);
    for (const pane of this.panes) pane.resized();
    this.arrange();
  }

  /** Draws over all panes. */
  draw(): void {
    for (const pane of this.panes) this.#draw(pane);
  }

  #draw(pane: Pane): void {
    drawOver(pane, {
      marks: this.reading?.marks ?? [],
      heatMaps: this.heat.maps,
      opacity: this.heat.opacity,
      areMarksHidden: this.areMarksHidden,
      isAllShown: this.isAllShown,
      chosen: this.#chosen,
      measurements: this.measurements,
      cursor: this.active && this.cursor ? { pane: this.active, at: this.cursor } : null,
    });
  }

  setReadings(readings: readonly StudyReading[]): void {
    this.readings = readings;
    const before = this.reading;
    const reading = readings.find(({ model }) => model === before?.model) ?? readings[0] ?? null;
    if (reading !== null && reading.model === before?.model) {
      this.reading = reading;
      this.heat.follow(before, reading);
    } else this.choose(reading);
  }

  choose(reading: StudyReading | null): void {
    this.reading = reading;
    this.#chosen = null;
    this.heat.choose(null); // it covers what is to be seen first
  }

  nextHeat(): void {
    this.areMarksHidden = false;
    this.heat.next(this.reading?.heatMaps ?? []);
  }

  setTool(tool: Tool): void {
    this.tool = tool;
    this.root.dataset.tool = tool;
    if (tool === 'lens') this.#magnifier.on(this.panes);
    else this.#magnifier.off();
    this.#changed();
  }

  lookThroughLens(pane: Pane, at: MmPoint): void {
    this.#magnifier.look(pane, at);
  }

  hideMarks(areHidden = !this.areMarksHidden): void {
    this.areMarksHidden = areHidden;
    this.draw();
    this.say(areHidden ? 'Marks hidden' : 'Marks shown');
    this.#changed();
  }

  showAll(isAllShown = !this.isAllShown): void {
    this.isAllShown = isAllShown;
    this.areMarksHidden = false;
    this.draw();
    this.say(isAllShown ? 'Places below the cut-off shown' : 'Places below the cut-off not shown');
    this.#changed();
  }

  addMeasurement(line: Measurement): void {
    this.measurements = [...this.measurements, line];
    this.areMarksHidden = false;
    this.draw();
  }

  clearMeasurements(): void {
    this.measurements = [];
    this.draw();
  }

  invert(): void {
    const inverted = !this.active?.isInverted;
    for (const pane of this.panes) pane.setInverted(inverted);
    this.#changed();
  }

  resetWindow(): void {
    for (const pane of this.panes) if (pane.laying) pane.setWindow(pane.laying.window);
  }

  /** Nearer by a factor, in all panes where they are linked. */
  zoom(factor: number, at: readonly [number, number] | null = null): void {
    const { active } = this;
    if (!active?.laying) return;
    const { widthPx, heightPx } = active.size;
    active.setCamera(active.zoomed(factor, at ?? [widthPx / 2, heightPx / 2]));
    this.#follow(active);
  }

  /** One mm of breast as one mm of screen. */
  trueSize(): void {
    const { active } = this;
    if (!active?.laying) return;
    if (active.laying.columnMm === undefined) {
      this.say('The image has no scale: true size is unknown.');
      return;
    }
    active.setCamera({ ...active.camera, mmPerPx: mmOfCssPixel() });
    this.#follow(active);
    this.say('True size');
  }

  /** One pixel of the image as one of the display. */
  everyPixel(): void {
    const { active } = this;
    if (!active?.laying) return;
    active.setCamera({ ...active.camera, mmPerPx: (active.laying.columnMm ?? 1) * window.devicePixelRatio });
    this.#follow(active);
    this.say('One image pixel to one of the display');
  }

  pan(pane: Pane, dx: number, dy: number): void {
    const { xMm, yMm, mmPerPx } = pane.camera;
    pane.setCamera({ xMm: xMm - dx * mmPerPx, yMm: yMm - dy * mmPerPx, mmPerPx });
    this.#follow(pane);
  }

  /** Where views are linked, the others show what the one shows: mirrored for the other breast. */
  #follow(from: Pane): void {
    if (!this.areViewsLinked || !from.laying) return;
    const shared = sharedScale(
      this.panes.flatMap((pane) => (pane.laying ? [{ laying: pane.laying, pane: pane.size }] : [])),
    );
    const home = hangingCamera(from.laying, from.size, shared);
    const { mmPerPx } = from.camera;
    const dx = from.camera.xMm - home.xMm;
    const dy = from.camera.yMm - home.yMm;
    for (const pane of this.panes) {
      if (pane === from || !pane.laying || pane.laying.columnMm === undefined) continue;
      const own = hangingCamera(pane.laying, pane.size, shared);
      const mirrored = pane.laying.laterality === from.laying.laterality ? 1 : -1;
      pane.setCamera({ xMm: own.xMm + mirrored * dx, yMm: own.yMm + dy, mmPerPx });
    }
  }

  scroll(slices: number): void {
    this.active?.scrollTo(this.active.frame + slices);
  }

  changeSlab(): void {
    const { active } = this;
    if (!active || active.frames < 2) {
      this.say('Slabs are of tomosyntheses.');
      return;
    }
    active.setSlab(SLABS[(SLABS.indexOf(active.slab) + 1) % SLABS.length] ?? 1);
    this.say(active.slab === 1 ? 'Single slices' : `Slab of ${active.slab} slices`);
    this.#changed();
  }

  get isCine(): boolean {
    return this.#cine.isOn;
  }

  toggleCine(): void {
    if (this.isCine) {
      this.stopCine();
      return;
    }
    const { active } = this;
    if (!active || active.frames < 2) {
      this.say('Cine is of tomosyntheses.');
      return;
    }
    this.#cine.start(active);
    this.#changed();
  }

  stopCine(): void {
    this.#cine.stop();
    this.#changed();
  }

  /** Goes to the next finding: its view, its image, its slice. */
  nextFinding(step: 1 | -1): void {
    const hung = SCREENING_VIEWS.flatMap((view) => this.#imagesAt({ view, isPrior: false }));
    const others = this.#study?.current.others ?? [];
    const findings = findingOrder(
      this.reading?.marks ?? [],
      [...hung, ...others].map(({ facts }) => facts.instance),
    );
    if (findings.length === 0) {
      this.say('No findings above the cut-off.');
      return;
    }
    const now = findings.findIndex(({ id }) => id === this.#chosen);
    const index = now < 0 ? (step > 0 ? 0 : findings.length - 1) : (now + step + findings.length) % findings.length;
    const finding = findings[index] as Mark;
    this.goTo(finding);
    const where = this.active?.image?.title ?? '';
    const slice = finding.frame === null || (this.active?.frames ?? 1) < 2 ? '' : `, slice ${finding.frame + 1}`;
    this.say(
      `Finding ${index + 1} of ${findings.length}: ${finding.label} ${percent(finding.probability)}, ${where}${slice}`,
    );
  }

  /** Shows the place of a mark. */
  goTo({ id, instance, frame }: Mark): void {
    this.#chosen = id;
    this.areMarksHidden = false;
    this.showSlice(instance, frame);
  }

  /** Shows an image in its view, and a slice of it. */
  showSlice(instance: string, frame: number | null): void {
    for (const view of SCREENING_VIEWS) {
      const images = this.#imagesAt({ view, isPrior: false });
      const index = images.findIndex(({ facts }) => facts.instance === instance);
      const image = images[index];
      if (!image) continue;
      this.#left.set(image, { ...this.#left.get(image), frame: frame ?? 0 });
      this.#variants.set(this.#key({ view, isPrior: false }), index);
      const at = this.#places.findIndex((place) => place.view === view && !place.isPrior);
      const pane = this.panes[at];
      if (!pane) {
        this.isPrior = false;
        this.setLayout(this.layout === 'one' ? 'one' : 'four', view);
        return;
      }
      this.activate(pane);
      pane.root.focus({ preventScroll: true });
      if (pane.image === image) {
        if (frame !== null) pane.scrollTo(frame);
      } else this.#showIn(pane, image);
      this.draw();
      return;
    }
    const apart = this.#study?.current.others.find(({ facts }) => facts.instance === instance);
    if (apart) this.showHere(apart);
  }

  /** Tells those who do not see it. */
  say(sentence: string): void {
    fill(this.#live, sentence);
  }
}
