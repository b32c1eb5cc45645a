import { formatCount } from '../format.ts';
import { MAIN_STYLE, type SeriesStyle, seriesStyle } from './theme.ts';

const SIDE = 318;
const LEFT = 50;
/** Room below a plot area for the labels and the title of its axis. */
export const AXIS_ROOM = 40;

/** A square plot area of two fractions with room for both axes, and the place of a legend below. */
export const SQUARE = {
  panel: { width: SIDE, height: SIDE },
  left: LEFT,
  top: 8,
  bottom: AXIS_ROOM + 2,
  /** Within the panel. */
  legendLeft: 12 - LEFT,
  legendTop: SIDE + AXIS_ROOM + 4,
} as const;

/** ' (163 negative)' for the title of an axis. */
export function counts(cases: number | undefined, kind: string): string {
  return cases === undefined ? '' : ` (${formatCount(cases)} ${kind})`;
}

/** Items with the styles of their series; ensembles in ink. */
export function styled<T extends { readonly role?: 'member' | 'ensemble' | 'single' }>(items: readonly T[]) {
  let index = 0;
  return items.map((item) => ({ item, style: item.role === 'ensemble' ? MAIN_STYLE : seriesStyle(index++) }));
}

/** In the order of drawing: what is drawn in ink lies on top. */
export function mainLast<T extends { readonly style: SeriesStyle }>(series: readonly T[]): T[] {
  return [...series].sort((a, b) => Number(a.style === MAIN_STYLE) - Number(b.style === MAIN_STYLE));
}
