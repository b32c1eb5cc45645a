/** A study in the reading room: toolbar, panes, and what models say. */
import { button, element, fill } from '../dom.ts';
import type { HeatMap, StudyReading } from '../findings/readings.ts';
import { hang, LAYOUT_NAMES, type LayoutName } from '../hanging/slots.ts';
import { PRIORITY } from '../images/image-pool.ts';
import type { StudyImage } from '../images/study-image.ts';
import { type JudgedPlace, judgeImage, judgePlace, localReading, occlusionMap } from '../model/judge.ts';
import type { ModelRunner } from '../model/model-runner.ts';
import { Redrawn } from '../redrawn.ts';
import { obeyKey, showKeys } from '../room/keys.ts';
import { handlePointer } from '../room/pointer.ts';
import { Room, TOOLS, type Tool } from '../room/room.ts';
import { measureScreen } from '../room/screen-size.ts';
import type { OpenStudy } from '../studies/study-entry.ts';
import { findingsPanel } from './findings-panel.ts';

/** What a study's page needs of the rest. */
export interface StudyPageContext {
  readonly tools: HTMLElement;
  readonly live: HTMLElement;
  /** The model of this page; null without one. */
  readonly runner: () => ModelRunner | null;
  readonly modelFault: () => string | null;
  readonly openModel: () => void;
  /** Readings that this page made. */
  readonly keepReadings: (readings: readonly StudyReading[]) => void;
  /** Instance to look at first. */
  readonly first: string | null;
}

export class StudyPage {
  readonly root: HTMLElement;
  readonly #room: Room;
  readonly #panel = element('aside', { class: 'panel', 'aria-label': 'Findings', tabindex: -1 });
  readonly #context: StudyPageContext;
  #study: OpenStudy;
  #judged: readonly JudgedPlace[] = [];
  #heatMaps: readonly HeatMap[] = [];
  #modelState = '';
  readonly #drawn: readonly Redrawn[];
  readonly #lookedAt = new Set<StudyImage>();

