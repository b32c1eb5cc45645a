/** Where lesions lie on an image, on a raster that is coarse enough for millions of pixels: what saliency is held against. */
import { openImage } from '@mammoscope/imaging';
import { SystemError } from '../errors.ts';
import type { Finding, ScoredImage, ScoredLesion } from './scored-cases.ts';

/** Every `step`-th pixel of a stored image along both axes. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly step: number;
}

/** Longest side of a raster: a pixel of a mammogram of 4096 rows is then 0.28 mm, a fifteenth of a cell of saliency or less. */
const LONGEST = 1024;

/** The raster of a stored image. */
export function rasterOf({ widthPx, heightPx }: Pick<ScoredImage, 'widthPx' | 'heightPx'>): Raster {
  const step = Math.max(1, Math.ceil(Math.max(widthPx, heightPx) / LONGEST));
  return { width: Math.ceil(widthPx / step), height: Math.ceil(heightPx / step), step };
}

/** Where the pixel of a raster lies on the stored image: the middle of what it stands for. */
export const centrePx = ({ step }: Raster, at: number): number => (at + 0.5) * step;

/**
 * 1 where a lesion of the label is, from its mask, or where there is none its box. Undefined where no lesion of the label is
 * visible: "DSC and PxAP are computed as an average over the images with visible biopsy-confirmed findings". SystemError
 * 'data-unusable' for a mask of another size than its image.
 */
export async function lesionMask(
  image: ScoredImage,
  finding: Finding,
  raster: Raster,
): Promise<Uint8Array | undefined> {
  const lesions = image.lesions.filter((lesion) => lesion.finding === finding && (lesion.mask ?? lesion.box));
  if (lesions.length === 0) return undefined;
  const mask = new Uint8Array(raster.width * raster.height);
  for (const lesion of lesions) await addLesion(mask, image, lesion, raster);
  return mask.includes(1) ? mask : undefined; // a lesion may lie between the pixels of a raster
}

async function addLesion(mask: Uint8Array, image: ScoredImage, lesion: ScoredLesion, raster: Raster): Promise<void> {
  const covers = lesion.mask === undefined ? boxCover(lesion) : await pictureCover(lesion.mask, image);
  for (let y = 0; y < raster.height; y++)
    for (let x = 0; x < raster.width; x++)
      if (covers(centrePx(raster, x), centrePx(raster, y))) mask[y * raster.width + x] = 1;
}

type Cover = (x: number, y: number) => boolean;

function boxCover({ box }: ScoredLesion): Cover {
  const [x1, y1, x2, y2] = box ?? [0, 0, 0, 0];
  return (x, y) => x >= x1 && x < x2 && y >= y1 && y < y2;
}

/** The pictures of a stack are projected, as the paper projects labels. */
async function pictureCover(path: string, { path: ofImage, widthPx, heightPx }: ScoredImage): Promise<Cover> {
  const stack = await openImage(path);
  try {
    if (stack.width !== widthPx || stack.height !== heightPx)
      throw new SystemError(
        'data-unusable',
        `the mask ${path} has ${stack.width} x ${stack.height} pixels and its image ${ofImage} ${widthPx} x ${heightPx}: draw it on the stored image`,
      );
    const marked = new Uint8Array(widthPx * heightPx);
    for (let slice = 0; slice < stack.depth; slice++) {
      const { data } = await stack.slice(slice);
      for (const [at, value] of data.entries()) if (value > 0) marked[at] = 1;
    }
    return (x, y) =>
      marked[Math.min(heightPx - 1, Math.floor(y)) * widthPx + Math.min(widthPx - 1, Math.floor(x))] === 1;
  } finally {
    await stack.close();
  }
}
