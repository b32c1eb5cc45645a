/** The lens: the image around a point, twice as large and with all its pixels, in the pane at hand and at the same place of the others. */
import type { Types } from '@cornerstonejs/core';
import { element } from '../dom.ts';
import { PRIORITY } from '../images/image-pool.ts';
import type { MmPoint, Pane } from './pane.ts';
import { loadFrame } from './viewport-images.ts';

/** Of the lens, in CSS pixels: a share of the pane's width. */
const SHARE = 0.3;
const [LEAST_PX, MOST_PX] = [240, 480];
/** How much larger than in the pane; no image pixel is smaller than one of CSS. */
const ENLARGED = 2;

class Lens {
  readonly #canvas = element('canvas', { class: 'lens', 'aria-hidden': 'true' });
  readonly #pane: Pane;
  #key = '';
  #frame: Types.IImage | null = null;

  constructor(pane: Pane) {
    this.#pane = pane;
    pane.root.append(this.#canvas);
  }

  remove(): void {
    this.#canvas.remove();
  }

  /** Looks at a point; the whole frame is read when it is not in memory. */
  async look(at: MmPoint): Promise<void> {
    const { image, frame, slab, laying } = this.#pane;
    if (!image || !laying) return;
    const key = `${image.source.key} ${frame} ${slab}`;
    if (key !== this.#key) {
      this.#key = key;
      this.#frame = null;
      const whole = await loadFrame({ image, frame, reduce: 1, slab }, PRIORITY.seen).catch(() => null);
      if (key !== this.#key) return;
      this.#frame = whole;
    }
    if (this.#frame) this.#draw(this.#frame, at);
  }

  #draw({ width, height, getPixelData }: Types.IImage, at: MmPoint): void {
    const { columnMm = 1, rowMm = 1 } = this.#pane.laying ?? {};
    const values = getPixelData();
    const lensPx = Math.min(MOST_PX, Math.max(LEAST_PX, SHARE * this.#pane.size.widthPx));
    const enlarged = Math.max(1, (ENLARGED * columnMm) / this.#pane.camera.mmPerPx);
    const side = Math.round(lensPx / enlarged);
    Object.assign(this.#canvas, { width: side, height: side });
    Object.assign(this.#canvas.style, { width: `${lensPx}px`, height: `${lensPx}px` });
    const [left, top] = [Math.round(at[0] / columnMm - side / 2), Math.round(at[1] / rowMm - side / 2)];
    const context = this.#canvas.getContext('2d');
    if (!context) return;
    const picture = context.createImageData(side, side);
    const { low, high } = this.#pane.window;
    for (let y = 0, to = 0; y < side; y++)
      for (let x = 0; x < side; x++, to += 4) {
        const [column, row] = [left + x, top + y];
        const inside = column >= 0 && row >= 0 && column < width && row < height;
        const value = inside ? values[row * width + column] : low;
        const level = Math.min(255, Math.max(0, ((value - low) / (high - low)) * 255));
        picture.data.fill(inside && this.#pane.isInverted ? 255 - level : level, to, to + 3);
        picture.data[to + 3] = 255;
      }
    context.putImageData(picture, 0, 0);
    const [x, y] = this.#pane.pointOf(at);
    this.#canvas.style.translate = `${x - lensPx / 2}px ${y - lensPx / 2}px`;
    this.#canvas.dataset.at = `${Math.round(at[0])} ${Math.round(at[1])}`;
  }
}

/** The lenses of all panes. */
export class Magnifier {
  #lenses: readonly (readonly [Pane, Lens])[] = [];

  get isOn(): boolean {
    return this.#lenses.length > 0;
  }

  on(panes: readonly Pane[]): void {
    this.off();
    this.#lenses = panes.filter(({ laying }) => laying).map((pane) => [pane, new Lens(pane)] as const);
  }

  off(): void {
    for (const [, lens] of this.#lenses) lens.remove();
    this.#lenses = [];
  }

  /** At a point of one pane, and where it is in the others: as far from the chest wall and from the middle of the breast. */
  look(from: Pane, at: MmPoint): void {
    for (const [pane, lens] of this.#lenses) void lens.look(samePlace(from, at, pane));
  }
}

/** The point of another pane's breast that a point of one corresponds to: distances from the chest wall and from the middle of the height. */
export function samePlace(from: Pane, at: MmPoint, to: Pane): MmPoint {
  const here = wallOf(from);
  const there = wallOf(to);
  if (from === to || !here || !there) return at;
  return [there.xMm + there.inwards * here.inwards * (at[0] - here.xMm), there.yMm + at[1] - here.yMm];
}

function wallOf({ laying }: Pane) {
  if (!laying) return null;
  const { boxPx, columnMm = 1, rowMm = 1, laterality } = laying;
  const isRight = laterality === 'R';
  const yMm = ((boxPx[1] + boxPx[3]) / 2) * rowMm;
  return { xMm: boxPx[isRight ? 2 : 0] * columnMm, yMm, inwards: isRight ? -1 : 1 };
}