  constructor(study: OpenStudy, context: StudyPageContext) {
    this.#study = study;
    this.#context = context;
    this.#room = new Room(context.live, () => this.redraw());
    this.root = element('div', { class: 'reading-room' }, this.#room.root, this.#panel);
    this.#drawn = [
      new Redrawn(context.tools, () => this.#drawTools()),
      new Redrawn(this.#panel, () => this.#drawPanel()),
    ];
    handlePointer(this.#room);
    this.#room.root.addEventListener('dblclick', (event) => {
      const pane = this.#room.paneAt(event);
      if (!pane?.laying || !context.runner()?.info.placePx) return;
      const { left, top } = pane.root.getBoundingClientRect();
      void this.#judgeAt(pane.mmAt([event.clientX - left, event.clientY - top]));
    });
  }

  /** Hangs the study; the page must be in the document, since panes have the size that they are given. */
  begin(): void {
    const room = this.#room;
    room.hang(this.#hung());
    room.setReadings(this.#study.readings);
    this.#complete();
    const { first } = this.#context;
    if (first !== null) this.#goToInstance(first);
    this.#lookAtUnnamed();
  }

  /** What the tags do not say the pixels may. */
  #lookAtUnnamed(): void {
    for (const image of [...this.#study.images, ...this.#study.priorImages]) {
      if ((image.laterality && image.view) || this.#lookedAt.has(image)) continue;
      this.#lookedAt.add(image);
      image.look(PRIORITY.next).then(
        () => this.#room.rehang(this.#hung()),
        () => undefined, // said when the image is looked at
      );
    }
  }

  end(): void {
    for (const part of this.#drawn) part.end();
    this.#room.leave();
    fill(this.#context.tools);
  }

  /** The study has more images, or was read. */
  update(study: OpenStudy): void {
    // what was shown stays until what comes after is there
    const { priorImages, priorDate, readings } = this.#study;
    this.#study = study.whole ? { ...study, priorImages, priorDate, readings } : study;
    this.#room.rehang(this.#hung());
    this.#room.setReadings(this.#allReadings());
    this.#complete();
    this.#lookAtUnnamed();
  }

  /** Prior and readings come when they are fetched; what was shown before stays until then. */
  #complete(): void {
    const study = this.#study;
    study.whole?.then(
      (whole) => study === this.#study && this.update(whole),
      (error: Error) => study === this.#study && this.update({ ...study, whole: null, faults: [error.message] }),
    );
  }

  key(event: KeyboardEvent): void {
    if (obeyKey(event, this.#room, { judge: () => void this.#judge() })) event.preventDefault();
  }

  #hung() {
    const { images, priorImages } = this.#study;
    return { current: hang(images), prior: priorImages.length > 0 ? hang(priorImages) : null };
  }

  #goToInstance(instance: string): void {
    const image = this.#study.images.find(({ facts }) => facts.instance === instance);
    const mark = this.#study.readings[0]?.marks.find((each) => each.instance === instance && each.isShown);
    if (mark) this.#room.goTo(mark);
    else if (image)
      this.#room.showSlice(instance, image.facts.frames > 1 ? Math.floor((image.facts.frames - 1) / 2) : null);
  }

  /** Draws toolbar and panel anew, once a frame. */
  redraw(): void {
    for (const part of this.#drawn) part.ask();
  }

  #drawTools(): void {
    const room = this.#room;
    const pressed = (is: boolean) => ({ 'aria-pressed': is ? 'true' : 'false' });
    const layouts = (Object.keys(LAYOUT_NAMES) as LayoutName[]).map((name, index) =>
      button(LAYOUT_NAMES[name], () => room.setLayout(name), {
        ...pressed(room.layout === name),
        title: `Layout, key ${index + 1}`,
      }),
    );
    const tools = (Object.keys(TOOLS) as Tool[]).map((tool) =>
      button(TOOLS[tool], () => room.setTool(tool), pressed(room.tool === tool)),
    );
    const group = (label: string, ...children: readonly HTMLElement[]) =>
      element('div', { class: 'group', role: 'group', 'aria-label': label }, ...children);
    fill(
      this.#context.tools,
      group('Layout', ...layouts),
      group('Tool', ...tools),
      group(
        'View',
        button('DM / DBT', () => room.toggleKind(false), { title: 'D' }),
        button(room.isCine ? 'Stop' : 'Cine', () => room.toggleCine(), { title: 'Space', ...pressed(room.isCine) }),
        button('Invert', () => room.invert(), { title: 'I', ...pressed(room.active?.isInverted ?? false) }),
        button('Fit', () => room.arrange(), { title: '0' }),
        button('True size', () => room.trueSize(), { title: 'T' }),
        button('Screen …', () => measureScreen(() => room.trueSize())),
        button('Keys ?', showKeys),
      ),
    );
  }

  #drawPanel(): void {
    const runner = this.#context.runner();
    const model = runner && {
      name: runner.name,
      state: this.#modelState || `${runner.info.system || 'a model'} on ${runner.device}`,
      placePx: runner.info.placePx,
    };
    const { openModel } = this.#context;
    findingsPanel(this.#panel, this.#room, this.#study, {
      openModel,
      model,
      modelFault: this.#context.modelFault(),
      judge: () => void this.#judge(),
      explain: () => void this.#explain(),
    });
  }

  #allReadings(): readonly StudyReading[] {
    const runner = this.#context.runner();
    const own = runner && this.#judged.length > 0 ? [localReading(runner, this.#judged, this.#heatMaps)] : [];
    return [...own, ...this.#study.readings.filter(({ model }) => model !== runner?.name)];
  }

  #keep(): void {
    const readings = this.#allReadings();
    this.#context.keepReadings(readings);
    this.#room.setReadings(readings);
    const [own] = readings;
    if (own && own.model !== this.#room.reading?.model) this.#room.choose(own);
  }

  /** Says what the model does while it does it, and what went wrong. */
  async #working(what: string, work: () => Promise<void>): Promise<void> {
    this.#modelState = what;
    this.redraw();
    try {
      await work();
      this.#modelState = '';
      this.#keep();
    } catch (error) {
      this.#modelState = `failed: ${error instanceof Error ? error.message : String(error)}`;
      this.#room.say(this.#modelState);
    }
    this.redraw();
  }

  async #judge(): Promise<void> {
    const runner = this.#context.runner();
    const { active } = this.#room;
    if (!runner) {
      this.#room.say('No model is open in this page.');
      return;
    }
    if (runner.info.placePx !== null) {
      if (active) await this.#judgeAt(this.#room.cursor ?? [active.camera.xMm, active.camera.yMm]);
      return;
    }
    await this.#working('judging …', async () => {
      for (const image of this.#study.images.filter(
        ({ kind, isRaw }) => (kind === 'DM' || kind === 'SYNTHETIC2D') && !isRaw,
      ))
        this.#add(await judgeImage(runner, image));
    });
  }

  async #judgeAt(at: readonly [number, number]): Promise<void> {
    const runner = this.#context.runner();
    const pane = this.#room.active;
    const { image, frame } = pane ?? {};
    if (!runner || !pane || !image || frame === undefined) return;
    await this.#working('judging …', async () => {
      this.#add(await judgePlace(runner, { image, frame, centrePx: pane.storedAt(at) }));
    });
  }

  #add(place: JudgedPlace): void {
    this.#judged = [...this.#judged.filter(({ mark }) => mark.id !== place.mark.id), place];
  }

  async #explain(): Promise<void> {
    const runner = this.#context.runner();
    if (!runner || this.#judged.length === 0) {
      this.#room.say('Judge a place first.');
      return;
    }
    await this.#working('covering parts …', async () => {
      const maps: HeatMap[] = [];
      for (const place of this.#judged) maps.push(await occlusionMap(runner, place));
      this.#heatMaps = maps;
    });
  }
}
