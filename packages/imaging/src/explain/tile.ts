import sharp from 'sharp';
import type { BinaryImage } from '../breast/binary-image.ts';
import { resampleSize } from '../geometry/resample.ts';
import type { BoxPx } from '../manifest-row.ts';
import type { Plane } from '../plane.ts';

/** A picture of a plane with what is to be seen on it. */
export interface Tile {
  readonly plane: Plane;
  readonly caption: string;
  /** Of the greys: below 1 dark parts are shown brighter; 0.45 unless given. */
  readonly gamma?: number;
  /** Outlined in red. */
  readonly outline?: BinaryImage;
  /** Drawn in yellow. */
  readonly boxPx?: BoxPx;
}

/** Dark parts are shown brighter than they are, so that skin and film can be told apart by eye. */
const SHOWN_GAMMA = 0.45;

const RED = [255, 40, 40] as const;
const YELLOW = [255, 220, 0] as const;

/** A tile as pixels, scaled to fit a square; its least and greatest value are black and white. */
export interface DrawnTile {
  readonly width: number;
  readonly height: number;
  readonly png: Buffer;
}

/** Draws a tile into at most sidePx x sidePx pixels. */
export async function drawTile(
  { plane, outline, boxPx, gamma = SHOWN_GAMMA }: Tile,
  sidePx: number,
): Promise<DrawnTile> {
  const scale = Math.min(1, sidePx / Math.max(plane.width, plane.height));
  const [width, height] = [Math.max(1, Math.round(plane.width * scale)), Math.max(1, Math.round(plane.height * scale))];
  const pixels = greyPixels(resampleSize(plane, width, height), gamma);
  if (outline) outlinePixels(pixels, outline, width, height);
  if (boxPx) boxPixels(pixels, boxPx, scale, width, height);
  const png = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
  return { width, height, png };
}

function greyPixels({ data }: Plane, gamma: number): Uint8Array {
  const low = data.reduce((least, value) => Math.min(least, value), Infinity);
  const high = data.reduce((most, value) => Math.max(most, value), -Infinity);
  const pixels = new Uint8Array(3 * data.length);
  for (let i = 0; i < data.length; i++) {
    const share = high > low ? ((data[i] as number) - low) / (high - low) : 0;
    pixels.fill(Math.round(255 * share ** gamma), 3 * i, 3 * i + 3);
  }
  return pixels;
}

function outlinePixels(pixels: Uint8Array, set: BinaryImage, width: number, height: number): void {
  const at = (x: number, y: number) => {
    const [column, row] = [Math.floor(((x + 0.5) * set.width) / width), Math.floor(((y + 0.5) * set.height) / height)];
    return set.data[row * set.width + column];
  };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const here = at(x, y);
      const isEdge = (x + 1 < width && at(x + 1, y) !== here) || (y + 1 < height && at(x, y + 1) !== here);
      if (isEdge) pixels.set(RED, 3 * (y * width + x));
    }
  }
}

function boxPixels(pixels: Uint8Array, box: BoxPx, scale: number, width: number, height: number): void {
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = box.map((edge, i) =>
    Math.min((i % 2 === 0 ? width : height) - 1, Math.max(0, Math.round(edge * scale))),
  );
  for (let x = x1; x <= x2; x++) for (const y of [y1, y2]) pixels.set(YELLOW, 3 * (y * width + x));
  for (let y = y1; y <= y2; y++) for (const x of [x1, x2]) pixels.set(YELLOW, 3 * (y * width + x));
}
