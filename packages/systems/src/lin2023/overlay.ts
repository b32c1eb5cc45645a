import { type BoxPx, boxOnSeen, resampleSize } from '@mammoscope/imaging';
import sharp from 'sharp';
import type { Detected } from '../detection/detections.ts';
import { boxTimes, type SeenFilm } from './films.ts';
import { className, type LesionClass } from './recipe.ts';

/** "The green boxes represent benign lesions", "the red boxes represent malignant calcification" (figure 3). */
const COLOURS: Readonly<Record<LesionClass, string>> = { benign: '#2fd04f', malignant: '#ff3b30' };

/** The longer side of a picture: at least so much that labels can be read on small films. */
const LONGER_SIDE_PX = { least: 640, most: 2048 } as const;

/** A film as the networks see it with boxes of the stored image over it, each with its class and probability, as PNG. */
export async function overlayPng(
  film: SeenFilm,
  boxes: readonly Detected[],
  { least, most }: { readonly least: number; readonly most: number } = LONGER_SIDE_PX,
): Promise<Buffer> {
  const { plane, range } = film;
  const longer = Math.max(plane.width, plane.height);
  const scale = Math.min(most, Math.max(least, longer)) / longer;
  const [width, height] = [plane.width, plane.height].map((side) => Math.max(1, Math.round(side * scale))) as [
    number,
    number,
  ];
  const { data } = scale < 1 ? resampleSize(plane, width, height) : plane;
  const span = range[1] - range[0] || 1;
  const grey = Buffer.from(Uint8Array.from(data, (value) => Math.round((255 * (value - range[0])) / span)));
  const size = scale < 1 ? { width, height } : { width: plane.width, height: plane.height };
  return sharp(grey, { raw: { ...size, channels: 1 } })
    .resize(width, height, { kernel: 'cubic' })
    .toColourspace('srgb')
    .composite([{ input: Buffer.from(marksSvg(film, boxes, scale, width, height)), left: 0, top: 0 }])
    .png()
    .toBuffer();
}

/** A box of the stored image where the networks see it; it may reach beyond. */
export function boxOnPlane(box: BoxPx, { cropPx, placement, plane, scale = [1, 1] }: SeenFilm): BoxPx {
  const [x1, y1, x2, y2] = boxOnSeen(box, { ...plane, ...(placement ? { placement } : {}), decisions: [] });
  return boxTimes([x1 - cropPx[0], y1 - cropPx[1], x2 - cropPx[0], y2 - cropPx[1]], scale);
}

function marksSvg(film: SeenFilm, boxes: readonly Detected[], scale: number, width: number, height: number): string {
  const line = Math.max(2, Math.round(Math.max(width, height) / 400));
  const text = 8 * line;
  const marks = boxes.map(({ box, class: index, score }) => {
    const [x1, y1, x2, y2] = boxOnPlane(box, film).map((side) => side * scale) as [number, number, number, number];
    const name = className(index);
    const paint = COLOURS[name];
    const below = y1 < 2 * text;
    const right = x1 > 0.7 * width;
    const place = `x="${right ? x2 : x1}" y="${below ? y2 + text : y1 - line}" text-anchor="${right ? 'end' : 'start'}"`;
    return `<rect x="${x1}" y="${y1}" width="${x2 - x1}" height="${y2 - y1}" fill="none" stroke="${paint}" stroke-width="${line}"/><text ${place} font-family="sans-serif" font-size="${text}" fill="${paint}" stroke="#000000" stroke-width="3" paint-order="stroke">${name} ${score.toFixed(2)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${marks.join('')}</svg>`;
}
