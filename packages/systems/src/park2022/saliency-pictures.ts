/** Pictures of saliency: a slice in grey, patches outlined on it, a map laid over it. All panels of a view have one size. */
import { type BoxPx, type Plane, resizeBilinear, windowPlane } from '@mammoscope/imaging';
import sharp from 'sharp';
import { jet } from '../classifier/colour-map.ts';

/** A part of the stored image as a panel. */
export interface PanelView {
  /** It may reach beyond the image. */
  readonly box: BoxPx;
  readonly width: number;
  readonly height: number;
}

/** The panel of a part of an image, so many pixels high. */
export function panelView(box: BoxPx, height: number): PanelView {
  const [x1, y1, x2, y2] = box;
  return { box, width: Math.max(1, Math.round((height * (x2 - x1)) / (y2 - y1))), height };
}

/** Stored values that are drawn black and white; the first is the larger where the file means large values to be dark. */
export type GreyRange = readonly [black: number, white: number];

/** Shares of the pixels that are drawn black and white. */
const CLIPPED = { dark: 0.01, bright: 0.002 } as const;

/** From the values of one slice, for all slices of a stack. */
export function greyRange({ data }: Plane, isInverted: boolean): GreyRange {
  const stride = Math.max(1, Math.floor(data.length / 200_000));
  const sample = Float32Array.from({ length: Math.ceil(data.length / stride) }, (_, i) => data[i * stride] as number);
  sample.sort();
  const at = (share: number) => sample[Math.min(sample.length - 1, Math.floor(share * sample.length))] as number;
  const [low, high] = isInverted
    ? [at(CLIPPED.bright), at(1 - CLIPPED.dark)]
    : [at(CLIPPED.dark), at(1 - CLIPPED.bright)];
  const top = high > low ? high : low + 1;
  return isInverted ? [top, low] : [low, top];
}

/** Grey values, [height, width], 8 bits. */
export async function greyPanel(plane: Plane, view: PanelView, [black, white]: GreyRange): Promise<Uint8Array> {
  const [x1, y1, x2, y2] = view.box.map(Math.round) as [number, number, number, number];
  const part = windowPlane(plane, x1, y1, Math.max(1, x2 - x1), Math.max(1, y2 - y1), black);
  const grey = new Uint8Array(part.data.length);
  for (let i = 0; i < grey.length; i++) {
    const share = ((part.data[i] as number) - black) / (white - black);
    grey[i] = Math.round(255 * Math.min(1, Math.max(0, share)));
  }
  const shrunk = await sharp(grey, { raw: { width: part.width, height: part.height, channels: 1 } })
    .resize(view.width, view.height, { fit: 'fill' })
    .toColourspace('b-w')
    .raw()
    .toBuffer();
  return new Uint8Array(shrunk);
}

/** Grey values as colours, [height, width, 3]. */
export function inColour(grey: Uint8Array): Uint8Array {
  const pixels = new Uint8Array(3 * grey.length);
  for (let i = 0; i < grey.length; i++) pixels.fill(grey[i] as number, 3 * i, 3 * i + 3);
  return pixels;
}

/** Share of the colour where a map is strongest. */
const STRONGEST = 0.6;

/** A map [rows, columns] that divides the view evenly, over it: blue to red up to `largest`, and nothing where it is 0. */
export function withMap(
  grey: Uint8Array,
  view: PanelView,
  {
    map,
    rows,
    columns,
    largest,
  }: { readonly map: Float32Array; readonly rows: number; readonly columns: number; readonly largest: number },
): Uint8Array {
  const pixels = inColour(grey);
  if (!(largest > 0)) return pixels;
  const strength = resizeBilinear(map, columns, rows, view.width, view.height);
  for (let at = 0; at < strength.length; at++) {
    const share = Math.min(1, Math.max(0, (strength[at] as number) / largest));
    if (share === 0) continue;
    const opacity = STRONGEST * share;
    const colour = jet(share);
    for (let c = 0; c < 3; c++)
      pixels[3 * at + c] = Math.round((pixels[3 * at + c] as number) * (1 - opacity) + (colour[c] as number) * opacity);
  }
  return pixels;
}

/** "Blue squares" of figure 6. */
const BLUE = [64, 160, 255] as const;

/** Outlines of boxes of the stored image; two pixels, so that they show on a small panel. */
export function withBoxes(pixels: Uint8Array, view: PanelView, boxes: readonly BoxPx[]): Uint8Array {
  const { width, height } = view;
  const [left, top, right, bottom] = view.box;
  const result = pixels.slice();
  const place = (value: number, from: number, to: number, extent: number) =>
    Math.min(extent - 1, Math.max(0, Math.round(((value - from) / (to - from)) * extent)));
  for (const box of boxes) {
    const [x1, x2] = [place(box[0], left, right, width), place(box[2], left, right, width)];
    const [y1, y2] = [place(box[1], top, bottom, height), place(box[3], top, bottom, height)];
    for (let y = y1; y <= y2; y++)
      for (let x = x1; x <= x2; x++)
        if (Math.min(y - y1, y2 - y, x - x1, x2 - x) < 2) result.set(BLUE, 3 * (y * width + x));
  }
  return result;
}

/** Panels of one size beside each other, [height, n * width, 3]. */
export function sideBySide(panels: readonly Uint8Array[], { width, height }: PanelView): Uint8Array {
  const row = 3 * width;
  const pixels = new Uint8Array(panels.length * row * height);
  for (const [i, panel] of panels.entries())
    for (let y = 0; y < height; y++) pixels.set(panel.subarray(y * row, (y + 1) * row), (y * panels.length + i) * row);
  return pixels;
}

/** A colour picture as PNG, or as JPEG where it is a long strip of slices. */
export async function encoded(
  pixels: Uint8Array,
  size: { readonly width: number; readonly height: number },
  format: 'png' | 'jpeg',
): Promise<Buffer> {
  const image = sharp(pixels, { raw: { ...size, channels: 3 } });
  return format === 'png' ? image.png({ compressionLevel: 9 }).toBuffer() : image.jpeg({ quality: 80 }).toBuffer();
}

/** A picture within a page. */
export const dataUri = (bytes: Buffer, format: 'png' | 'jpeg'): string =>
  `data:image/${format};base64,${bytes.toString('base64')}`;
