/** A part of the page that is drawn anew while a hand is on it: what is pressed, dragged, focused or unfolded there stays so. */

const HELD = ['button', 'select', 'input', 'summary'].join(', ');
/** A list that is unfolded is folded when it is replaced; browsers that cannot tell fold it. */
const UNFOLDED = CSS.supports('selector(select:open)') ? 'select:open' : null;

type Hand = 'pointer' | 'key';

export class Redrawn {
  readonly #root: HTMLElement;
  readonly #draw: () => void;
  readonly #ended = new AbortController();
  #isAsked = false;
  readonly #held = new Map<Hand, number>();
  #presses = 0;

  /** `draw` fills the root with new elements; a `details` keeps its class, a control its text or label. */
  constructor(root: HTMLElement, draw: () => void) {
    this.#root = root;
    this.#draw = draw;
    const { signal } = this.#ended;
    root.addEventListener('pointerdown', () => this.#press('pointer'), { signal });
    root.addEventListener('keydown', ({ key }) => key === ' ' && this.#press('key'), { signal });
    for (const type of ['pointerup', 'pointercancel', 'blur'])
      addEventListener(type, () => this.#release('pointer'), { signal });
    for (const type of ['keyup', 'blur']) addEventListener(type, () => this.#release('key'), { signal });
  }

  /** Draws anew in the next frame, or when the hand is off it. */
  ask(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    requestAnimationFrame(() => this.#redraw());
  }

  /** Draws no more. */
  end(): void {
    this.#ended.abort();
  }

  #press(by: Hand): void {
    this.#held.set(by, ++this.#presses);
  }

  /** A click comes after the release; a press that comes before it is another. */
  #release(by: Hand): void {
    const press = this.#held.get(by);
    setTimeout(() => {
      if (this.#held.get(by) === press) this.#held.delete(by);
    });
  }

  #redraw(): void {
    if (this.#ended.signal.aborted) return;
    if (this.#held.size > 0 || (UNFOLDED && this.#root.querySelector(UNFOLDED))) {
      requestAnimationFrame(() => this.#redraw());
      return;
    }
    this.#isAsked = false;
    const controls = this.#controls();
    const at = controls.findIndex((control) => control.matches(':focus'));
    const open = this.#details().map((details) => [details.className, details.open] as const);
    this.#draw();
    for (const [i, details] of this.#details().entries())
      if (open[i]?.[0] === details.className) details.open = open[i][1] || details.open;
    const [focused, renewed] = [controls[at], this.#controls()];
    // a control that was renamed by its use is where it was
    const kept = focused && (renewed.find((each) => nameOf(each) === nameOf(focused)) ?? renewed[at]);
    if (kept?.tagName === focused?.tagName) kept?.focus({ preventScroll: true });
  }

  #controls(): HTMLElement[] {
    return [...this.#root.querySelectorAll<HTMLElement>(HELD)];
  }

  #details(): HTMLDetailsElement[] {
    return [...this.#root.querySelectorAll('details')];
  }
}

const nameOf = (control: HTMLElement): string => control.getAttribute('aria-label') ?? control.textContent;
