import type { BreastMask } from '../breast/breast-mask.ts';
import { ImagingError } from '../errors.ts';
import { type Plane, requirePlane } from '../plane.ts';
import { windowPlane } from './crop.ts';

/**
 * The windows of 3D-GMIC (Park et al. 2022, section on image augmentation), rows by columns: "FFDM images are cropped to the size of
 * 2866 x 1814 pixels, whereas synthetic 2D images and DBT images are cropped to the size of 2116 x 1339 pixels to capture the
 * equivalent field of view". The ratio is that of their detectors and slices, 3328 / 2457.
 */
export const GMIC_WINDOWS = {
  DM: { height: 2866, width: 1814 },
  DBT: { height: 2116, width: 1339 },
  SYNTHETIC2D: { height: 2116, width: 1339 },
} as const;

/** Where a window lies; it may reach beyond the image. */
export interface WindowPlace {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Where the window is put, after Wu et al. (2019), whose procedure the paper names: against the chest wall, and centred on
 * the row of the nipple, which is where the breast reaches farthest from it. Along the rows it is moved into the image as
 * far as it fits; an image smaller than the window lies in its middle.
 * @param mask with its chest wall on `chestWall`
 */
export function gmicWindow(
  mask: BreastMask,
  size: { readonly width: number; readonly height: number },
  chestWall: 'left' | 'right',
): WindowPlace {
  const { width, height } = size;
  const nipple = farthestRow(mask, chestWall);
  const room = mask.height - height;
  const y = room < 0 ? Math.floor(room / 2) : Math.min(room, Math.max(0, Math.round(nipple - height / 2)));
  return { x: chestWall === 'left' ? 0 : mask.width - width, y, width, height };
}

/** The plane in a window, zeros outside. Throws option-invalid where the mask is of another image. */
export function cropToWindow(
  plane: Plane,
  mask: BreastMask,
  size: { readonly width: number; readonly height: number },
  chestWall: 'left' | 'right',
): Plane {
  requirePlane(plane, 'cropToWindow');
  if (plane.width !== mask.width || plane.height !== mask.height) {
    throw new ImagingError(
      'option-invalid',
      `a window needs the mask of its own image, got ${mask.width} x ${mask.height} for ${plane.width} x ${plane.height}`,
    );
  }
  const { x, y, width, height } = gmicWindow(mask, size, chestWall);
  return windowPlane(plane, x, y, width, height);
}

/** The middle of the rows in which the breast reaches farthest from the chest wall. */
function farthestRow({ width, data, boxPx: [x1, y1, x2, y2] }: BreastMask, chestWall: 'left' | 'right'): number {
  const column = chestWall === 'left' ? x2 - 1 : x1;
  const rows: number[] = [];
  for (let y = y1; y < y2; y++) if (data[y * width + column]) rows.push(y);
  return rows[Math.floor(rows.length / 2)] ?? (y1 + y2) / 2;
}
