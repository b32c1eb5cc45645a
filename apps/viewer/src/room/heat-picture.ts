/** Heat maps as pictures, turned as the image hangs. */
import { type Orientation, orientedSize } from '@mammoscope/imaging/browser';
import type { HeatMap } from '../findings/readings.ts';

/** From nothing over red and orange to white: hotter is lighter, so that it is told without colours, and cold leaves the image as it is. */
export function colourOf(value: number): readonly [number, number, number, number] {
  const v = Math.min(1, Math.max(0, value));
  return [255 * Math.min(1, 0.3 + 1.4 * v), 255 * Math.max(0, 1.5 * v - 0.4), 255 * Math.max(0, 3 * v - 2.1), 255 * v];
}

const pictures = new WeakMap<HeatMap, Map<string, string>>();

/** A heat map as the address of a PNG, transparent where it is cold. */
export function heatPicture(map: HeatMap, orientation: Orientation): string {
  const known = pictures.get(map) ?? new Map<string, string>();
  pictures.set(map, known);
  const key = JSON.stringify(orientation);
  const made = known.get(key) ?? draw(map, orientation);
  known.set(key, made);
  return made;
}

function draw({ columns, rows, values }: HeatMap, orientation: Orientation): string {
  const { width, height } = orientedSize({ width: columns, height: rows }, orientation);
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d');
  if (!context) return '';
  const picture = context.createImageData(width, height);
  const { transpose, flipHorizontal, flipVertical } = orientation;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const row = flipVertical ? height - 1 - y : y;
      const column = flipHorizontal ? width - 1 - x : x;
      const value = values[transpose ? column * columns + row : row * columns + column] ?? 0;
      picture.data.set(colourOf(value), (y * width + x) * 4);
    }
  context.putImageData(picture, 0, 0);
  return canvas.toDataURL();
}
