/** How windows are varied in training and testing (section V-D3): moved and resized at random, all slices of an image alike. */
import type { WindowPlace } from '@mammoscope/imaging';
import type { RandomStream } from '@mammoscope/random';
import type { Recipe } from './recipe.ts';

/** How a window is varied: where it goes, and by how many rows it grows. */
export interface WindowDraw {
  readonly rightPx: number;
  readonly downPx: number;
  readonly growPx: number;
}

/** A window, varied. */
export function varied(window: WindowPlace, { rightPx, downPx, growPx }: WindowDraw): WindowPlace {
  const height = window.height + growPx;
  const width = Math.round((window.width * height) / window.height);
  const x = window.x + rightPx - Math.round((width - window.width) / 2);
  const y = window.y + downPx - Math.round((height - window.height) / 2);
  return { x, y, width, height };
}

/** The window as it is. */
export const STILL: WindowDraw = { rightPx: 0, downPx: 0, growPx: 0 };

/** "random shifting and resizing ... for a maximum of 100 pixels in any direction", whole pixels. */
export function drawWindow(
  { shiftPx, resizePx }: Pick<Recipe, 'shiftPx' | 'resizePx'>,
  random: RandomStream,
): WindowDraw {
  return {
    rightPx: random.integer(-shiftPx, shiftPx),
    downPx: random.integer(-shiftPx, shiftPx),
    growPx: random.integer(-resizePx, resizePx),
  };
}
