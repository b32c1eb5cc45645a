import { ImagingError } from '../errors.ts';
import type { BoxPx } from '../manifest-row.ts';
import { type Plane, requirePlane } from '../plane.ts';

/** The part of a plane inside a box of whole pixels that lies in it; a copy. Throws option-invalid. */
export function cropPlane(plane: Plane, box: BoxPx): Plane {
  requirePlane(plane, 'cropPlane');
  requireBoxWithin(box, plane, 'a crop');
  const [x1, y1, x2, y2] = box;
  const [width, height] = [x2 - x1, y2 - y1];
  const data = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const start = (y1 + y) * plane.width + x1;
    data.set(plane.data.subarray(start, start + width), y * width);
  }
  return { width, height, data };
}

/** Throws option-invalid where a box is not of whole pixels or reaches beyond the image. */
export function requireBoxWithin(
  box: BoxPx,
  { width, height }: { readonly width: number; readonly height: number },
  what: string,
): void {
  const [x1, y1, x2, y2] = box;
  const inside = box.every(Number.isInteger) && x1 >= 0 && y1 >= 0 && x1 < x2 && y1 < y2 && x2 <= width && y2 <= height;
  if (inside) return;
  throw new ImagingError(
    'option-invalid',
    `${what} must be a box of whole pixels in ${width} x ${height}, got ${box.join(', ')}`,
  );
}

/** A window of a size at a place that may reach beyond the image; what lies outside is `fill`. */
export function windowPlane(plane: Plane, x: number, y: number, width: number, height: number, fill = 0): Plane {
  requirePlane(plane, 'windowPlane');
  const data = new Float32Array(width * height).fill(fill);
  const [left, right] = [Math.max(0, -x), Math.min(width, plane.width - x)];
  for (let row = Math.max(0, -y); row < Math.min(height, plane.height - y) && right > left; row++) {
    const start = (y + row) * plane.width + x;
    data.set(plane.data.subarray(start + left, start + right), row * width + left);
  }
  return { width, height, data };
}

/** A box grown by a margin on all sides, within width x height. */
export function growBox([x1, y1, x2, y2]: BoxPx, marginPx: number, width: number, height: number): BoxPx {
  return [
    Math.max(0, x1 - marginPx),
    Math.max(0, y1 - marginPx),
    Math.min(width, x2 + marginPx),
    Math.min(height, y2 + marginPx),
  ];
}
