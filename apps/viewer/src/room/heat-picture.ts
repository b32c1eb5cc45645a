/** Heat maps as pictures, turned as the image hangs. */
import { type Orientation, orientPlane, resizeBilinear } from '@mammoscope/imaging/browser';
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

/** Maps are as coarse as a network's last layer: they are drawn with so many pixels along the longer side, smooth as the pictures of `predict` are. */
const LONGER_SIDE_PX = 96;

/** A map as colours, turned as the image hangs: [height * width * 4]. */
export function heatPixels(
  { columns, rows, values }: Pick<HeatMap, 'columns' | 'rows' | 'values'>,
  orientation: Orientation,
) {
  const times = Math.max(1, Math.ceil(LONGER_SIDE_PX / Math.max(columns, rows)));
  const data = Float32Array.from(resizeBilinear(values, columns, rows, columns * times, rows * times));
  const turned = orientPlane({ width: columns * times, height: rows * times, data }, orientation);
  const { width, height } = turned;
  const pixels = new Uint8ClampedArray(4 * width * height);
  for (const [i, value] of turned.data.entries()) pixels.set(colourOf(value), 4 * i);
  return { width, height, pixels };
}

function draw(map: HeatMap, orientation: Orientation): string {
  const { width, height, pixels } = heatPixels(map, orientation);
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  canvas.getContext('2d')?.putImageData(new ImageData(pixels, width, height), 0, 0);
  return canvas.toDataURL();
}
