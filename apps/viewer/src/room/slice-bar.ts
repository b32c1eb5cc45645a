/** The bar beside a tomosynthesis: where the slice lies, which slices are in memory, and which have findings. */
import { drawn, element, fill } from '../dom.ts';

export class SliceBar {
  readonly root: HTMLElement;
  readonly #loaded = drawn('g', { class: 'loaded' });
  readonly #marks = drawn('g', { class: 'marks' });
  readonly #thumb = drawn('rect', { class: 'thumb', x: 0, width: 10 });
  #frames = 1;

  constructor(go: (frame: number) => void) {
    const bar = drawn('svg', { viewBox: '0 0 10 1000', preserveAspectRatio: 'none', 'aria-hidden': 'true' });
    bar.append(this.#loaded, this.#marks, this.#thumb);
    this.root = element('div', { class: 'slice-bar', role: 'slider', tabindex: 0, hidden: true }, bar);
    this.root.setAttribute('aria-orientation', 'vertical');
    const drag = (event: PointerEvent) => {
      const { top, height } = this.root.getBoundingClientRect();
      go(Math.floor(((event.clientY - top) / height) * this.#frames));
    };
    this.root.addEventListener('pointerdown', (event) => {
      event.stopPropagation();
      this.root.setPointerCapture(event.pointerId);
      drag(event);
    });
    this.root.addEventListener('pointermove', (event) => {
      if (this.root.hasPointerCapture(event.pointerId)) drag(event);
    });
  }

  hide(): void {
    this.root.hidden = true;
  }

  /** At which of the slices, and on which side of the pane: away from the chest wall. */
  show(frames: number, frame: number, side: 'left' | 'right'): void {
    this.#frames = frames;
    this.root.hidden = frames < 2;
    this.root.dataset.side = side;
    const height = Math.max(8, 1000 / frames);
    this.#thumb.setAttribute('y', `${(frame / frames) * 1000}`);
    this.#thumb.setAttribute('height', `${height}`);
    this.root.setAttribute('aria-label', 'slice');
    this.root.setAttribute('aria-valuemin', '1');
    this.root.setAttribute('aria-valuemax', `${frames}`);
    this.root.setAttribute('aria-valuenow', `${frame + 1}`);
    this.root.setAttribute('aria-valuetext', `slice ${frame + 1} of ${frames}`);
  }

  setLoaded(loaded: readonly boolean[]): void {
    const height = 1000 / loaded.length;
    fill(
      this.#loaded,
      ...loaded.flatMap((isLoaded, frame) =>
        isLoaded ? [drawn('rect', { x: 4, width: 2, y: frame * height, height: height + 1 })] : [],
      ),
    );
  }

  /** Slices with findings. */
  setMarks(frames: readonly number[]): void {
    fill(
      this.#marks,
      ...[...new Set(frames)].map((frame) =>
        drawn('rect', { x: 0, width: 10, y: ((frame + 0.5) / this.#frames) * 1000 - 5, height: 10 }),
      ),
    );
    this.root.dataset.marks = [...new Set(frames)].join(' ');
  }
}
