/** How large images hang and where: one scale for all, chest walls at the inner edges of the panes. */
import type { Laying } from '../images/laying.ts';

/** A pane in CSS pixels. */
export interface PaneSize {
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Where a viewport looks: the point in its middle, in mm from the top left corner of the hung image, and mm of a CSS pixel. */
export interface Camera {
  readonly xMm: number;
  readonly yMm: number;
  readonly mmPerPx: number;
}

/** A little air around the breast that decides the scale. */
const MARGIN = 1.02;
/** The bar of slices stands in the air beside the nipple. */
const BAR_PX = 20;

/** Box of the breast in mm; of an image without spacing pixels are taken for mm, which aligns it and measures nothing. */
export function breastMm({ boxPx: [x1, y1, x2, y2], columnMm = 1, rowMm = 1 }: Laying) {
  return { left: x1 * columnMm, top: y1 * rowMm, right: x2 * columnMm, bottom: y2 * rowMm };
}

/** Whether an image is to scale with others. */
const isScaled = ({ columnMm }: Laying): boolean => columnMm !== undefined;

/** mm of a CSS pixel at which the largest of the breasts fits its pane; the same for all, so that sizes can be compared. */
export function sharedScale(hung: readonly { readonly laying: Laying; readonly pane: PaneSize }[]): number {
  const scaled = hung.some(({ laying }) => isScaled(laying)) ? hung.filter(({ laying }) => isScaled(laying)) : hung;
  return Math.max(1e-6, ...scaled.map(({ laying, pane }) => fitScale(laying, pane)));
}

/** mm of a CSS pixel at which one breast fits. */
export function fitScale(laying: Laying, { widthPx, heightPx }: PaneSize): number {
  const { left, top, right, bottom } = breastMm(laying);
  return MARGIN * Math.max((right - left) / Math.max(1, widthPx - BAR_PX), (bottom - top) / Math.max(1, heightPx));
}

/**
 * The camera that puts the chest wall at its edge of the pane (right breasts right, left breasts left), the breast in the middle of the
 * height. An image that is not hung lies in the middle.
 */
export function hangingCamera(laying: Laying, { widthPx, heightPx }: PaneSize, shared: number): Camera {
  const { left, top, right, bottom } = breastMm(laying);
  const own = fitScale(laying, { widthPx, heightPx });
  const mmPerPx = isScaled(laying) ? shared : own;
  const half = (widthPx / 2) * mmPerPx;
  const yMm = (top + bottom) / 2;
  if (laying.unhung !== undefined || !laying.laterality) return { xMm: (left + right) / 2, yMm, mmPerPx };
  return { xMm: laying.laterality === 'R' ? right - half : left + half, yMm, mmPerPx };
}

/** How many image pixels may become one where a CSS pixel shows so many mm: a power of two, so that few sizes are kept. */
export function reductionFor(laying: Laying, mmPerPx: number, devicePixelRatio: number, most = 8): number {
  const shown = mmPerPx / devicePixelRatio / Math.min(laying.columnMm ?? 1, laying.rowMm ?? 1);
  let reduce = 1;
  while (reduce * 2 <= shown && reduce < most) reduce *= 2;
  return reduce;
}
