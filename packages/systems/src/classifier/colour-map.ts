/**
 * Grad-CAM over an image, red for strong and blue for weak evidence as in Kang 2021's figures 2 and 3.
 */
import { resizeBilinear } from '@mammoscope/imaging';
import sharp from 'sharp';

/** Share of the colour in an overlay where the map is strongest; weak evidence stays grey. */
const STRONGEST_OPACITY = 0.55;

/** Blue, cyan, yellow, red over [0, 1] (the "jet" ramp). */
export function jet(value: number): [number, number, number] {
  const ramp = (centre: number) => Math.round(255 * Math.min(Math.max(1.5 - Math.abs(4 * value - centre), 0), 1));
  return [ramp(3), ramp(2), ramp(1)];
}

/** A plane stretched to 8 bits, as a PNG of at least `minimumPx` a side. */
export async function greyPng(plane: Float32Array, sizePx: number, minimumPx = 160): Promise<Buffer> {
  return png(Buffer.from(stretch(plane).map((v) => Math.round(v * 255))), sizePx, 1, minimumPx);
}

/** A plane with a coarse map [rows, columns] over it, as a PNG. A map of zeros leaves the plane as it is. */
export async function overlayPng(
  plane: Float32Array,
  sizePx: number,
  map: Float32Array,
  rows: number,
  columns: number,
  minimumPx = 160,
): Promise<Buffer> {
  const grey = stretch(plane);
  const largest = map.reduce((a, b) => Math.max(a, b), 0);
  const strength = resizeBilinear(largest > 0 ? map.map((v) => v / largest) : map, columns, rows, sizePx, sizePx);
  const pixels = Buffer.alloc(sizePx * sizePx * 3);
  for (let i = 0; i < sizePx * sizePx; i++) {
    const value = Math.min(Math.max(strength[i] as number, 0), 1);
    const opacity = largest > 0 ? STRONGEST_OPACITY * (0.35 + 0.65 * value) : 0;
    const colour = jet(value);
    for (let c = 0; c < 3; c++)
      pixels[3 * i + c] = Math.round(255 * (grey[i] as number) * (1 - opacity) + (colour[c] as number) * opacity);
  }
  return png(pixels, sizePx, 3, minimumPx);
}

/** A PNG within a page. */
export const pngUri = (bytes: Buffer): string => `data:image/png;base64,${bytes.toString('base64')}`;

function stretch(plane: Float32Array): Float32Array {
  const [low, high] = plane.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)] as const, [
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ] as const);
  return plane.map((v) => (high > low ? (v - low) / (high - low) : 0));
}

async function png(pixels: Buffer, sizePx: number, channels: 1 | 3, minimumPx: number): Promise<Buffer> {
  const image = sharp(pixels, { raw: { width: sizePx, height: sizePx, channels } });
  const scaled =
    sizePx < minimumPx
      ? image.resize(Math.ceil(minimumPx / sizePx) * sizePx, null, { kernel: 'nearest' })
      : sizePx > 512
        ? image.resize(512)
        : image;
  return (channels === 1 ? scaled.toColourspace('b-w') : scaled).png({ compressionLevel: 9 }).toBuffer();
}
