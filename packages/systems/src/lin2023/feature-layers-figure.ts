/** Figure 3e as a picture: a film with its boxes, with those found, and the five layers beside it. */
import { type BoxPx, type Plane, resizeBilinear } from '@mammoscope/imaging';
import sharp from 'sharp';
import { jet } from '../classifier/colour-map.ts';
import type { LayerSum } from './feature-layers.ts';
import type { LesionClass } from './recipe.ts';

type Colour = readonly [number, number, number];

/** "The green boxes represent benign lesions", "The red boxes represent malignant calcification". */
const COLOURS: Readonly<Record<LesionClass, Colour>> = { benign: [0, 220, 60], malignant: [255, 40, 40] };
const GAP_PX = 4;
const WHITE = 255;

/** A box to be drawn, in pixels of the film. */
export interface DrawnBox {
  readonly box: BoxPx;
  readonly label: LesionClass;
}

/** What the figure shows. */
export interface FeatureFigure {
  /** Grey values in [0, 1]. */
  readonly film: Plane;
  readonly truth: readonly DrawnBox[];
  /** None for a network that draws no boxes: its panel is left out. */
  readonly found?: readonly DrawnBox[];
  /** Of the same view as the film, at any size. */
  readonly layers: readonly LayerSum[];
}

/** Panels side by side on white, as PNG; each layer is spread over its own range from blue to red. */
export async function featureFigurePng({ film, truth, found, layers }: FeatureFigure): Promise<Buffer> {
  const { width, height } = film;
  const grey = Uint8Array.from({ length: width * height * 3 }, (_, i) =>
    Math.round(WHITE * Math.min(1, Math.max(0, film.data[Math.floor(i / 3)] as number))),
  );
  const panels = [
    boxed(grey, film, truth),
    ...(found ? [boxed(grey, film, found)] : []),
    ...layers.map((layer) => coloured(layer, film)),
  ];
  const total = panels.length * width + (panels.length - 1) * GAP_PX;
  const pixels = Buffer.alloc(total * height * 3, WHITE);
  for (const [i, panel] of panels.entries())
    for (let y = 0; y < height; y++)
      pixels.set(panel.subarray(y * width * 3, (y + 1) * width * 3), (y * total + i * (width + GAP_PX)) * 3);
  return sharp(pixels, { raw: { width: total, height, channels: 3 } })
    .png({ compressionLevel: 9 })
    .toBuffer();
}

/** The film with outlines of one pixel around the boxes. */
function boxed(grey: Uint8Array, { width, height }: Plane, boxes: readonly DrawnBox[]): Uint8Array {
  const panel = grey.slice();
  for (const { box, label } of boxes) {
    const [x1, y1] = [Math.max(0, Math.floor(box[0]) - 1), Math.max(0, Math.floor(box[1]) - 1)];
    const [x2, y2] = [Math.min(width - 1, Math.ceil(box[2])), Math.min(height - 1, Math.ceil(box[3]))];
    for (let y = y1; y <= y2; y++)
      for (let x = x1; x <= x2; x += y === y1 || y === y2 ? 1 : Math.max(1, x2 - x1))
        panel.set(COLOURS[label], (y * width + x) * 3);
  }
  return panel;
}

/** A layer enlarged to the film. */
function coloured({ data, width, height }: LayerSum, film: Plane): Uint8Array {
  const enlarged = resizeBilinear(data, width, height, film.width, film.height);
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of enlarged) [low, high] = [Math.min(low, value), Math.max(high, value)];
  const scale = high > low ? 1 / (high - low) : 0;
  const panel = new Uint8Array(enlarged.length * 3);
  for (const [i, value] of enlarged.entries()) panel.set(jet((value - low) * scale), 3 * i);
  return panel;
}
