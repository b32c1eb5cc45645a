import type { BoxPx } from '../manifest-row.ts';
import { inverseOrientation, type Orientation, orientBox, orientedSize } from '../orientation/orientation.ts';

/** How a prepared image lies on the stored one: oriented, cropped, resampled, in that order. */
export interface Placement {
  /** Of the stored image. */
  readonly width: number;
  readonly height: number;
  readonly orientation: Orientation;
  /** In the oriented image. */
  readonly cropPx: BoxPx;
  /** Of the prepared image. */
  readonly outWidth: number;
  readonly outHeight: number;
}

/** A box of the stored image on the prepared one; it may reach beyond it. */
export function boxOnPrepared(box: BoxPx, placement: Placement): BoxPx {
  const { width, height, orientation, cropPx, outWidth, outHeight } = placement;
  const [x1, y1, x2, y2] = orientBox(box, width, height, orientation);
  const [scaleX, scaleY] = [outWidth / (cropPx[2] - cropPx[0]), outHeight / (cropPx[3] - cropPx[1])];
  return [(x1 - cropPx[0]) * scaleX, (y1 - cropPx[1]) * scaleY, (x2 - cropPx[0]) * scaleX, (y2 - cropPx[1]) * scaleY];
}

/** A box of the prepared image on the stored one: a finding back where the hospital's viewer shows it. */
export function boxOnStored([x1, y1, x2, y2]: BoxPx, placement: Placement): BoxPx {
  const { orientation, cropPx, outWidth, outHeight } = placement;
  const size = orientedSize(placement, orientation);
  const [scaleX, scaleY] = [(cropPx[2] - cropPx[0]) / outWidth, (cropPx[3] - cropPx[1]) / outHeight];
  const oriented: BoxPx = [
    x1 * scaleX + cropPx[0],
    y1 * scaleY + cropPx[1],
    x2 * scaleX + cropPx[0],
    y2 * scaleY + cropPx[1],
  ];
  return orientBox(oriented, size.width, size.height, inverseOrientation(orientation));
}
