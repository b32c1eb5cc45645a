/** Slices that run through by themselves, there and back. */
import type { Pane } from './pane.ts';

/** Slices a second. */
const RATE = 15;

export class Cine {
  #timer = 0;

  get isOn(): boolean {
    return this.#timer !== 0;
  }

  start(pane: Pane): void {
    this.stop();
    let step = 1;
    this.#timer = self.setInterval(() => {
      if (pane.frame + step < 0 || pane.frame + step >= pane.frames) step = -step;
      pane.scrollTo(pane.frame + step);
    }, 1000 / RATE);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = 0;
  }
}
